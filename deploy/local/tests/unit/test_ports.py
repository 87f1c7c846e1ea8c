"""Ports are free, distinct, and the same in the next run where they still can be."""

import socket
from pathlib import Path

import pytest

from renkou_local.ports import LOOPBACK, PortBook, free_port, is_free


def test_a_port_stays_the_same_between_runs(tmp_path: Path) -> None:
    first = PortBook(tmp_path / "ports.json").port("340103.registry")
    assert PortBook(tmp_path / "ports.json").port("340103.registry") == first


def test_a_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    first = PortBook(tmp_path / "ports.json").port("nats")
    with socket.create_server((LOOPBACK, first)):
        assert not is_free(first)
        assert PortBook(tmp_path / "ports.json").port("nats") != first


def test_names_get_ports_of_their_own(tmp_path: Path) -> None:
    book = PortBook(tmp_path / "ports.json")
    assert len({book.port(str(number)) for number in range(50)}) == 50


def test_a_fixed_port_wins_or_is_refused(tmp_path: Path) -> None:
    wanted = free_port()
    assert PortBook(tmp_path / "ports.json", {"nats": wanted}).port("nats") == wanted
    with socket.create_server((LOOPBACK, wanted)), pytest.raises(OSError, match="taken"):
        PortBook(tmp_path / "ports.json", {"nats": wanted}).port("nats")


def test_no_two_who_ask_in_a_row_get_the_same_port() -> None:
    assert len({free_port() for _ in range(900)}) == 900
