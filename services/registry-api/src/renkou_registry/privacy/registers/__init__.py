"""Registers of processing and of sharing (处理活动记录), made from the data; nothing in them is typed by hand."""
