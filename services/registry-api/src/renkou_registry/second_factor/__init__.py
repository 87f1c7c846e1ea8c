"""Second factor (二次验证): codes of an authenticator program (TOTP, RFC 6238) and one-time recovery codes."""
