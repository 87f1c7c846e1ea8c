"""Workbooks (电子表格): files of others opened in a process of their own, and files for staff written safely."""
