"""Imports of sheets (导入): resumable jobs with dry run, progress and a row-by-row error sheet, one way for
all registers.
"""
