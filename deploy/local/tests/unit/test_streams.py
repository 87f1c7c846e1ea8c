"""What streams.json declares."""

from renkou_common.messaging.hub import SHARDS, inbox_stream, shard
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
        inbox_stream("340103"): [("in-340103", "in.340103.*")],
        inbox_stream("310115"): [("in-310115", "in.310115.*")],
        "PUBLIC": [("public-340103", "public.>"), ("public-310115", "public.>")],
    }


def test_event_streams_keep_what_they_have() -> None:
    for stream, _ in wanted("node", ()):
        assert stream["deny_delete"]
        assert stream["deny_purge"]
        assert stream["allow_atomic"]
        assert (stream["retention"], stream["discard"]) == ("limits", "new")


def test_a_stream_of_the_hub_has_a_subject_for_each_of_its_members() -> None:
    codes = [f"{number:06d}" for number in range(110_101, 113_101)]
    streams = [stream for stream, _ in wanted("hub", codes) if stream["name"] != "PUBLIC"]
    assert len(streams) == SHARDS
    assert sorted(subject for stream in streams for subject in stream["subjects"]) == [
        f"in.{code}.*" for code in codes
    ]
    assert max(len(stream["subjects"]) for stream in streams) < 2 * len(codes) / SHARDS


def test_streams_of_the_hub_refuse_what_is_too_much_and_lose_nothing() -> None:
    stream = next(
        stream for stream, _ in wanted("hub", ["340103"]) if stream["name"] == inbox_stream("340103")
    )
    assert (stream["discard"], stream["discard_new_per_subject"]) == ("new", True)
    assert stream["max_msgs_per_subject"] > 0
    assert stream["max_bytes"] > 0
    assert (stream["deny_delete"], stream["deny_purge"]) == (True, True)


def test_a_districts_stream_is_worked_out_from_its_code_by_anybody() -> None:
    assert {code: shard(code) for code in ("340103", "310115", "110101")} == {
        "340103": "05",
        "310115": "01",
        "110101": "02",
    }
