"""The list of everything that the product is made of, as CycloneDX JSON: one file for Python, one for each npm lock.

    python -m renkou_local.bill_of_materials build

Python's is written by cyclonedx-py from `requirements.lock`, hashes included; npm's from the lock files. Asks nobody.
"""

import argparse
import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from renkou_local.layout import REPOSITORY

NPM_LOCKS = ("tests/interop", "partner-kit/example-node")


def npm_document(lock: dict[str, Any]) -> dict[str, Any]:
    """Return the bill of materials of an npm lock file (version 2 or 3)."""
    components = []
    for path, package in sorted(lock["packages"].items()):
        if not path or package.get("link"):
            continue
        name = path.rpartition("node_modules/")[2]
        component: dict[str, Any] = {
            "type": "library",
            "name": name,
            "version": package["version"],
            "purl": f"pkg:npm/{name.replace('@', '%40')}@{package['version']}",
        }
        algorithm, _, digest = package.get("integrity", "").partition("-")
        if digest:
            content = base64.b64decode(digest.split()[0]).hex()
            component["hashes"] = [{"alg": algorithm.upper().replace("SHA", "SHA-"), "content": content}]
        if "license" in package:
            component["licenses"] = [{"license": {"name": package["license"]}}]
        components.append(component)
    about = {"type": "application", "name": lock["name"], "version": str(lock.get("version", "0"))}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": about},
        "components": components,
    }


def write(out: Path) -> list[Path]:
    """Write every bill of materials into a folder and return the files."""
    out.mkdir(parents=True, exist_ok=True)
    python = out / "sbom-python.json"
    argv = [sys.executable, "-m", "cyclonedx_py", "requirements", str(REPOSITORY / "requirements.lock")]
    argv += ["--pyproject", str(REPOSITORY / "pyproject.toml"), "--output-reproducible", "--validate"]
    subprocess.run([*argv, "--output-file", str(python)], check=True)  # noqa: S603 - our own files
    written = [python]
    for folder in NPM_LOCKS:
        lock = json.loads((REPOSITORY / folder / "package-lock.json").read_text(encoding="utf-8"))
        path = out / f"sbom-{folder.replace('/', '-')}.json"
        path.write_text(json.dumps(npm_document(lock), indent=1) + "\n", encoding="utf-8")
        written.append(path)
    return written


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    for path in write(parser.parse_args().out):
        components = json.loads(path.read_text(encoding="utf-8"))["components"]
        print(f"{path}: {len(components)} components")


if __name__ == "__main__":
    main()
