"""Purposes of processing (处理目的) and the legal basis of each, as data; what leaves is checked against them."""
