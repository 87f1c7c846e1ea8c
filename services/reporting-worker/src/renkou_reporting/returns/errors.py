"""Errors of aggregate returns."""

from renkou_common.errors import Conflict


class AlreadyWithdrawn(Conflict):
    """A return can be withdrawn once."""

    def __init__(self) -> None:
        super().__init__("return_withdrawn", "该报表已撤回", "The return has been withdrawn already")
