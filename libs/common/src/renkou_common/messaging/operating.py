"""The operator's command for held events (留置事件): what waits, why, and once more.

A service offers it as ``python -m <package>.held list`` and ``python -m <package>.held replay FEED SEQ``.
"""

import argparse
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from renkou_common.database import Database, Transaction
from renkou_common.errors import NotFound
from renkou_common.messaging.inbox import Apply, Replay, held_events, replay_held
from renkou_common.scope import AreaScope

type Replayer = Callable[[Transaction, str, int, Apply], Awaitable[Replay]]
type Opened = AbstractAsyncContextManager[tuple[Database, Mapping[str, Apply]]]


async def _list(database: Database) -> int:
    async with database.transaction(AreaScope.everything(), read_only=True) as tx:
        for held in await held_events(tx):
            place = f"{held['feed']} {held['seq']} {held['state']}"
            print(f"{place} {held['type']} {held['subject']}: {held['reason']}")
    return 0


async def _replay(database: Database, apply: Apply, replay: Replayer, feed: str, seq: int) -> int:
    async with database.transaction(AreaScope.everything()) as tx:
        try:
            done = await replay(tx, feed, seq, apply)
        except NotFound:
            print(f"{feed} {seq} is not held")
            return 2
    print(f"applied {done.applied}, still held {done.remaining}{f': {done.reason}' if done.reason else ''}")
    return 0 if done.remaining == 0 else 1


async def _run(opened: Opened, options: argparse.Namespace, replay: Replayer) -> int:
    async with opened as (database, applies):
        if options.command == "list":
            return await _list(database)
        if options.feed not in applies:
            print(f"no such feed: {options.feed}; there are {', '.join(applies)}")
            return 2
        return await _replay(database, applies[options.feed], replay, options.feed, options.seq)


async def operate(
    opened: Opened, arguments: Sequence[str] | None = None, *, replay: Replayer = replay_held
) -> int:
    """Run the command and return its exit status: 0 done, 1 something is still held, 2 wrong arguments.

    ``opened`` connects the service's database and gives for each feed the function that applies its events;
    ``replay`` applies what is held, where a service in several copies has a way of its own.
    """
    parser = argparse.ArgumentParser(description="events that could not be applied, and applying them again")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="held events with their reasons")
    again = commands.add_parser("replay", help="apply the held events of one event's subject, in order")
    again.add_argument("feed")
    again.add_argument("seq", type=int)
    return await _run(opened, parser.parse_args(arguments), replay)
