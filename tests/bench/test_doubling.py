"""Growth of reads: what is compared with what."""

from tests.bench.doubling import Growth, Read, growth_of, table


def test_each_size_is_compared_with_the_one_before_and_the_last_with_the_first() -> None:
    reads = [
        Read("person", 4_000, 3.0, 9.0, 0.25, 1.0),
        Read("person", 1_000, 2.0, 4.0, 0.2, 1.0),
        Read("person", 2_000, 2.0, 4.0, 0.2, 1.0),
    ]
    assert growth_of(reads) == [
        Growth("person", 1_000, 2_000, 1.0, 1.0),
        Growth("person", 2_000, 4_000, 1.5, 1.25),
        Growth("person", 1_000, 4_000, 1.5, 1.25),
    ]
    marked = [row for row in table(reads).splitlines() if row.endswith("more than allowed")]
    assert len(marked) == 2
