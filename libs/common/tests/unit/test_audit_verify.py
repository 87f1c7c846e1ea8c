"""An exported audit log proves itself: whatever is done to an entry, a root or the end of the file is found."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.audit import merkle
from renkou_common.audit.chain import GENESIS, follow
from renkou_common.audit.entries import Entry
from renkou_common.audit.root import AuditKey, Root, RootKeys, _encoded, digest_of
from renkou_common.audit.verify import FORMAT, Flaw, NotProved, main, verify

LOG = "340103/registry-api"
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
type Lines = list[dict[str, Any]]


def key(seed: int) -> AuditKey:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    x = _encoded(private.public_key().public_bytes_raw())
    return AuditKey({"kty": "OKP", "crv": "Ed25519", "x": x, "d": _encoded(bytes([seed]) * 32)})


KEY, OTHER_KEY = key(1), key(2)
KEYS = RootKeys.of({"keys": [KEY.public]})


def entry(number: int) -> Entry:
    return Entry(
        id=number * 3,
        at=NINE + timedelta(minutes=number),
        actor_id=UUID(int=number % 4),
        actor_kind="staff",
        actor_name=f"clerk\n{number}\\",
        acting_for=None,
        session=None,
        address="10.0.0.8",
        agent="a browser",
        trace_id=f"{number:032x}",
        purpose="visit" if number % 2 else None,
        reason=None,
        action="read",
        what="card",
        person_ids=(UUID(int=number), UUID(int=number + 1)),
        record_id=None,
        version=None,
        records=1,
        fields=("phone", "name"),
    )


def exported(entries: Sequence[Entry], ends: Sequence[int], signing: AuditKey = KEY) -> Lines:
    """The export of a log whose roots end at these places."""
    links = follow(0, GENESIS, (each.hash() for each in entries))
    lines: Lines = [{"format": FORMAT, "log": LOG, "after": {"seq": 0, "chain": GENESIS.hex()}}]
    first, before = 1, None
    for link, each in zip(links, entries, strict=True):
        lines.append(
            {"seq": link.seq, "entry": each.members(), "hash": link.hash.hex(), "chain": link.chain.hex()}
        )
        if link.seq in ends:
            covered = [one.hash for one in links[first - 1 : link.seq]]
            root = Root(
                *(LOG, ends.index(link.seq) + 1, first, link.seq, link.chain, merkle.root(covered)),
                previous=digest_of(before) if before else None,
                at=NINE + timedelta(hours=link.seq),
            )
            before = signing.sign(root)
            lines.append({"root": before})
            first = link.seq + 1
    return [*lines, {"end": {"seq": links[-1].seq, "chain": links[-1].chain.hex()}}]


def checked(lines: Lines, noted: Sequence[str] = ()) -> None:
    verify((json.dumps(each).encode() for each in lines), KEYS, noted)


COUNT = 12
ENTRIES = [entry(number) for number in range(1, COUNT + 1)]
ENDS = [4, 5, COUNT]
HONEST = exported(ENTRIES, ENDS)
OF_ENTRY = [place for place, each in enumerate(HONEST) if "entry" in each]
ROOTS = [each["root"] for each in HONEST if "root" in each]
MEMBERS = sorted(HONEST[1]["entry"])


def test_an_honest_export_is_proved_and_so_is_what_was_kept_of_it() -> None:
    checked(HONEST, ROOTS)


def other(value: Any) -> Any:
    """A value of the same kind that is not the same."""
    if isinstance(value, list):
        return value[1:] if value else ["x"]
    if isinstance(value, int):
        return value + 1
    if value is None:
        return "x"
    return value[:-1] if len(value) < 20 else value[:-2] + ("1" if value[-2] != "1" else "2") + value[-1]


@given(st.sampled_from(OF_ENTRY), st.sampled_from(MEMBERS))
def test_a_changed_member_of_any_entry_is_found_at_its_place(place: int, member: str) -> None:
    lines = json.loads(json.dumps(HONEST))
    lines[place]["entry"][member] = other(lines[place]["entry"][member])
    with pytest.raises(NotProved) as refused:
        checked(lines)
    assert refused.value.flaw is Flaw.ENTRY_ALTERED
    assert refused.value.seq == HONEST[place]["seq"]
    assert f"首个不符的位置 first bad place: {refused.value.seq}" in refused.value.words


@given(st.integers(1, len(HONEST) - 1), st.data())
def test_a_line_removed_repeated_moved_or_cut_off_is_found(place: int, data: st.DataObject) -> None:
    def removed(lines: Lines) -> Lines:
        return lines[:place] + lines[place + 1 :]

    def repeated(lines: Lines) -> Lines:
        return lines[: place + 1] + lines[place:]

    def moved(lines: Lines) -> Lines:
        rest = removed(lines)
        to = data.draw(st.integers(1, len(rest)).filter(lambda each: each != place), "to")
        return [*rest[:to], lines[place], *rest[to:]]

    def cut_off(lines: Lines) -> Lines:
        return lines[:place]

    change = data.draw(st.sampled_from([removed, repeated, moved, cut_off]), "change")
    with pytest.raises(NotProved):
        checked(change(HONEST))


def without(number: int) -> list[Entry]:
    return [each for place, each in enumerate(ENTRIES, 1) if place != number]


def altered(number: int) -> list[Entry]:
    return [
        replace(each, person_ids=(UUID(int=99),)) if place == number else each
        for place, each in enumerate(ENTRIES, 1)
    ]


def swapped(number: int) -> list[Entry]:
    order = list(ENTRIES)
    order[number - 1], order[number % COUNT] = order[number % COUNT], order[number - 1]
    return order


def with_another(number: int) -> list[Entry]:
    return [*ENTRIES[: number - 1], replace(entry(number), id=1_000), *ENTRIES[number - 1 :]]


def ending(number: int) -> list[Entry]:
    return ENTRIES[:number] if number < COUNT else ENTRIES[:-1]


@given(st.integers(1, COUNT), st.sampled_from([without, altered, swapped, with_another, ending]))
def test_a_log_written_anew_by_its_keeper_is_found_by_a_root_kept_elsewhere(
    number: int, change: Callable[[int], list[Entry]]
) -> None:
    """Its keeper has the key, and makes every hash and root anew; a partner keeps the last root of the true log."""
    entries = change(number)
    anew = exported(entries, [each for each in ENDS if each < len(entries)] + [len(entries)])
    checked(anew)
    with pytest.raises(NotProved) as refused:
        checked(anew, [ROOTS[-1]])
    assert refused.value.flaw in (Flaw.LOG_CUT_OFF, Flaw.ROOT_DIFFERS)


def test_a_root_of_another_key_is_none() -> None:
    with pytest.raises(NotProved) as refused:
        checked(exported(ENTRIES, ENDS, OTHER_KEY))
    assert refused.value.flaw is Flaw.ROOT_UNSIGNED


def test_the_command_says_in_both_languages_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, good, bad, kept = (tmp_path / name for name in ("keys.json", "good.jsonl", "bad.jsonl", "root.jwt"))
    keys.write_text(json.dumps({"keys": [KEY.public]}))
    kept.write_text(ROOTS[0])
    good.write_text("\n".join(map(json.dumps, HONEST)))
    bad.write_text("\n".join(map(json.dumps, HONEST[:3] + HONEST[4:])))
    assert main(["--keys", str(keys), "--root", str(kept), str(good)]) == 0
    assert "成立 PROVED" in capsys.readouterr().out
    assert main(["--keys", str(keys), str(bad)]) == 1
    assert "首个不符的位置 first bad place: 3" in capsys.readouterr().out
    assert main(["--keys", str(keys), str(tmp_path / "none")]) == 2
