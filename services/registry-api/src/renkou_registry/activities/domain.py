"""What an activity counts as. No I/O."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from renkou_common.contracts.lines import LineKey, Measure, Population


def activity_lines(
    area: int, kind: str, held_on: date, people: int, handed_out: Sequence[int], *, cancelled: bool
) -> Counter[LineKey]:
    """Return one activity of a kind held, how many it reached and how much was handed out.

    A cancelled one counts nowhere.
    """
    if cancelled:
        return Counter()
    counts = {
        Measure.ACTIVITY_HELD: 1,
        Measure.ACTIVITY_REACHED: people,
        Measure.ACTIVITY_MATERIAL: sum(handed_out),
    }
    key = LineKey(Population.OFFICE, f"{area:012d}", held_on, Measure.ACTIVITY_HELD, detail=kind)
    return Counter({key._replace(measure=measure): value for measure, value in counts.items() if value})
