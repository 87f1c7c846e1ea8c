"""What persons have decided about their data (限制处理、撤回同意、删除), as the register tells it."""
