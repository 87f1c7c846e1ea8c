"""`make bench-hub HUB_DISTRICTS=3000 MESSAGES=1000000`: a hub on one machine with that many simulated districts.

Starts a real hub in operator mode, admits the districts, declares their durables, connects all of them, exchanges
messages (each notice is answered with a receipt), and starts the hub again with what it then has. Writes
build/bench-hub.json and build/bench-hub.svg. Ends with 1 where a message was lost, doubled or refused.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from tests.bench.hub.picture import picture
from tests.bench.hub.trial import PACED_RATE, run, write

BUILD = Path("build")


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--districts", type=int, default=3000)
    parser.add_argument("--messages", type=int, default=1_000_000, help="notices and receipts together")
    parser.add_argument(
        "--in-flight", type=int, default=1000, help="messages on their way to the hub at once"
    )
    parser.add_argument(
        "--paced-seconds", type=int, default=20, help=f"first, {PACED_RATE} messages a second"
    )
    given = parser.parse_args()
    found = asyncio.run(
        run(
            given.districts,
            given.messages,
            BUILD / "hub",
            in_flight=given.in_flight,
            paced_seconds=given.paced_seconds,
            say=lambda text: print(text, flush=True),
        )
    )
    write(found, BUILD / "bench-hub.json")
    (BUILD / "bench-hub.svg").write_text(picture(found), encoding="utf-8")
    print(f"{BUILD / 'bench-hub.json'} and {BUILD / 'bench-hub.svg'} are written")
    sys.exit(0 if found.whole else 1)


if __name__ == "__main__":
    main()
