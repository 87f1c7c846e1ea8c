"""Errors of forms."""

from renkou_common.errors import Conflict


class AlreadyActive(Conflict):
    """A version is put in force once."""

    def __init__(self) -> None:
        super().__init__("form_active", "该版本已启用", "This version is in force already")


class SamePerson(Conflict):
    """Two people, not one."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__("same_person", zh, en)
