"""The message log (消息日志): every message and receipt in an append-only chain of hashes; its verifier."""
