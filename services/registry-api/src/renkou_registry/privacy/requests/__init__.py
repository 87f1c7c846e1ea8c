"""What a person asks of the office about the own data (个人信息权利申请), decided by staff before a day."""
