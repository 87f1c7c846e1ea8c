"""Free pre-pregnancy checks (免费孕前优生健康检查), per couple or one person alone; every finding sealed."""
