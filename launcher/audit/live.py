"""The audit of a deployment: a moment at which nothing is on its way, and the venue's word for it.

What is read must be of one moment. Trading need not be stopped by us, but orders must have come to
rest: no wire carries an order or a report, nobody waits for an answer, and the tables do not change
while they are copied. The venue's market goes on meanwhile; of its messages those count that the
gateway had taken then, and what it has not taken soon after is a difference too.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from actors.runtime.ledger import deployment_ledger, wire_ledger
from launcher.audit.account import fold_messages
from launcher.audit.beliefs import Belief, read_beliefs
from launcher.audit.compare import Difference, compare, compare_book
from launcher.audit.venue import VenueRecord, read_venue
from launcher.operate.deployment import Deployment

__all__ = ["Audit", "NotQuiet", "audit", "trading_held", "what_moves"]

_POLL_S = 0.01
_SETTLE_S = 0.05   # messages that were under way while the first look was taken
_CATCH_UP_S = 2.0
_ORDER_FLOW = ("OrderCommand", "ExecutionReport")


class NotQuiet(Exception):
    """Orders do not come to rest: there is no moment that could be compared. Says what moves."""


@dataclass(frozen=True)
class Audit:
    """``differences`` is empty if all agree. The counts say what was compared; ``unexplained`` are
    messages that the ledger has no account of."""

    differences: tuple[Difference, ...]
    session: str
    records: int
    orders: int
    working: int
    fills: int
    shares: int
    actors: tuple[str, ...]
    unexplained: int
    ledger: dict[str, Any] = field(default_factory=dict)
    took_s: float = 0.0

    @property
    def equal(self) -> bool:
        return not self.differences and self.unexplained == 0

    def as_dict(self) -> dict[str, Any]:
        return {"equal": self.equal, "session": self.session, "records": self.records,
                "orders": self.orders, "working": self.working, "fills": self.fills,
                "shares": self.shares, "actors": list(self.actors),
                "unexplained": self.unexplained, "ledger": self.ledger,
                "differences": [d.as_dict() for d in self.differences],
                "took_s": round(self.took_s, 3)}


@contextlib.contextmanager
def trading_held(deployment: Deployment) -> Iterator[None]:
    """Meanwhile no strategy of the deployment sends a new order."""
    before = int(deployment.page["trading_enabled"])
    deployment.page["trading_enabled"] = 0
    try:
        yield
    finally:
        deployment.page["trading_enabled"] = before


def audit(deployment: Deployment, timeout_s: float = 10.0) -> Audit:
    """Compares what everybody believes with the exchange's journal, once the desk is quiet.
    NotQuiet if it is not within ``timeout_s``; VenueUnreadable if there is no journal to compare
    with."""
    began = time.monotonic()
    belief = _quiet_belief(deployment, began + timeout_s)
    record = read_venue(deployment.plan)
    taken = _moment(deployment, belief, record)
    accounts = {name: fold_messages(stream.decoded(taken.get(name)))
                for name, stream in record.accounts.items()}
    found = compare(accounts, belief)
    for name, stream in record.accounts.items():
        whole = fold_messages(stream.decoded())
        found += compare_book(whole, {order.ref: order.leaves for order in stream.resting})
    ledger = deployment_ledger(deployment.plan, deployment.wires)["total"]
    mine = [accounts[g.username] for g in belief.gateways if g.username in accounts]
    return Audit(
        tuple(found), record.session, record.records, sum(len(a.orders) for a in mine),
        sum(len(a.working()) for a in mine), sum(len(a.fills) for a in mine),
        sum(fill.shares for a in mine for fill in a.fills),
        tuple(b.actor for b in (*belief.gateways, *belief.risks, *belief.strategies)),
        ledger["unexplained"], ledger, time.monotonic() - began)


def _moment(deployment: Deployment, belief: Belief, record: VenueRecord) -> dict[str, int]:
    """How many of the venue's messages to each account belong to the moment of ``belief``: those
    that its gateway had taken, unless it does not take the others either, soon after."""
    deadline = time.monotonic() + _CATCH_UP_S
    taken = {g.username: g.taken for g in belief.gateways if g.username in record.accounts}
    while time.monotonic() < deadline:
        now = {g.username: g.taken for g in read_beliefs(deployment).gateways}
        if all(now.get(name, 0) >= len(record.accounts[name].messages) for name in taken):
            return taken
        time.sleep(_POLL_S)
    return {}


def _quiet_belief(deployment: Deployment, deadline: float) -> Belief:
    """What everybody believes, at a moment at which nothing is on its way."""
    moving = "the actors have no pages yet"
    while True:
        before = read_beliefs(deployment)
        moving = what_moves(deployment, before)
        if not moving:
            time.sleep(_SETTLE_S)
            after = read_beliefs(deployment)
            if after == before and not what_moves(deployment, after):
                return after
            moving = moving or "orders and positions change"
        if time.monotonic() > deadline:
            raise NotQuiet(moving)
        time.sleep(_POLL_S)


def what_moves(deployment: Deployment, belief: Belief) -> str:
    """What is on its way, in words; empty if nothing is."""
    if not belief.gateways:
        return f"{deployment.plan.name} has no gateway that runs"
    if belief.silent:
        return (f"{' and '.join(belief.silent)} cannot be compared: no orders and positions in "
                f"shared memory")
    for wire in deployment.plan.wires:
        if wire.message in _ORDER_FLOW:
            flying = wire_ledger(deployment.wires[wire.index]).in_flight
            if flying:
                return f"{flying} messages are on the wire {wire.name}"
    if belief.unanswered:
        return f"{belief.unanswered} orders wait for an answer"
    return ""
