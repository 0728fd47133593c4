"""The stand-in for all neighbours of an actor that runs alone: a plain actor on its other ports.

It sends what the input holds, in order, and hands over what comes out. Messages for different ports
keep their order: one is sent when those before it, on other ports, have been handled.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import Any, ClassVar, Protocol

from actors.runtime.actor import Actor, Input, Output, Timer
from actors.runtime.clock import monotonic_ns
from actors.runtime.host import waiting
from launcher.run.codec import encode
from launcher.run.source import Message

__all__ = ["NEIGHBOURS", "Neighbours", "Source", "stand_in_for"]

NEIGHBOURS = "neighbours"

_TICK_NS = 2_000_000
_TURN_NS = 5_000_000   # the longest that one tick goes on sending


class Source(Protocol):
    """Where messages come from: a file, a generator."""

    skipped: int

    def start(self) -> None: ...

    @property
    def exhausted(self) -> bool: ...

    def take(self, now_ns: int) -> Message | None: ...


class Neighbours(Actor):
    """Base of the stand-ins; :func:`stand_in_for` makes one for a given actor."""

    kind, tag = NEIGHBOURS, "STUB"
    timers = {"feed": Timer(None, _TICK_NS)}
    counters = ("sent", "received")
    sources: ClassVar[list[Source]] = []

    def __init__(self, setup):
        super().__init__(setup)
        self.open = False
        self.received: deque[dict] = deque()
        self._pending: Message | None = None
        self._last_port: str | None = None

    def exhausted(self) -> bool:
        """Whether everything there was to send has been sent."""
        return self._pending is None and all(source.exhausted for source in self.sources)

    def quiet(self) -> bool:
        """Whether no message is under way, in or out."""
        return all(waiting(end.page) <= 0 for end in (*self.host.in_ends, *self.host.out_ends))

    def take_received(self) -> list[dict]:
        """What came out of the actor since the last call, as JSON objects."""
        return [self.received.popleft() for _ in range(len(self.received))]

    def on_feed(self, now_ns: int) -> None:
        if not self.open:
            return
        until = now_ns + _TURN_NS
        while (now := monotonic_ns()) < until:
            self._pending = self._pending or self._next(now)
            if self._pending is None:
                return
            if self._may_send(self._pending[0]) and self._send(*self._pending):
                self._last_port, self._pending = self._pending[0], None
            else:
                time.sleep(20e-6)

    def _next(self, now_ns: int) -> Message | None:
        for source in self.sources:
            message = source.take(now_ns)
            if message is not None:
                return message
        return None

    def _may_send(self, port: str) -> bool:
        return port == self._last_port or all(
            waiting(end.page) <= 0 for end in self.host.out_ends)

    def _send(self, port: str, body) -> bool:
        message = self.out.claim(port)
        if message is None:
            return False
        flags = int(body["header"]["flags"])
        message[...] = body
        message["header"]["flags"] = flags
        self.out.commit(port)
        self.host.vitals.counters[0] += 1
        return True

    def _receive(self, port: str, body) -> None:
        self.received.append(encode(port, self.inputs[port].message, body, self.symbols))
        self.host.vitals.counters[1] += 1


def stand_in_for(cls: type[Actor], sources: list[Source]) -> str:
    """Makes the stand-in for all neighbours of an actor of class ``cls``; returns its class path.

    Its outputs are named as the actor's inputs, its inputs as the actor's outputs.
    """
    members: dict[str, Any] = {
        "sources": sources,
        "outputs": {name: Output(port.message, burst=1) for name, port in cls.inputs.items()},
        "inputs": {name: Input(port.message) for name, port in cls.outputs.items()},
    }
    for name in cls.outputs:
        members[f"on_{name}"] = lambda self, body, name=name: self._receive(name, body)
    made = type(f"NeighboursOf{cls.__name__}", (Neighbours,), members)
    setattr(sys.modules[__name__], made.__name__, made)
    return f"{__name__}:{made.__name__}"
