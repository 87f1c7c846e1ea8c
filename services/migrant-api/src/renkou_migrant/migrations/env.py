"""Alembic environment; see ``renkou_common.migration``."""

from renkou_common.migration import run_environment
from renkou_migrant.metadata import metadata

run_environment(metadata)
