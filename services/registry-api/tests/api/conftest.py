"""Rosters as a fixture."""

import pytest

from .rosters import HEADINGS, Rosters, person, sheet


@pytest.fixture
def rosters() -> Rosters:
    """What an import test needs."""
    return Rosters(person, sheet, HEADINGS)
