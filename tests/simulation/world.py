"""The world of one schedule: nodes, a hub that loses, delays, repeats and reorders, clocks, and what may never happen.

Everything is drawn from one seed; the same seed is the same schedule, step for step.
"""

from collections import Counter
from random import Random

from tests.simulation.node import PATIENCE, SETTLED, SHARE, Node, Packet, Pair

NAMES = ("340103", "310115", "440305")
MOST_STEPS = 90
CALM_ROUNDS = 60
_DAY = 86_400.0


class BrokenPromise(Exception):
    """Something happened that the exchange promises never to let happen."""


class World:
    """One schedule from its seed. ``told`` restores follow the operator's procedure, others don't."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = chance = Random(seed)
        names = NAMES[: 3 if chance.random() < 0.2 else 2]
        self.nodes = {
            name: Node(name, [other for other in names if other != name], chance.uniform(-0.5, 0.5) * _DAY)
            for name in names
        }
        self.now = 0.0
        self.hub: list[Packet] = []
        self.hub_up = True
        self.past: list[Packet] = []
        self.cut: set[frozenset[str]] = set()
        self.written = 0
        self.backups: dict[str, dict[str, Pair]] = {}
        self.untold: set[str] = set()
        self.restores = 0
        self.faults: Counter[str] = Counter()
        self.trace: list[str] | None = None
        risky = chance.random() < 0.4
        self.actions, self.weights = zip(
            *(
                (self.write, 14),
                (self.send, 16),
                (self.deliver, 30),
                (self.pass_time, 10),
                (self.crash_of_the_hub, 1),
                (self.change_the_net, 2),
                (self.stop_or_start, 2),
                (self.compare_daily, 2),
                (self.repeat_the_past, 2),
                (self.back_up, 2 if risky else 0),
                (self.restore, 2 if risky else 0),
                (self.trim, 1 if risky else 0),
            ),
            strict=True,
        )

    def run(self) -> None:
        """Carry out the schedule, then let everything calm down, and check. Raises BrokenPromise."""
        steps = self.chance.randint(20, MOST_STEPS)
        for action in self.chance.choices(self.actions, self.weights, k=steps):
            action()
        self.calm_down()
        self.check()

    def note(self, text: str) -> None:
        """Keep a line of the trace, where one is wanted."""
        self.faults[text] += 1
        if self.trace is not None:
            self.trace.append(f"{self.now:9.1f} {text}")

    # what happens

    def write(self) -> None:
        """A client's message is accepted, and answered for from now on."""
        node = self.chance.choice(list(self.nodes.values()))
        if node.up:
            for _ in range(self.chance.choice((1, 1, 1, 3))):
                self.written += 1
                node.disk[self.chance.choice(list(node.disk))].drafts.append(self.written)

    def send(self) -> None:
        """One round of a sender, which may be killed between any two of its steps."""
        node = self.chance.choice(list(self.nodes.values()))
        if node.up:
            self._round_of_sender(node, self._killed)

    def _round_of_sender(self, node: Node, killed: "type[bool] | object") -> None:
        kill = killed if callable(killed) else bool
        for partner in node.disk:
            if kill():
                return
            node.seal(partner, self.now)
        if not self.hub_up:
            return
        out, node.outbox = node.outbox, []
        for packet in out:
            self._publish(packet)
        if kill() and out:
            node.outbox = out  # published, and not noted
            return
        for partner in node.disk:
            due = node.due(partner, self.now)
            if due and kill():
                due = due[: self.chance.randrange(len(due) + 1)]
                for packet in due:
                    self._publish(packet)
                return
            for packet in due:
                self._publish(packet)
            node.mark_sent(due, self.now)

    def _publish(self, packet: Packet) -> None:
        self.hub.append(packet)
        if len(self.past) < 40:
            self.past.append(packet)

    def _killed(self) -> bool:
        if self.chance.random() < 0.04:
            self.note("process killed")
            return True
        return False

    def deliver(self) -> None:
        """The hub hands some messages to one node; the network does its worst."""
        chance = self.chance
        if not self.hub or not self.hub_up:
            return
        start = chance.randrange(len(self.hub)) if chance.random() < 0.4 else 0
        receiver = self.hub[start].receiver
        node = self.nodes[receiver]
        if not node.up:
            return
        batch: list[Packet] = []
        for packet in self.hub[start:]:
            if packet.receiver == receiver and frozenset((receiver, packet.sender)) not in self.cut:
                batch.append(packet)
                if len(batch) == 6:
                    break
        taken: list[Packet] = []
        for packet in batch:
            fate = chance.random()
            if fate < 0.08:
                self.note("lost")
                self.hub.remove(packet)
            elif fate < 0.12:
                self.note("truncated")  # kept as a dead letter: as good as lost
                self.hub.remove(packet)
            elif fate < 0.16:
                self.note("delivered late")
            else:
                taken.append(packet)
        if chance.random() < 0.2:
            chance.shuffle(taken)
        self._take(node, taken, self._killed)

    def _take(self, node: Node, packets: list[Packet], killed: object) -> None:
        kill = killed if callable(killed) else bool
        if not packets or kill():  # killed before the commit: nothing is written
            return
        by_sender: dict[str, list[Packet]] = {}
        for packet in packets:
            by_sender.setdefault(packet.sender, []).append(packet)
        for sender, some in by_sender.items():
            for start in range(0, len(some), SHARE):
                node.take(sender, some[start : start + SHARE], self.now)
        if kill():  # committed, not acknowledged: it comes again
            return
        for packet in packets:
            if packet in self.hub:
                self.hub.remove(packet)

    def pass_time(self) -> None:
        """Time passes, and periodic work is done."""
        self.now += self.chance.choice((0.5, 4.0, 30.0, PATIENCE + 1, 3600.0))
        for node in self.nodes.values():
            if node.up:
                node.look_after(self.now)

    def crash_of_the_hub(self) -> None:
        """The hub loses what it had not written, or everything."""
        if self.chance.random() < 0.5:
            self.note("hub wiped")
            self.hub.clear()
        else:
            self.note("hub lost its latest")
            del self.hub[self.chance.randrange(len(self.hub) + 1) :]

    def change_the_net(self) -> None:
        """Partition two nodes or heal it; stop the hub or start it."""
        if self.chance.random() < 0.4:
            self.hub_up = not self.hub_up
            self.note("hub changes")
            return
        one, other = self.chance.sample(list(self.nodes), 2)
        self.cut ^= {frozenset((one, other))}
        self.note("partitioned")

    def stop_or_start(self) -> None:
        """A node goes down, or comes back."""
        node = self.chance.choice(list(self.nodes.values()))
        node.up = not node.up
        self.note("node changes")

    def compare_daily(self) -> None:
        """A day has passed: digests go to every partner."""
        for node in self.nodes.values():
            if node.up:
                for partner in node.disk:
                    node.say(partner, self.now)

    def repeat_the_past(self) -> None:
        """Something old is handed in again."""
        if self.past and self.hub_up:
            packet = self.chance.choice(self.past)
            self.note("replayed")
            self.hub.append(packet)

    def back_up(self) -> None:
        """A node's database is backed up."""
        name = self.chance.choice(list(self.nodes))
        self.backups[name] = {partner: pair.copy() for partner, pair in self.nodes[name].disk.items()}

    def restore(self) -> None:
        """A node goes on from its backup; most operators say so."""
        if not self.backups or self.restores == 2:
            return
        name = self.chance.choice(list(self.backups))
        told = self.chance.random() < 0.7
        self.restores += 1
        if not told:
            self.untold.add(name)
        self.note(f"restored, {'told' if told else 'untold'}")
        self.nodes[name].restored(self.backups[name], told=told, now=self.now)

    def trim(self) -> None:
        """Old bytes are forgotten."""
        self.chance.choice(list(self.nodes.values())).trim()
        self.note("bytes forgotten")

    # afterwards

    def calm_down(self) -> None:
        """No more faults: everything is up, and time passes until nothing moves."""
        self.hub_up = True
        self.cut.clear()
        for node in self.nodes.values():
            node.up = True
        comparisons = 0
        for _ in range(CALM_ROUNDS):
            for node in self.nodes.values():
                self._round_of_sender(node, bool)
            moved = bool(self.hub)
            while self.hub:
                receiver = self.hub[0].receiver
                packets = [packet for packet in self.hub if packet.receiver == receiver]
                self.hub = [packet for packet in self.hub if packet.receiver != receiver]
                self._take(self.nodes[receiver], packets, bool)
            self.now += 301.0
            for node in self.nodes.values():
                node.look_after(self.now)
            if moved or any(node.outbox for node in self.nodes.values()):
                continue
            if comparisons == 3:
                return
            comparisons += 1
            self.compare_daily()
        raise BrokenPromise("does not come to rest")

    def check(self) -> None:
        """Compare both ends of every pair."""
        for node in self.nodes.values():
            for partner in node.disk:
                self._check_direction(node, self.nodes[partner])

    @staticmethod
    def _is_kept(ours: Pair, id: int, seq: int) -> bool:
        return seq in ours.rows and ours.rows[seq].id == id

    def _check_direction(self, sender: Node, receiver: Node) -> None:
        where = f"{sender.name} to {receiver.name}"
        ours, theirs = sender.disk[receiver.name], receiver.disk[sender.name]
        applied = theirs.applied
        if len(applied) != len(set(applied)):
            raise BrokenPromise(f"{where}: applied twice: {applied}")
        # What was sent after the backup and is lost at the sender has its place from the receiver alone.
        kept = [id for id in applied if not ours.lost or self._is_kept(ours, id, theirs.ids[id])]
        if sender.name not in self.untold and kept != sorted(kept):
            raise BrokenPromise(f"{where}: out of order: {applied}")
        if ours.drafts or ours.unsettled():
            raise BrokenPromise(f"{where}: not everything has left: {ours.drafts} {len(ours.unsettled())}")
        gone = theirs.gone_ranges
        for seq, row in ours.rows.items():
            passed = not row.kept and any(low <= seq <= high for low, high in gone)
            if row.id not in theirs.ids and not passed:
                raise BrokenPromise(f"{where}: number {seq} (message {row.id}) is lost")
            if row.due != SETTLED:
                raise BrokenPromise(f"{where}: number {seq} has no receipt")
        held = {seq for seq in theirs.incoming if any(low <= seq <= high for low, high in gone)}
        if held - {seq for seq, (id, _) in theirs.incoming.items() if id in theirs.ids}:
            raise BrokenPromise(f"{where}: passed over {sorted(held)} although it holds them")
        if gone and not self.restores:
            raise BrokenPromise(f"{where}: passed over {gone} although nothing was restored")
        if theirs.next_in != ours.last_out + 1 or theirs.highest_in() >= theirs.next_in:
            raise BrokenPromise(f"{where}: sent {ours.last_out}, taken {theirs.next_in - 1}")
        if sender.chains(receiver.name)[0] != receiver.chains(sender.name)[1]:
            raise BrokenPromise(f"{where}: digests differ")
        if ours.out_mark.upto != ours.last_out:
            raise BrokenPromise(f"{where}: agreed up to {ours.out_mark.upto} of {ours.last_out}")
        if ours.unexplained or theirs.unexplained:
            self.note("difference noted for staff")
