"""The record of sign-ins (登录记录): who, when, from where, with what outcome; only the auditor reads it."""
