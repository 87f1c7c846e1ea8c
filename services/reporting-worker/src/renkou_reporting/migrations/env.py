"""Alembic's entry: everything is in the shared environment."""

from renkou_common.migration import run_environment
from renkou_reporting.metadata import metadata

run_environment(metadata)
