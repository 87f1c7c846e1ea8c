"""Exports (导出: filtered lists as workbooks, streamed, masked, logged)."""
