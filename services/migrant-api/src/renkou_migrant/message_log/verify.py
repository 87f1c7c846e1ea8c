"""Verifies an exported message log without the node: ``python -m renkou_migrant.message_log.verify FILE...``

The files are pages of ``GET /message-log`` in order. Ends with 0 where the chain is whole, with 1 and a line
that says what is wrong where it is not. Compare the last hash with one noted earlier or at the partner's.
"""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from renkou_migrant.message_log.domain import Entry, Link, first_fault


def read_links(pages: list[dict[str, Any]]) -> Iterator[Link]:
    """Yield the links of exported pages."""
    for page in pages:
        for item in page["items"]:
            entry = Entry(
                at=datetime.fromisoformat(item["at"]),
                direction=item["direction"],
                partner=item["partner"],
                message_id=UUID(item["message_id"]),
                kind=item["kind"],
                pair_seq=item["pair_seq"],
                outcome=item["outcome"],
                digest=item["digest"],
                kid=item["kid"],
                signature=item["signature"],
            )
            yield Link(item["position"], entry, bytes.fromhex(item["previous"]), bytes.fromhex(item["hash"]))


def main(paths: list[str]) -> int:
    """Command line entry; returns the exit status."""
    links = list(read_links([json.loads(Path(path).read_text()) for path in paths]))
    fault = first_fault(links)
    if fault is not None:
        print(fault)
        return 1
    print(f"{len(links)} entries, last hash {links[-1].hash.hex() if links else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
