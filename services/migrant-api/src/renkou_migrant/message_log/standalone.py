"""Packs the verifier into one file that runs without the node: ``python -m renkou_migrant.message_log.standalone OUT``.

``python OUT evidence --anchor anchor.jwk evidence.json`` then needs Python 3.13 with cryptography and orjson only.
"""

import sys
import zipfile
from pathlib import Path

import renkou_common

PACKAGE = Path(__file__).parents[1]
FILES = [
    "__init__.py",
    "credentials/__init__.py",
    "credentials/jws.py",
    "credentials/reasons.py",
    "credentials/trust.py",
    "message_log/__init__.py",
    "message_log/domain.py",
    "message_log/verify.py",
    "partners/__init__.py",
    "partners/description.py",
    *sorted(str(path.relative_to(PACKAGE)) for path in (PACKAGE / "message_log/proof").glob("*.py")),
]
COMMON = Path(renkou_common.__file__).parent
COMMON_FILES = [
    "__init__.py",
    *(f"audit/{name}.py" for name in ("__init__", "chain", "entries", "merkle", "root", "verify")),
]
_START = "import sys\n\nfrom renkou_migrant.message_log.verify import main\n\nsys.exit(main())\n"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def pack(out: Path) -> None:
    """Write the file; the same sources make the same bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for package, names in ((PACKAGE, FILES), (COMMON, COMMON_FILES)):
            for name in names:
                content = (package / name).read_text("utf-8")
                packed.writestr(zipfile.ZipInfo(f"{package.name}/{name}", _LONG_AGO), content)
        packed.writestr(zipfile.ZipInfo("__main__.py", _LONG_AGO), _START)


if __name__ == "__main__":
    pack(Path(sys.argv[1]))
