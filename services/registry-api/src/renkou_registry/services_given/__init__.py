"""Services given (服务记录): free services at the present address."""
