"""Who of the level above may read the feed: whoever shows the secret that the district gave out."""

import hmac
from pathlib import Path

from renkou_common.settings import read_secret


def may_read_feed(secret_file: Path | None, authorization: str | None) -> bool:
    """Say whether an Authorization header carries the secret; never where none is set."""
    scheme, _, token = (authorization or "").partition(" ")
    if secret_file is None or scheme.lower() != "bearer" or not token:
        return False
    return hmac.compare_digest(token.strip().encode(), read_secret(secret_file).encode())
