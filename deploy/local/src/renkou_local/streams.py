"""Declares streams and durables from `deploy/nats/streams.json`. Run again at any time; nothing is ever
removed.

    python -m renkou_local.streams --url nats://host:4222 --seed-file F --scope node
    python -m renkou_local.streams --url nats://host:4222 --seed-file F --token-file T --scope hub \\
        --districts 340103,310115

A stream that exists is updated to what is declared, and keeps its subjects; a durable that is missing (a new
district, a wiped store) is made and then reads from the beginning. `{district}` and `{shard}` in the file
stand for a member's code and the number of its stream (renkou_common.messaging.hub): a stream with `{shard}`
in its name is declared for each number that has members, with a subject for each of them. Durations are 30d,
2m, 30s. The requests go to JetStream's own API as JSON, so that every field of the server can be declared,
whatever the client library knows.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import nats
from nats.aio.client import Client

from renkou_common.messaging import hub
from renkou_common.messaging.nats_client import tls_options
from renkou_local import secret_files
from renkou_local.layout import STREAMS_FILE
from renkou_local.nats_config import replies

Scope = Literal["node", "hub"]
Config = dict[str, Any]
DURATION = re.compile(r"(\d+)([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
STREAM_NOT_FOUND = 10059
AT_ONCE = 32  # requests side by side


class JetStreamError(RuntimeError):
    """JetStream refused a request; `code` is its err_code."""

    def __init__(self, subject: str, error: Config) -> None:
        super().__init__(f"{subject}: {error.get('description')} ({error.get('err_code')})")
        self.code = error.get("err_code")


async def declare(
    url: str,
    seed_file: Path,
    scope: Scope,
    districts: Sequence[str] = (),
    *,
    token_file: Path | None = None,
    ca_file: Path | None = None,
    file: Path = STREAMS_FILE,
) -> list[str]:
    """Declare the streams of a scope; returns their names. Raises JetStreamError where the server refuses."""
    entries = wanted(scope, districts, file)
    identity: dict[str, Any] = (
        {"user_credentials": (str(token_file), str(seed_file))}
        if token_file
        else {"nkeys_seed_str": secret_files.read(seed_file), "inbox_prefix": replies("operator")}
    )
    client = await nats.connect(url, max_reconnect_attempts=3, **identity, **tls_options(ca_file))
    try:
        turn = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(_declare_all(client, turn, *entry) for entry in entries))
    finally:
        await client.close()
    return [stream["name"] for stream, _ in entries]


def wanted(
    scope: Scope, districts: Sequence[str], file: Path = STREAMS_FILE
) -> list[tuple[Config, list[Config]]]:
    """Each stream of a scope with its durables, in the form of JetStream's API."""
    entries = []
    for pattern in json.loads(file.read_text())[scope]:
        for number, members in _shards(pattern["name"], districts).items():
            stream = {key: _filled(value, shard=number) for key, value in pattern.items()}
            durables = stream.pop("durables", [])
            for durable in stream.pop("durables_per_district", []):
                durables += [
                    {key: _filled(value, district=each) for key, value in durable.items()} for each in members
                ]
            for subject in stream.pop("subjects_per_district", []):
                stream.setdefault("subjects", [])
                stream["subjects"] += [_filled(subject, district=each) for each in members]
            entries.append((in_nanoseconds(stream), [in_nanoseconds(durable) for durable in durables]))
    return entries


def _shards(name: str, districts: Sequence[str]) -> dict[str, list[str]]:
    """Members by the number of their stream; all together for a stream that is not spread."""
    members: dict[str, list[str]] = {} if "{shard}" in name else {"": list(districts)}
    if not members:
        for district in sorted(districts):
            members.setdefault(hub.shard(district), []).append(district)
    return dict(sorted(members.items()))


def _filled(value: Any, **names: str) -> Any:
    if isinstance(value, str):
        for name, filling in names.items():
            value = value.replace(f"{{{name}}}", filling)
    return value


async def _declare_stream(client: Client, stream: Config) -> None:
    name = stream["name"]
    try:
        existing = (await request(client, f"$JS.API.STREAM.INFO.{name}", {}))["config"]
    except JetStreamError as error:
        if error.code != STREAM_NOT_FOUND:
            raise
        await request(client, f"$JS.API.STREAM.CREATE.{name}", stream)
        # Where a damaged description of the stream lies in the store, creating it leaves that file as it is, and the
        # next start would leave the stream out once more; an update writes it anew.
        await request(client, f"$JS.API.STREAM.UPDATE.{name}", stream)
        return
    known = existing | {"subjects": sorted(existing["subjects"])}
    changed = existing | stream | {"subjects": sorted({*existing["subjects"], *stream["subjects"]})}
    if changed != known:
        await request(client, f"$JS.API.STREAM.UPDATE.{name}", changed)


async def _declare_all(
    client: Client, turn: asyncio.Semaphore, stream: Config, durables: Sequence[Config]
) -> None:
    async def one(durable: Config) -> None:
        async with turn:
            await _declare_durable(client, stream["name"], durable)

    async with turn:
        await _declare_stream(client, stream)
    await asyncio.gather(*map(one, durables))


async def _declare_durable(client: Client, stream: str, durable: Config) -> None:
    subject = f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{durable['durable_name']}"
    for _ in range(2):  # the second time mends a damaged description, as for streams
        await request(client, subject, {"stream_name": stream, "config": durable})


async def request(client: Client, subject: str, body: Config) -> Config:
    """One request to JetStream's API. Raises JetStreamError when the answer carries an error."""
    answer = await client.request(subject, json.dumps(body).encode() if body else b"", timeout=30)
    result: Config = json.loads(answer.data)
    if "error" in result:
        raise JetStreamError(subject, result["error"])
    return result


def in_nanoseconds(value: Config) -> Config:
    """The same with durations such as `30d` as nanoseconds, as JetStream's API wants them."""
    durations = ("max_age", "duplicate_window", "ack_wait")
    return {key: _nanoseconds(item) if key in durations else item for key, item in value.items()}


def _nanoseconds(text: str) -> int:
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a duration: {text}")
    return int(match[1]) * SECONDS[match[2]] * 1_000_000_000


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--seed-file", required=True, type=Path, help="seed of the operator user")
    parser.add_argument("--scope", required=True, choices=("node", "hub"))
    parser.add_argument("--districts", default="", help="hub: districts with durables, separated by commas")
    parser.add_argument("--token-file", type=Path, help="hub: token of that user")
    parser.add_argument("--ca-file", type=Path, help="authority of a server with TLS")
    given = parser.parse_args()
    districts = [district for district in given.districts.split(",") if district]
    files = {"token_file": given.token_file, "ca_file": given.ca_file}
    declaring = declare(given.url, given.seed_file, given.scope, districts, **files)
    print("declared", ", ".join(asyncio.run(declaring)))


if __name__ == "__main__":
    main()
