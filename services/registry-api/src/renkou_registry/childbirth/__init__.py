"""Childbirth registration (生育登记): a record, open to everyone, at either address."""
