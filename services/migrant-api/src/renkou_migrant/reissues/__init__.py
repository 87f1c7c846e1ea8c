"""Issuing anew, in bulk, what a compromised key signed (密钥泄露后的批量换发)."""
