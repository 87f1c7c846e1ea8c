"""A bad network between a district's processes and one server: loses, holds up, repeats, cuts off."""

from tests.chaos.faults.base import Fault
from tests.chaos.proxy import Mode, Proxy

LONGEST_DELAY = 0.4


class _Network(Fault):
    """A drawn connection goes over to one mode of the proxy."""

    mode: Mode
    link: Proxy

    async def begin(self) -> str:
        self.link = self.scene.link(self.random)
        self.link.strike(self.mode, self.random, self.random.uniform(0.02, LONGEST_DELAY))
        return self.link.name

    async def heal(self) -> None:
        self.link.heal()
        await super().heal()


class Drop(_Network):
    """Partition: what is sent is lost both ways, and nobody is told."""

    kind, zh, en = "drop", "网络隔离", "partition"
    mode = Mode.DROP


class Delay(_Network):
    """Everything arrives, late."""

    kind, zh, en = "delay", "网络迟延", "slow network"
    mode = Mode.DELAY


class Duplicate(_Network):
    """What was asked is carried out, the answer is lost, and the connection ends: it is asked a second time."""

    kind, zh, en = "duplicate", "应答丢失而重发", "answers lost, so requests come twice"
    mode = Mode.DUPLICATE


class Truncate(_Network):
    """A connection ends in the middle of a message."""

    kind, zh, en = "truncate", "报文截断", "messages cut off"
    mode = Mode.TRUNCATE
