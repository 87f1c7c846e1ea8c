"""The field's codes: areas, identity numbers, names, periods, code lists. Standard library only."""
