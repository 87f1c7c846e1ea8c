"""HTTP of the audit log: searching, roots, the export that is verified without the node, as at each service."""

from renkou_common.audit.routes import AuditLog, router

__all__ = ["AuditLog", "router"]
