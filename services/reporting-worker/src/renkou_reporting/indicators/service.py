"""The definitions in force: read once from the file beside this module."""

import tomllib
from functools import cache
from pathlib import Path

from renkou_reporting.indicators.domain import Catalogue, parse_catalogue

DEFINITIONS_FILE = Path(__file__).parent / "definitions.toml"


@cache
def catalogue() -> Catalogue:
    """Return the checked definitions; raises pydantic's ValidationError for a file that is wrong."""
    return parse_catalogue(tomllib.loads(DEFINITIONS_FILE.read_text(encoding="utf-8")))
