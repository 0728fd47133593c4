"""Numbered messages over wires that lose everything in flight now and then: each is taken once, in
order, by a relay that passes them on and by who is behind it, whoever is restarted."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime.layout import WIRE_PAGE
from actors.runtime.numbering import (
    AHEAD, DUPLICATE, NEXT, NUMBERING, REPEAT_NS, UNNUMBERED, ask_again, begin_numbering,
    follow_number, give_back, go_back,
)


class Wire:
    """What is in flight, and the page with the consumer's wish."""

    def __init__(self):
        self.messages: list[int] = []
        self.page = np.zeros(1, WIRE_PAGE)
        self.seen = 0

    @property
    def wish(self) -> int:
        return int(self.page["resume_from"][0])

    def asked(self) -> bool:
        """Whether there is a request that was not looked at yet."""
        seen, self.seen = self.seen, int(self.page["resync"][0])
        return seen != self.seen


class Consumer:
    """``taken`` is what it has journaled: it survives a restart, everything else does not."""

    def __init__(self, wire: Wire):
        self.wire, self.taken = wire, []
        self.restart()

    @property
    def last(self) -> int:
        return len(self.taken)

    def restart(self):
        self.numbering = np.zeros(1, NUMBERING)
        begin_numbering(self.numbering, self.wire.page.ctypes.data, self.last)
        self.wire.page["resume_from"] = self.last + 1
        self.wire.page["resync"] += 1

    def take(self, now: int, full: bool = False) -> tuple[int, int] | None:
        """The next message and what it was; ``full``: there is no room to write it down."""
        if not self.wire.messages:
            return None
        number = self.wire.messages.pop(0)
        verdict = follow_number(self.numbering[0], self.last, number, now)
        assert (verdict == NEXT) == (number == self.last + 1)
        if verdict == NEXT and full:
            give_back(self.numbering[0], number)
            return number, AHEAD
        if verdict == NEXT:
            self.taken.append(number)
        return number, verdict

    def look(self, now: int):
        ask_again(self.numbering[0], self.last, now)


class Chain:
    """A producer that remembers all it ever numbered, a relay, and a consumer behind it."""

    def __init__(self):
        self.now, self.sent = REPEAT_NS, 0
        self.upper, self.lower = Wire(), Wire()
        self.relay, self.end = Consumer(self.upper), Consumer(self.lower)

    def produce(self):
        self.sent += 1
        self.upper.messages.append(self.sent)

    def replay(self):
        """The producer serves its wire: a request, or a new connection."""
        if self.upper.wish > 0:
            self.upper.messages += range(self.upper.wish, self.sent + 1)

    def resync(self):
        """The relay serves its wire."""
        go_back(self.relay.numbering[0], self.relay.last, self.lower.wish, self.now)

    def step(self, step: str):
        if step == "produce":
            self.produce()
        elif step == "relay" and (took := self.relay.take(self.now)):
            if took[1] in (NEXT, DUPLICATE):
                self.lower.messages.append(took[0])
        elif step == "end":
            self.end.take(self.now)
        elif step == "full":
            self.relay.take(self.now, full=True)
        elif step == "serve":
            self.serve()
        elif step == "time":
            self.now += REPEAT_NS
            self.relay.look(self.now)
            self.end.look(self.now)
        else:
            self.kill(step)

    def serve(self):
        if self.upper.asked():
            self.replay()
        if self.lower.asked():
            self.resync()

    def kill(self, who: str):
        """What was in flight to or from the dead is lost; its next incarnation is connected."""
        if who in ("kill producer", "kill relay", "kill all"):
            self.upper.messages.clear()
        if who in ("kill relay", "kill end", "kill all"):
            self.lower.messages.clear()
        if who in ("kill relay", "kill all"):
            self.relay.restart()
        if who in ("kill end", "kill all"):
            self.end.restart()
        if who != "kill end":
            self.replay()
        if who != "kill producer":
            self.resync()


STEPS = ("produce", "produce", "relay", "relay", "end", "end", "serve", "time", "full",
         "kill producer", "kill relay", "kill end", "kill all")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=120))
def test_each_is_taken_once_in_order_whoever_dies(steps):
    chain = Chain()
    for step in steps:
        chain.step(step)
        assert chain.relay.taken == list(range(1, chain.relay.last + 1))
        assert chain.end.taken == list(range(1, chain.end.last + 1))
        assert chain.end.last <= chain.relay.last <= chain.sent
    for _ in range(8):  # a while without deaths
        for step in ("time", "serve", *(["relay"] * 500), *(["end"] * 500)):
            chain.step(step)
    assert chain.relay.last == chain.end.last == chain.sent


def test_a_gap_is_asked_for_once_until_a_while_has_passed():
    wire = Wire()
    consumer = Consumer(wire)
    wire.asked()
    wire.messages += [1, 4, 5, 6]
    for _ in range(4):
        consumer.take(now=1)
    assert wire.page["resync"][0] == 2 and wire.wish == 2
    consumer.look(REPEAT_NS)
    assert wire.page["resync"][0] == 2
    consumer.look(REPEAT_NS + 1)
    assert wire.page["resync"][0] == 3 and consumer.taken == [1]


def test_what_has_no_number_stands_outside():
    consumer = Consumer(Wire())
    consumer.wire.messages += [0, 1, 0]
    assert [consumer.take(1)[1] for _ in range(3)] == [UNNUMBERED, NEXT, UNNUMBERED]
    assert consumer.taken == [1]
