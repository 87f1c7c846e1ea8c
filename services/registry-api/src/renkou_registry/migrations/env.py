"""Alembic's environment of registry-api."""

from renkou_common.migration import run_environment
from renkou_registry.metadata import metadata

run_environment(metadata)
