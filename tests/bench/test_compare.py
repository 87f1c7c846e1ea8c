"""What a comparison of two revisions says."""

import pytest

from tests.bench.compare import Change, changes, checked_out, table
from tests.bench.report import Line


def turn(**ratios: float) -> list[Line]:
    return [Line(name, ratio * 100, 100, ratio, "requests/s", "") for name, ratio in ratios.items()]


def test_only_what_lies_apart_in_every_turn_is_a_difference() -> None:
    noisy = Change("x", [0.40, 0.50, 0.45], [0.49, 0.60, 0.55])
    assert (noisy.beyond_noise, noisy.is_loss) == (False, False)
    faster = Change("x", [0.40, 0.42, 0.41], [0.50, 0.52, 0.51])
    assert faster.word.startswith("faster")
    assert faster.change == pytest.approx(0.51 / 0.41)


def test_a_loss_is_beyond_the_noise_and_more_than_a_tenth() -> None:
    assert Change("x", [0.50, 0.51, 0.52], [0.40, 0.41, 0.42]).is_loss
    assert not Change("x", [0.50, 0.51, 0.52], [0.47, 0.48, 0.49]).is_loss


def test_lines_that_both_have_are_compared_turn_by_turn() -> None:
    base = [turn(read=0.4, old=0.1), turn(read=0.5, old=0.1)]
    ours = [turn(new=0.2, read=0.6), turn(new=0.2, read=0.7)]
    found = changes(base, ours)
    assert found == [Change("read", [0.4, 0.5], [0.6, 0.7])]
    assert "read" in table(found)


def test_a_revision_that_there_is_not_is_named_in_both_languages() -> None:
    with (
        pytest.raises(SystemExit, match="没有版本 no-such-revision / there is no revision"),
        checked_out("no-such-revision"),
    ):
        pass
