"""People as a fixture."""

import pytest

from ...support import Registry
from ..people.people import People, PeopleOf


@pytest.fixture
def people_of(registry: Registry) -> PeopleOf:
    """`people_of(clerk)` enters people as that clerk."""
    return lambda caller: People(caller, registry.runtime)
