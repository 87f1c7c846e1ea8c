"""Workbooks written for staff: no text in them becomes a formula, a link or a number."""

from io import BytesIO

import xlsxwriter
from xlsxwriter.workbook import Workbook as Writer


def writer(target: BytesIO) -> Writer:
    """Return a workbook that is written to ``target`` when it is closed.

    It is made in memory: a service's container has no writable folder.
    """
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    return xlsxwriter.Workbook(target, options)
