"""Digests over ranges of a feed, computed in SQL: two sides that hold the same events have the same digests.

A feed's numbers fall into blocks of 1,024: 1 to 1024, 1025 to 2048 and so on. The digest of a block is the SHA-256
of, for each event in the order of the numbers, eight bytes of number, sixteen of event id and thirty-two of content
hash; that of a range of blocks is the SHA-256 of the digests of those that hold any event, in their order.
"""

from pydantic import BaseModel, Field

from renkou_common.database import Transaction

BLOCK = 1024
MAX_NUMBERS = 1 << 20
"""Most numbers in one question: about a second of the database's work."""
MAX_PARTS = 64

_DIGESTS = """
SELECT (block - $3) * $4 / $5 AS part, sum(number)::bigint AS number,
    sha256(string_agg(digest, ''::bytea ORDER BY block)) AS digest
FROM (
    SELECT ({seq} - 1) / 1024 AS block, count(*) AS number,
        sha256(string_agg(int8send({seq}) || uuid_send(event_id) || content_hash, ''::bytea ORDER BY {seq}))
            AS digest
    FROM {table} WHERE {seq} BETWEEN $1 AND $2{where} GROUP BY 1
) AS blocks
GROUP BY 1 ORDER BY 1
"""
PUBLISHED = _DIGESTS.format(table="outbox", seq="feed_seq", where="")
"""Over what a service has published."""
TAKEN_IN = _DIGESTS.format(table="applied_event", seq="seq", where=" AND feed = $6")
"""Over what a service has taken in of the feed $6."""


class RangeDigest(BaseModel):
    """A range of numbers: how many events there are and the digest over them ('' where there is none)."""

    first: int
    last: int
    number: int
    digest: str = Field(description="SHA-256, hexadecimal")


class FeedDigest(BaseModel):
    """Digests of the parts of a range, each of whole blocks but for the ends of the range."""

    head: int = Field(description="the highest number given out so far")
    parts: list[RangeDigest]


def parts_of(first: int, last: int, parts: int) -> list[tuple[int, int]]:
    """Return the parts of a range of numbers, as many as asked for or as it has blocks."""
    first_block, blocks = _blocks(first, last)
    parts = min(parts, blocks)
    found = []
    for part in range(parts):
        # the first block whose share of all reaches this part, as the statement divides them
        begin, end = (first_block - (-each * blocks // parts) for each in (part, part + 1))
        found.append((max(first, begin * BLOCK + 1), min(last, end * BLOCK)))
    return found


async def read_digests(
    tx: Transaction, statement: str, first: int, last: int, parts: int, *feed: str
) -> list[RangeDigest]:
    """Return the digests of the parts of a range; ``statement`` is one of those above, ``feed`` what it takes."""
    first_block, blocks = _blocks(first, last)
    ranges = parts_of(first, last, parts)
    rows = await tx.fetch(statement, first, last, first_block, len(ranges), blocks, *feed)
    found = {row["part"]: (row["number"], row["digest"].hex()) for row in rows}
    return [
        RangeDigest(first=begin, last=end, number=number, digest=digest)
        for part, (begin, end) in enumerate(ranges)
        for number, digest in [found.get(part, (0, ""))]
    ]


def _blocks(first: int, last: int) -> tuple[int, int]:
    """Return the first block of a range and how many there are."""
    first_block = (first - 1) // BLOCK
    return first_block, (last - 1) // BLOCK - first_block + 1
