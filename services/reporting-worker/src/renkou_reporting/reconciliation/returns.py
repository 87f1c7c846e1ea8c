"""Aggregate returns beside the facts made of them: by form and month, in number and hash."""

from typing import Any

from renkou_common.database import Database
from renkou_common.scope import AreaScope
from renkou_reporting.facts.service import keep_tables
from renkou_reporting.periods import month_text
from renkou_reporting.reconciliation import repository
from renkou_reporting.reconciliation.domain import MOST_HEALED, Difference, Kind, Wrong, compare_facts
from renkou_reporting.returns import reconciling
from renkou_reporting.returns.domain import FEED
from renkou_reporting.returns.reconciling import Compared, Doubtful, Group

_MOST_TOLD = 1000
_EVERYWHERE = AreaScope.everything()


class Returns:
    """Compares signed returns with their facts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def compare(self) -> tuple[dict[str, Any], Wrong, list[Difference]]:
        """Return what was compared, the facts that are wrong, and the returns that are themselves not right."""
        async with self._database.transaction(_EVERYWHERE, read_only=True) as tx:
            await repository.one_snapshot(tx)
            await keep_tables(tx)
            await repository.unhurried(tx)
            found = await reconciling.compare(tx)
            wrong = Wrong(
                compare_facts(found.stored, found.expected),
                doubt="what is kept of the return is not what was signed",
            )
            doubtful = found.doubtful
            if wrong.facts and len(wrong.facts) <= MOST_HEALED:
                doubtful = [*doubtful, *await reconciling.not_as_signed(tx, {seq for seq, _ in wrong.facts})]
        wrong.doubtful = {seq for one in doubtful for seq in one.seqs}
        return _told(found), wrong, [_difference(one) for one in doubtful]


def _told(found: Compared) -> dict[str, Any]:
    differing = [one for one in found.groups if not one.equal]
    return {
        "position": found.position,
        "entries": found.entries,
        "forms": [
            _form(code, found) for code in sorted({one.form for one in found.groups} | found.in_force.keys())
        ],
        "differing": [one._asdict() | {"month": month_text(one.month)} for one in differing[:_MOST_TOLD]],
    }


def _form(code: str, found: Compared) -> dict[str, Any]:
    groups: list[Group] = [one for one in found.groups if one.form == code]
    return {
        "form": code,
        "returns": found.in_force.get(code, 0),
        "months": len(groups),
        "counts": sum(one.counts for one in groups),
        "hash": str(sum(int(one.hash) for one in groups)),
    }


def _difference(one: Doubtful) -> Difference:
    return Difference(
        Kind.RETURN_DIFFERS,
        FEED,
        seq=max(one.seqs, default=None),
        area=one.area,
        stored=one.stored or None,
        expected=one.expected,
        reason=one.reason,
    )
