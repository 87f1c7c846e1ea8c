"""The verifier as somebody else runs it: one file, two libraries, no node."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from renkou_migrant.message_log.standalone import pack

from .world import ANCHOR, encoded, grown

WORLD = grown("nnrd")
_NEEDED = ("cryptography", "orjson", "_cffi_backend", "cffi")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier in one file, beside it only what it needs, and something to verify."""
    found = tmp_path_factory.mktemp("elsewhere")
    pack(found / "verify.pyz")
    packages = found / "packages"
    packages.mkdir()
    for name in _NEEDED:
        spec = find_spec(name)
        assert spec
        assert spec.origin
        origin = Path(spec.origin)
        installed = origin.parent if origin.name.startswith("__init__") else origin
        (packages / installed.name).symlink_to(installed)
    (found / "anchor.jwk").write_text(json.dumps(ANCHOR.public.to_jwk()))
    for name, district in (("residence", WORLD.residence), ("home", WORLD.home)):
        (found / f"{name}.jsonl").write_bytes(b"\n".join(encoded(district.export())))
    (found / "bundle.json").write_text(json.dumps(WORLD.residence.bundle(2, [4])))
    (found / "kept.jwt").write_text(WORLD.residence.checkpoints(5)[0])
    return found


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the file by an interpreter that has no other packages."""
    start = (
        "import runpy, sys; sys.path[:0] = ['packages']; sys.argv[:] = sys.argv[1:];"
        " runpy.run_path('verify.pyz', run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", start, "verify.pyz", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return ended.returncode, ended.stdout + ended.stderr


def test_evidence_is_verified_elsewhere(folder: Path) -> None:
    status, words = run(folder, "evidence", "--anchor", "anchor.jwk", "--content", "bundle.json")
    assert status == 0, words
    assert words.startswith("成立 PROVED")
    assert '"n": 1' in words


def test_a_log_is_verified_elsewhere_beside_the_partners(folder: Path) -> None:
    beside = ["--checkpoint", "kept.jwt", "--partner-log", "home.jsonl"]
    status, words = run(folder, "log", "--anchor", "anchor.jwk", *beside, "residence.jsonl")
    assert status == 0, words
    assert "agrees with the log of 340103: 2 messages" in words


def test_what_was_altered_ends_with_1_and_says_what(folder: Path) -> None:
    lines = (folder / "residence.jsonl").read_bytes().replace(b'"sealed"', b'"accepted"', 1)
    (folder / "altered.jsonl").write_bytes(lines)
    status, words = run(folder, "log", "--anchor", "anchor.jwk", "altered.jsonl")
    assert (status, words) == (
        1,
        "不成立 NOT PROVED [entry_altered] 日志条目被改动 An entry of the log was altered (2)\n",
    )


def test_files_that_cannot_be_used_end_with_2(folder: Path) -> None:
    assert run(folder, "log", "--anchor", "anchor.jwk", "nowhere.jsonl")[0] == 2
    assert run(folder, "evidence", "--anchor", "bundle.json", "bundle.json")[0] == 2
    assert run(folder, "evidence")[0] == 2
