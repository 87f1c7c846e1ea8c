"""Staff accounts (工作人员账号), their roles and areas."""
