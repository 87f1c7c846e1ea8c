"""What every kind of fault has in common: a name in Chinese and English, a beginning and an end."""

from abc import ABC, abstractmethod
from random import Random
from typing import ClassVar

from tests.chaos.scene import Scene


class Fault(ABC):
    """One kind of fault, made anew for each moment of the plan.

    ``begin`` returns what was struck, in words for chaos.json; ``heal`` ends what does not end by itself and returns
    when everything serves again. ``needs_disk`` is left out, and said so, where this machine gives none.
    """

    kind: ClassVar[str]
    zh: ClassVar[str]
    en: ClassVar[str]
    needs_disk: ClassVar[bool] = False

    def __init__(self, scene: Scene, random: Random) -> None:
        self.scene = scene
        self.random = random

    @abstractmethod
    async def begin(self) -> str:
        """Strike."""

    async def heal(self) -> None:
        """Bring back what the fault took, and wait until all serve."""
        await self.scene.all_ready()
