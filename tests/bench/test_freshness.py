"""How the delay of a change is told from the answers of a figure."""

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.freshness import delays


def test_a_change_is_there_with_the_first_answer_that_holds_it() -> None:
    assert delays([1.0, 2.0, 3.0], [(1.5, 0), (2.5, 1), (4.0, 3)]) == [1.0, 1.5, 2.0]


@given(
    commits=st.lists(st.floats(0, 100), min_size=1, max_size=50),
    every=st.floats(0.01, 5),
    late=st.floats(0, 3),
)
def test_a_figure_that_lags_by_some_time_and_is_asked_every_now_and_then(
    commits: list[float], every: float, late: float
) -> None:
    answers: list[tuple[float, int]] = []
    while not answers or answers[-1][1] < len(commits):
        at = (len(answers) + 1) * every
        answers.append((at, sum(commit + late <= at for commit in commits)))
    found = delays(commits, answers)
    assert len(found) == len(commits)
    assert all(late - 1e-6 <= each <= late + every + 1e-6 for each in found)
