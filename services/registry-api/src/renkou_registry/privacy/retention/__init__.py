"""Retention (保存期限): how long each kind of record is kept, what is deleted when its time is over, and holds."""
