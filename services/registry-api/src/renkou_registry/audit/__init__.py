"""The audit log here (审计日志): which tables it covers, what readings show and what they are for."""
