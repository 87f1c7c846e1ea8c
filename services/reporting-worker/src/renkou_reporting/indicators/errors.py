"""Errors of definitions."""

from renkou_common.errors import Conflict


class NotDraft(Conflict):
    """Only a draft can be put in force."""

    def __init__(self) -> None:
        super().__init__("not_draft", "该版本不是草稿", "This version is no draft")


class NotActive(Conflict):
    """Only a version in force can be retired."""

    def __init__(self) -> None:
        super().__init__("not_active", "该版本未在用", "This version is not in force")


class SamePerson(Conflict):
    """Who wrote a definition does not put it in force."""

    def __init__(self) -> None:
        super().__init__(
            "same_person", "起草人不能自己启用", "Whoever drafted a definition cannot put it in force"
        )


class StillNeeded(Conflict):
    """Another indicator in force is computed from this one."""

    def __init__(self, code: str) -> None:
        super().__init__(
            "still_needed", f"指标 {code} 依据该指标计算", f"The indicator {code} is computed from this one"
        )
