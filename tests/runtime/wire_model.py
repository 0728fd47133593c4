"""A slow, obvious model of a wire: two lists and some sums."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.runtime.ledger import WireLedger

__all__ = ["Message", "ModelWire"]


@dataclass(frozen=True)
class Message:
    """``number`` identifies it in the test; ``seq`` is its place among what its sender
    committed."""

    number: int
    symbol: int
    epoch: int
    seq: int


@dataclass
class ModelWire:
    """What a wire with ``overflow`` and ``capacity`` does, one step at a time."""

    overflow: str
    capacity: int
    up: bool = True                      # the producer knows a consumer that lives
    epoch: int = 1                       # of the producer
    seq: int = 0
    queue: list[Message] = field(default_factory=list)      # handed to the transport
    kept: dict[int, Message] = field(default_factory=dict)  # by symbol, in the order of waiting
    sent: int = 0
    handled: int = 0
    full: int = 0
    down: int = 0
    conflated: int = 0
    lost: int = 0
    failed: int = 0
    last: Message | None = None          # what this incarnation of the consumer took last

    def send(self, number: int, symbol: int) -> bool:
        room = len(self.queue) < self.capacity
        if self.overflow == "fail" and not (self.up and room):
            self.failed += 1
            return False
        self.sent += 1
        self.seq += 1
        message = Message(number, symbol, self.epoch, self.seq)
        if self.overflow == "latest" and (self.kept or not self.up or not room):
            self.conflated += symbol in self.kept
            self.kept[symbol] = message  # a dict keeps the place of a key that it has
        elif not self.up:
            self.down += 1
        elif room or self.overflow == "block":
            self.queue.append(message)
        else:
            self.full += 1
        return True

    def flush(self) -> None:
        while self.up and self.kept and len(self.queue) < self.capacity:
            self.queue.append(self.kept.pop(next(iter(self.kept))))

    def take(self) -> tuple[Message, int, bool] | None:
        """The next message, how many were skipped before it, and whether its sender is new."""
        if not self.queue:
            return None
        message, last = self.queue.pop(0), self.last
        new = last is None or last.epoch != message.epoch
        skipped = 0 if new else max(message.seq - last.seq - 1, 0)
        if new or message.seq > last.seq:
            self.last = message
        self.handled += 1
        return message, skipped, new

    def lose_consumer(self) -> None:
        self.lost += len(self.queue)
        self.queue.clear()
        self.up, self.last = False, None

    def restart_producer(self) -> None:
        self.lost += len(self.kept)
        self.kept.clear()
        self.up, self.epoch, self.seq = False, self.epoch + 1, 0

    def ledger(self) -> WireLedger:
        return WireLedger(self.sent, self.handled, self.full, self.down, self.conflated, 0, 0,
                          self.lost, len(self.queue) + len(self.kept), 0, 0, self.failed)
