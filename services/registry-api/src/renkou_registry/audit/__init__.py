"""The auditor's side of the audit log (审计日志): searching, roots, the export that is verified without the node."""
