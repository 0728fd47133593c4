"""The ledger of a wire: where every message that was sent on it has gone.

::

    sent = handled + dropped + lost + in flight + unexplained

*Dropped* has a policy's reason, *lost* a crash's; *in flight* is what the transport holds, what
waits at the consumer, and what a ``latest`` wire keeps back. *Unexplained* should be 0: it is what
vanished, or, if negative, what came twice or from somebody else. While messages flow, a message
that vanished is told from one under way by the numbering: the consumer misses what was dropped,
and nothing else (on a wire that conflates, where newer may overtake older, it is not told so
soon). Once nothing flows any more, nothing may be in flight.

Foreign messages are nobody's on this wire, and messages that a ``fail`` wire refused were never
sent: both are counted beside the sum.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from actors.runtime.layout import WIRE_PAGE
from actors.runtime.plan import Plan

__all__ = ["WireLedger", "deployment_ledger", "wire_ledger"]

_CONSUMER = WIRE_PAGE.fields["c_epoch"][1]  # its half of the page begins here
_TRIES = 100


@dataclass(frozen=True)
class WireLedger:
    """Messages of one wire, or of several added up, over all incarnations of both ends."""

    sent: int = 0
    handled: int = 0
    full: int = 0         #: dropped: the consumer was a full capacity behind
    down: int = 0         #: dropped: there was no consumer, or it ended before its turn
    conflated: int = 0    #: dropped: replaced by a newer one of the same symbol
    stale: int = 0        #: dropped: from an earlier incarnation of the producer
    chaos: int = 0        #: dropped: a fault that somebody asked for
    lost: int = 0         #: on their way when a process died
    in_flight: int = 0
    unexplained: int = 0
    foreign: int = 0      #: dropped, but never sent on this wire
    failed: int = 0       #: refused, and the sender told

    @property
    def dropped(self) -> int:
        return self.full + self.down + self.conflated + self.stale + self.chaos

    def __add__(self, other: WireLedger) -> WireLedger:
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return WireLedger(*(mine + theirs for mine, theirs in pairs))

    def as_dict(self) -> dict:
        """For reports: plain numbers, ``dropped`` in total and ``dropped_by`` reason."""
        return {
            "sent": self.sent, "handled": self.handled, "dropped": self.dropped,
            "dropped_by": {"full": self.full, "down": self.down, "conflated": self.conflated,
                           "stale": self.stale, "chaos": self.chaos},
            "lost": self.lost, "in_flight": self.in_flight, "unexplained": self.unexplained,
            "foreign": self.foreign, "failed": self.failed,
        }


def wire_ledger(page: np.ndarray, quiescent: bool = False) -> WireLedger:
    """The ledger of the wire whose WIRE_PAGE record is ``page``; the wire may be in use.

    ``quiescent`` says that nothing flows: both ends have drained or closed. Then nothing is in
    flight: what is not accounted for is unexplained, or, if its producer crashed and never came
    back (``p_connected`` is 0), lost.
    """
    now = _snapshot(page)
    handled, stale, left, c_lost, missing, foreign, c_epoch, c_drained = (
        int(now[name]) for name in
        ("handled", "stale", "left", "c_lost", "missing", "foreign", "c_epoch", "c_drained"))
    (p_lost, full, down, conflated, chaos, unsent, published, sent, failed, p_connected,
     p_closed) = (
        int(now[name]) for name in
        ("p_lost", "full", "down", "conflated", "chaos", "unsent", "published", "offered",
         "failed", "p_connected", "p_closed"))
    lost = p_lost + c_lost + unsent
    kept_back = sent - published - full - down - conflated - chaos - unsent
    on_the_way = published - handled - stale - left - p_lost - c_lost
    if c_epoch == 0 and c_drained == 0:  # the consumer was killed and takes nothing more
        lost, on_the_way = lost + on_the_way, 0
    if quiescent and p_connected == 0 and p_closed == 0:
        lost, on_the_way, kept_back = lost + on_the_way + kept_back, 0, 0
    if quiescent:
        unexplained, in_flight = on_the_way + kept_back, 0
    else:
        # conflation changes the order
        skipped = missing - full - down - chaos if conflated == 0 else 0
        vanished = max(skipped - lost, 0)  # a crash may have put a vanished one down as lost
        unexplained = min(vanished, on_the_way)  # below 0: more came than was sent
        in_flight = on_the_way + kept_back - unexplained
    return WireLedger(sent, handled, full, down + left, conflated, stale, chaos, lost, in_flight,
                      unexplained, foreign, failed)


def _snapshot(page: np.ndarray) -> np.void:
    """A copy of a page in use, of one moment: the consumer's counts did not change while the
    producer's were read. Of a wire that never rests the consumer's are a little older: a message
    that moved on in between is then seen in flight, and none is seen twice."""
    later = page.tobytes()
    for _ in range(_TRIES):
        earlier, later = later, page.tobytes()
        if earlier[_CONSUMER:] == later[_CONSUMER:]:
            break
    return np.frombuffer(later[:_CONSUMER] + earlier[_CONSUMER:], WIRE_PAGE)[0]


def deployment_ledger(plan: Plan, wires: np.ndarray, quiescent: bool = False) -> dict:
    """The ledgers of all wires of ``plan`` and their sum: ``{"total": .., "wires": {name: ..}}``,
    each as :meth:`WireLedger.as_dict` gives it. ``wires``: WIRE_PAGE, one a wire."""
    ledgers = {wire.name: wire_ledger(wires[wire.index], quiescent) for wire in plan.wires}
    total = sum(ledgers.values(), WireLedger())
    return {"total": total.as_dict(),
            "wires": {name: ledger.as_dict() for name, ledger in ledgers.items()}}
