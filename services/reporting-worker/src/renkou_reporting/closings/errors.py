"""Errors of closings."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.errors import Conflict, FieldError, Unavailable

_STATES = {
    "open": ("待签署", "open"),
    "signed": ("已初签, 待复签", "signed once, waiting for the second signature"),
    "published": ("已公布", "published"),
    "reopened": ("已重开, 待签署", "reopened"),
}


class ClosingExists(Conflict):
    """A period of an area is closed once; later changes are restated there."""

    def __init__(self, closing_id: UUID) -> None:
        super().__init__(
            "closing_exists",
            f"该统计期已建立关账: /closings/{closing_id}",
            f"There is a closing of this period already: /closings/{closing_id}",
        )


class WrongState(Conflict):
    """The closing is in a state in which this cannot be done; says which states it is done from."""

    def __init__(self, state: str, *allowed: str) -> None:
        zh, en = _STATES[state]
        super().__init__(
            "closing_state",
            f"关账现为“{zh}”, 该操作只适用于“{'”或“'.join(_STATES[one][0] for one in allowed)}”的关账",
            f"The closing is {en}; this is done where it is {' or '.join(_STATES[one][1] for one in allowed)}",
        )


class ChecksFailed(Conflict):
    """A check that must hold does not; each is named with where to look."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(
            "checks_failed",
            f"{len(errors)} 项检查未通过",
            f"{len(errors)} finding(s) stand in the way",
            errors,
        )


class OverridesMissing(Conflict):
    """The figures were signed in spite of checks that did not hold; the second signer has to say why of each."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        checks = len({one.pointer for one in errors})
        super().__init__(
            "overrides_missing",
            f"初签时有 {checks} 项检查未通过, 复签须在 overrides 中逐项说明理由",
            f"{checks} check(s) did not hold; whoever signs second has to say why of each, in overrides",
            errors,
        )


class SamePerson(Conflict):
    """The two signatures are those of two people."""

    def __init__(self) -> None:
        super().__init__(
            "same_person", "第二签署人不能是第一签署人", "Whoever signed first cannot sign the second time"
        )


class OtherFigures(Conflict):
    """The second signature names figures that are not those signed first."""

    def __init__(self) -> None:
        super().__init__(
            "figures_differ",
            "哈希与第一次签署的数字不符, 请重新核对",
            "The hash is not that of the figures signed first; look at them again",
        )


class NothingToRestate(Conflict):
    """No figure differs from the published version."""

    def __init__(self) -> None:
        super().__init__(
            "nothing_to_restate", "与已公布数字一致, 无须修订", "No figure differs from the published version"
        )


class NoFigureKey(Unavailable):
    """The node has no key to sign with."""

    def __init__(self) -> None:
        super().__init__(
            "no_figure_key",
            "未设置统计数字签名密钥 (RENKOU_FIGURE_KEY_FILE)",
            "No key to sign figures with is set (RENKOU_FIGURE_KEY_FILE)",
        )
