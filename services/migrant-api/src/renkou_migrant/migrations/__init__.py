"""Alembic scripts of migrant-api's database."""
