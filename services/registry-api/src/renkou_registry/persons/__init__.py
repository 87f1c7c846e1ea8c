"""Persons (人员): the record, its protected fields, look-ups and facts for certificates and notices."""
