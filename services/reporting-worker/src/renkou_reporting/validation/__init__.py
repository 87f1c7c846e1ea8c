"""Validation rules of returns (审核规则) as data: what must hold (hard), what needs explaining (soft)."""
