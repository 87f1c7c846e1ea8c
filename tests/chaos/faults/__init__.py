"""Every kind of fault by its name; a new one is a class in a file here and a line below."""

from tests.chaos.faults.base import Fault
from tests.chaos.faults.clock import ClockMoved
from tests.chaos.faults.disk import DiskFull, PowerLoss
from tests.chaos.faults.jetstream import StoreDamaged, StoreDeleted
from tests.chaos.faults.keys import FieldKey, HubToken, TokenKey
from tests.chaos.faults.kill import Kill
from tests.chaos.faults.migration import Migration
from tests.chaos.faults.network import Delay, Drop, Duplicate, Truncate
from tests.chaos.faults.restart import Restart
from tests.chaos.faults.second_copy import SecondCopy

KINDS: dict[str, type[Fault]] = {
    fault.kind: fault
    for fault in (
        Kill,
        Restart,
        Drop,
        Delay,
        Duplicate,
        Truncate,
        StoreDeleted,
        StoreDamaged,
        DiskFull,
        PowerLoss,
        ClockMoved,
        TokenKey,
        FieldKey,
        HubToken,
        SecondCopy,
        Migration,
    )
}
