"""Signing in (登录): tokens, passwords, throttling and the keys others check tokens with."""
