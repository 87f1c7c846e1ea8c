"""Keys of protected fields: made, looked at, changed and wrapped anew while the services run.

    python -m renkou_local.field_keys --secrets .local/340103/secrets status
    ... add data            a new version: readable everywhere, written by nobody yet
    ... activate data 2     a minute later: new values are written with it
    ... retire data 1 registry.json migrant.json
                            drop a version that nothing needs: the answers of GET /field-keys/use, minutes old at most
    ... rewrap              another master key, made here, in the place of the present one
    ... wrap                once: a file of old, whose keys stand in the clear, into an envelope

A district's two files: `field_keys.json`, which opens nothing by itself, and `field_master_key`. Each is replaced in
one step; services look at them every few seconds (RENKOU_FIELD_KEYS_CHECK_SECONDS).
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from renkou_common.field_keys import keyring
from renkou_common.field_keys.envelope import KeyFileError, MasterKey, master_keys_text, read_master_keys
from renkou_common.field_keys.files import keyring_text, read_keyring, replace_file
from renkou_common.field_keys.keyring import SETTLED, Keyring, Kind
from renkou_common.settings import read_json
from renkou_local import secret_files

KEYS = "field_keys.json"
MASTER = "field_master_key"
USERS = ("registry-api", "migrant-api")
"""Services that share the keys."""
LATELY = timedelta(minutes=10)


def keep_field_keys(folder: Path) -> None:
    """Make both files where there are none, and put a file of old into an envelope.

    Raises KeyFileError where the keys are there without their master key: a new one would open nothing.
    """
    keys, master = folder / KEYS, folder / MASTER
    if keys.exists() and not master.exists() and not keyring.is_plain(read_json(keys)):
        raise KeyFileError(f"{master} is missing: bring it back from where it is kept, no other opens {keys}")
    if not keys.exists():
        secret_files.keep(master, lambda: master_keys_text([MasterKey.new()]))
        _write(folder, Keyring.new(_now()), read_master_keys(master)[0])
    elif keyring.is_plain(read_json(keys)):
        wrap(folder)


def wrap(folder: Path) -> None:
    """Wrap the keys of a file of old by the folder's master key; raises KeyFileError where they are wrapped."""
    content = read_json(folder / KEYS)
    if not keyring.is_plain(content):
        raise KeyFileError(f"{folder / KEYS} is wrapped already")
    master = secret_files.keep(folder / MASTER, lambda: master_keys_text([MasterKey.new()]))
    _write(folder, keyring.from_plain(content, _now()), read_master_keys(master)[0])


def rewrap(folder: Path) -> None:
    """Wrap all keys by a new master key. Whenever it is cut off, the two files open each other; do it again then."""
    ring, new = _read(folder), MasterKey.new()
    replace_file(folder / MASTER, master_keys_text([new, *read_master_keys(folder / MASTER)]))
    _write(folder, ring, new)
    replace_file(folder / MASTER, master_keys_text([new]))


def add(folder: Path, kind: Kind) -> int:
    """Add a version that nobody writes with yet; returns its number."""
    ring, number = _read(folder).added(kind, _now())
    _write(folder, ring, _master(folder))
    return number


def activate(folder: Path, kind: Kind, version: int, *, settled: timedelta = SETTLED) -> None:
    """Have a version written with; raises KeyFileError while a service may not have read it."""
    _write(folder, _read(folder).activated(kind, version, _now(), settled), _master(folder))


def retire(
    folder: Path,
    kind: Kind,
    version: int,
    counts: Sequence[Mapping[str, Any]],
    *,
    settled: timedelta = SETTLED,
) -> None:
    """Drop a version. ``counts`` are the answers of `GET /field-keys/use` of every service that has the keys.

    Raises KeyFileError where a value still needs it, a service is missing, or a count is not of the last minutes.
    """
    now, ring = _now(), _read(folder)
    missing = [service for service in USERS if service not in {each["service"] for each in counts}]
    if missing:
        raise KeyFileError(f"no count of {', '.join(missing)}")
    for each in counts:
        counted = datetime.fromisoformat(each["counted_at"])
        if not max(ring.of(kind).since + settled, now - LATELY) <= counted <= now + settled:
            raise KeyFileError(f"{each['service']} counted at {counted:%H:%M:%S%z}: count again")
    used = [(each["service"], each[kind].get(str(version), 0)) for each in counts]
    _write(folder, ring.retired(kind, version, used, now, settled), _master(folder))


def status(folder: Path) -> str:
    """Return what the files hold, for people to read; no key is in it."""
    ring = _read(folder)
    lines = [f"master key {_master(folder).fingerprint}"]
    for kind in Kind:
        keys = ring.of(kind)
        for number, each in sorted(keys.versions.items()):
            use = (
                f"written with since {keys.since:%Y-%m-%d %H:%M:%S%z}"
                if number == keys.active
                else "read only"
            )
            lines.append(f"{kind:5} {number:3}  added {each.added:%Y-%m-%d %H:%M:%S%z}  {use}")
    return "\n".join(lines)


def _read(folder: Path) -> Keyring:
    return read_keyring(folder / KEYS, folder / MASTER)


def _master(folder: Path) -> MasterKey:
    """The master key by which the folder's keys are wrapped."""
    wrapped_by = read_json(folder / KEYS)["master"]
    return next(key for key in read_master_keys(folder / MASTER) if key.fingerprint == wrapped_by)


def _write(folder: Path, ring: Keyring, master: MasterKey) -> None:
    replace_file(folder / KEYS, keyring_text(keyring.wrapped(ring, master)))


def _now() -> datetime:
    return datetime.now(UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--secrets", required=True, type=Path, help="folder of the district's secret files")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="versions, since when, which is written with")
    commands.add_parser("wrap", help="put a file of old into an envelope")
    commands.add_parser("rewrap", help="make a new master key and wrap all keys by it")
    for name, said in (
        ("add", "add a version"),
        ("activate", "write with a version"),
        ("retire", "drop a version"),
    ):
        command = commands.add_parser(name, help=said)
        command.add_argument("kind", type=Kind, choices=list(Kind))
        if name != "add":
            command.add_argument("version", type=int)
        if name == "retire":
            command.add_argument("counts", nargs="+", type=Path, help="answers of GET /field-keys/use")
        if name == "activate":
            command.add_argument("--wait", action="store_true", help="until every service has read it")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    given = _parser().parse_args(arguments)
    folder: Path = given.secrets
    try:
        if given.command == "wrap":
            wrap(folder)
        elif given.command == "rewrap":
            rewrap(folder)
        elif given.command == "add":
            print(f"{given.kind} key {add(folder, given.kind)} added; activate it in a minute")
        elif given.command == "activate":
            if given.wait:
                time.sleep(_seconds_to_settle(folder, given.kind, given.version))
            activate(folder, given.kind, given.version)
        elif given.command == "retire":
            retire(folder, given.kind, given.version, [read_json(path) for path in given.counts])
            print(f"{given.kind} key {given.version} is gone; backups from before need the old {KEYS}")
        print(status(folder))
    except (OSError, ValueError, KeyError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _seconds_to_settle(folder: Path, kind: Kind, version: int) -> float:
    added = _read(folder).of(kind).versions.get(version)
    return max(0.0, (added.added + SETTLED - _now()).total_seconds()) if added else 0.0


if __name__ == "__main__":
    sys.exit(main())
