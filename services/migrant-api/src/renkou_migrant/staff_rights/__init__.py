"""Which roles staff accounts hold where, copied from registry-api's events (岗位授权副本)."""
