"""Checks an exported document: ``python -m renkou_reporting.published verify FILE [--keys KEYS]``.

``KEYS`` is the JWK set of ``GET /published/keys``, got from the district by a way one trusts. Without it only the
document's own key is used: nobody changed the file, and the key's thumbprint is told, to be compared.
Ends with 0 for a good file, 1 for one that must not be believed, 2 for one that cannot be read.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import orjson

from renkou_reporting.published.signing import BadDocument, Signed, signer, verify


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(prog="renkou_reporting.published")
    commands = parser.add_subparsers(required=True)
    check = commands.add_parser("verify", help="check a signed document 验证签名文件")
    check.add_argument("file", type=Path)
    check.add_argument("--keys", type=Path, help="JWK set of the district")
    given = parser.parse_args(arguments)
    try:
        content = orjson.loads(given.file.read_bytes())
        keys = None if given.keys is None else orjson.loads(given.keys.read_bytes())
    except (OSError, ValueError) as error:
        print(f"无法读取 cannot be read: {error}", file=sys.stderr)
        return 2
    try:
        signed = Signed.from_json(content)
        found = verify(signed, keys)
        print(_report(found, signed, known=keys is not None))
    except BadDocument as error:
        print(f"签名无效 not good: {error}", file=sys.stderr)
        return 1
    return 0


def _report(content: dict[str, Any], signed: Signed, *, known: bool) -> str:
    signatures = ", ".join(f"{one['role']} {one['by']} {one['at']}" for one in content["signatures"])
    lines = [
        f"签名有效 good: {content['district']} {content['period']} v{content['version']}",
        f"sha256 {signed.hash.hex()}",
        f"key {signer(signed)}" + ("" if known else " (未核对 compare with the district's)"),
        f"signed by {signatures}",
        f"feeds {content['positions']}",
        f"{len(content['figures'])} figures, {len(content['differences'])} restated",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
