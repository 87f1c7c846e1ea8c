"""Statements and agreements of one year (年度责任书, 协议), as employers and rented houses have them."""
