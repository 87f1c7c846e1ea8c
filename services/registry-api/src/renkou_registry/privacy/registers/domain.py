"""One purpose with all that is done for it: fields, protection, retention, who may receive it. No I/O.

Personal Information Protection Law: processing that needs an assessment is recorded (article 55); an assessment says
whether purpose and means are lawful, legitimate and necessary, what the impact on persons is, and whether the
protection suits the risk; both are kept for three years (article 56).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from renkou_common.field_keys.columns import ProtectedColumn
from renkou_common.identity.roles import Scope
from renkou_registry.privacy.purposes.domain import Purpose, Sort
from renkou_registry.privacy.purposes.holdings import HELD
from renkou_registry.privacy.retention.rules import BY_TABLE, Rule


class Exported(Protocol):
    """What has to be known of a list that can be exported: its name, and the right that it needs."""

    @property
    def name(self) -> str: ...
    @property
    def right(self) -> Scope: ...


@dataclass(frozen=True, slots=True)
class Processing:
    """What a purpose comes to; ``sealed`` are columns encrypted one by one, ``health`` those of them on health."""

    purpose: Purpose
    tables: tuple[str, ...]
    fields: int
    sealed: tuple[str, ...]
    health: tuple[str, ...]
    exports: tuple[str, ...]
    notices: tuple[str, ...]
    roles: tuple[str, ...]
    retention: tuple[Rule, ...]

    @property
    def needs_assessment(self) -> tuple[str, ...]:
        """The grounds of article 55 that apply: sensitive information (1), given to another handler (3)."""
        return (("55(1)",) if self.purpose.sensitive else ()) + (("55(3)",) if self.notices else ())

    @property
    def impact(self) -> str:
        """``high`` where health or other sensitive information leaves the district or needs a separate consent,
        ``medium`` where it is sensitive or leaves, else ``low``."""
        sensitive = self.purpose.sensitive
        if sensitive and (self.notices or self.health or self.purpose.needs_separate_consent):
            return "high"
        return "medium" if sensitive or self.notices else "low"


def processing(
    purpose: Purpose,
    protected: Iterable[ProtectedColumn],
    lists: Iterable[Exported],
    rules: Iterable[Rule],
    roles: Mapping[str, Collection[Scope]],
) -> Processing:
    """Return what a purpose comes to, from what it covers; ``roles`` are those of the district with their scopes."""
    names: dict[str, list[str]] = {sort: [] for sort in Sort}
    for each in purpose.covers:
        sort, _, name = each.partition(":")
        names[sort].append(name)
    tables = tuple(names[Sort.RECORD])
    sealed = [each for each in protected if each.table in tables]
    kept = {rule.code: rule for rule in rules}
    codes = dict.fromkeys(BY_TABLE[table].code for table in tables if table in BY_TABLE)
    of = [each for each in lists if each.name in names[Sort.EXPORT]]
    return Processing(
        purpose=purpose,
        tables=tables,
        fields=sum(len(HELD[table].fields) for table in tables),
        sealed=tuple(f"{each.table}.{each.column}" for each in sealed),
        health=tuple(f"{each.table}.{each.column}" for each in sealed if each.health),
        exports=tuple(each.name for each in of),
        notices=tuple(names[Sort.NOTICE]),
        roles=tuple(sorted(str(role) for role in roles if any(each.right in roles[role] for each in of))),
        retention=tuple(kept[code] for code in codes),
    )
