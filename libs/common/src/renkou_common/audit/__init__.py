"""The audit log (审计日志): who read or changed what of whom, what for and from where; sealed in a chain of hashes."""
