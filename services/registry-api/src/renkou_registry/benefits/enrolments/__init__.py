"""Enrolments (申报): application, three checks, public notice, payment, end."""
