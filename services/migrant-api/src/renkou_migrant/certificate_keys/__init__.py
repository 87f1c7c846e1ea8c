"""Keys that sign certificates, and which of them are compromised (签发密钥)."""
