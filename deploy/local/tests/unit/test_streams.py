"""What streams.json declares."""

from renkou_local.streams import in_nanoseconds, wanted


def test_durations_become_nanoseconds() -> None:
    assert in_nanoseconds({"max_age": "30d", "ack_wait": "30s", "name": "30d"}) == {
        "max_age": 2_592_000_000_000_000,
        "ack_wait": 30_000_000_000,
        "name": "30d",
    }


def test_each_consumer_of_a_node_has_its_durable() -> None:
    declared = {
        stream["name"]: [d["durable_name"] for d in durables] for stream, durables in wanted("node", ())
    }
    assert declared == {
        "REGISTRY": ["migrant-registry", "reporting-registry"],
        "MIGRANT": ["registry-migrant", "reporting-migrant"],
    }


def test_each_district_has_its_durables_at_the_hub() -> None:
    declared = {
        stream["name"]: [(d["durable_name"], d["filter_subject"]) for d in durables]
        for stream, durables in wanted("hub", ("340103", "310115"))
    }
    assert declared == {
        "EXCHANGE": [("in-340103", "in.340103.*"), ("in-310115", "in.310115.*")],
        "PUBLIC": [("public-340103", "public.>"), ("public-310115", "public.>")],
    }


def test_event_streams_keep_what_they_have() -> None:
    for stream, _ in wanted("node", ()):
        assert stream["deny_delete"]
        assert stream["deny_purge"]
        assert stream["allow_atomic"]
        assert (stream["retention"], stream["discard"]) == ("limits", "new")
