"""Errors of targets."""

from renkou_common.errors import Conflict


class NoDraft(Conflict):
    """There is no draft to put in force or to change."""

    def __init__(self) -> None:
        super().__init__("no_draft", "没有待批准的草稿", "There is no draft waiting")


class DraftOpen(Conflict):
    """A draft waits already."""

    def __init__(self) -> None:
        super().__init__(
            "draft_open", "已有草稿待批准，请修改该草稿", "A draft is waiting already; change that one"
        )


class NotInForce(Conflict):
    """Only what is in force can be taken out of it."""

    def __init__(self) -> None:
        super().__init__("not_in_force", "没有生效的版本", "No version is in force")


class SamePerson(Conflict):
    """Who wrote it does not approve it."""

    def __init__(self) -> None:
        super().__init__("same_person", "起草人不能自己批准", "Whoever drafted it cannot approve it")
