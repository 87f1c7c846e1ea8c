"""A district's processes can be sent to a server by another port, such as that of a proxy."""

from pathlib import Path

from renkou_local.databases import DatabaseAccess
from renkou_local.ports import LOOPBACK
from renkou_local.stack import Stack


def test_what_stands_between_is_asked_instead_of_the_server_and_others_go_straight(tmp_path: Path) -> None:
    ports = {"postgres": 1, "nats": 2, "hub": 3, "nats_monitor": 4, "hub_monitor": 5}
    stack = Stack(
        tmp_path,
        ["340103", "310115"],
        fixed_ports=ports,
        reached={"340103": {"postgres": 11, "hub": 13}},
        settings={"ACCESS_TOKEN_SECONDS": "60"},
    )
    configs = {config.district: config for config in stack._configure()}
    access = {
        service: DatabaseAccess(service, f"{LOOPBACK}:1", "owner", "", "app", "")
        for service in ("registry", "migrant", "reporting")
    }

    def environment(district: str) -> dict[str, str]:
        databases = stack._databases(district, access)
        (spec,) = [
            spec
            for spec in configs[district].processes(databases, stack._brokers(district), "main")
            if "migrant" in spec.name
        ]
        return dict(spec.env)

    through, straight = environment("340103"), environment("310115")
    names = ("RENKOU_DATABASE_URL", "RENKOU_NATS_URL", "RENKOU_HUB_URL")
    assert [through[name].rsplit(":")[-1].split("/")[0] for name in names] == ["11", "2", "13"]
    assert [straight[name].rsplit(":")[-1].split("/")[0] for name in names] == ["1", "2", "3"]
    assert through["RENKOU_ACCESS_TOKEN_SECONDS"] == straight["RENKOU_ACCESS_TOKEN_SECONDS"] == "60"
