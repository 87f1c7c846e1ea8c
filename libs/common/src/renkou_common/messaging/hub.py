"""How a district is addressed at the hub: subjects, its stream and its durables.

The inboxes of all districts are spread over a fixed number of streams, so that no stream carries a whole
country. Everybody works a district's stream out from its code; nothing has to be looked up.
"""

from zlib import crc32

SHARDS = 16
"""Streams over which inboxes are spread. Another number would be another version of the exchange."""
PUBLIC_STREAM = "PUBLIC"


def shard(district: str) -> str:
    """The two digits of a district's stream: CRC-32 (ISO-HDLC) of the six digits of its code, modulo 16."""
    return f"{crc32(district.encode('ascii')) % SHARDS:02d}"


def inbox_stream(district: str) -> str:
    """The stream that holds what is sent to a district."""
    return f"EXCHANGE_{shard(district)}"


def inbox_durable(district: str) -> str:
    """The durable from which a district, and nobody else, reads what is sent to it."""
    return f"in-{district}"


def inbox_subject(receiver: str, sender: str) -> str:
    """The subject of a message; the hub lets a district publish only with its own code at the end."""
    return f"in.{receiver}.{sender}"


def public_durable(district: str) -> str:
    """The durable from which a district reads what others publish for everybody."""
    return f"public-{district}"


def reply_prefix(district: str) -> str:
    """The prefix of the reply subjects that only this district may listen to."""
    return f"_INBOX_{district}"
