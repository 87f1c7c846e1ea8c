"""Two districts and a hub as real processes, one small journey walked; shared by all end-to-end tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from renkou_local.stack import Stack
from tests.e2e.demo import nodes_of
from tests.e2e.journey import HOME, RESIDENCE, Journey, Size
from tests.e2e.register.support import Walk

SEED = 7


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client for all callers."""
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=40)) as client:
        yield client


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A hub with two district nodes."""
    folder = tmp_path_factory.mktemp("stack")
    async with Stack(folder, [HOME, RESIDENCE], demo_clock=True, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
async def journey(stack: Stack, http: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory) -> Journey:
    """The whole journey, small."""
    folder: Path = tmp_path_factory.mktemp("journey")
    walked = Journey(http, nodes_of(stack), folder, SEED, Size(home=2500, residence=900, leaving=72))
    await walked.walk()
    return walked


@pytest.fixture(scope="session")
async def walk(http: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walk]:
    """One district's office at work on servers of its own; two copies of the reporting worker share its figures."""
    folder = tmp_path_factory.mktemp("register")
    async with Stack(folder, [HOME], demo_clock=True, durable=False, figure_copies=2) as running:
        office = Walk(http, running)
        await office.open()
        yield office
