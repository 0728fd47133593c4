"""What became of each fault: who died of it, and how long it took until all was well again."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from actors.runtime.clock import monotonic_ns
from actors.runtime.pids import is_alive
from launcher.chaos.model import SUPERVISOR, WIRE_FAULTS, FaultName
from launcher.chaos.schedule import Step
from launcher.operate.deployment import Deployment
from schemas.enums import ActorState

__all__ = ["Outcome", "Struck", "Watch"]

_WELL = (int(ActorState.RUNNING), int(ActorState.DEGRADED))


class Outcome(enum.StrEnum):
    """How a fault ended."""

    RESTARTED = "restarted"          #: a process died of it, and its successor runs
    SURVIVED = "survived"            #: nobody died
    NOT_STRUCK = "not struck"        #: the crash point was not reached, no message came
    NOT_RECOVERED = "not recovered"  #: not within the time that is allowed
    SUPERSEDED = "superseded"        #: it was not over yet when the same actor was hit again


@dataclass
class Struck:
    """A step that was carried out. Times are ns; None where there is none. ``recovery_ns``: from
    the fault, or its end, until every actor ran; ``order_ns``: until the next order was sent."""

    step: Step
    began_ns: int
    over_ns: int
    epochs: dict[str, int] = field(default_factory=dict)
    pid: int = 0
    outcome: Outcome | None = None
    recovery_ns: int | None = None
    order_ns: int | None = None

    @property
    def settled(self) -> bool:
        return self.outcome is not None

    def as_dict(self) -> dict:
        return {"at_ns": self.step.at_ns, "fault": str(self.step.fault),
                "target": self.step.target, **dict(self.step.what),
                "outcome": str(self.outcome or Outcome.NOT_RECOVERED),
                "recovery_ns": self.recovery_ns, "first_order_ns": self.order_ns}


class Watch:
    """Follows the deployment after each step. ``budget_ns``: within which it must be well again."""

    def __init__(self, deployment: Deployment, budget_ns: int):
        self._deployment, self._budget_ns = deployment, budget_ns
        self.struck: list[Struck] = []

    # ---- how it is -----------------------------------------------------------------------------

    def epochs(self) -> dict[str, int]:
        """The incarnation of every actor that has a page."""
        pages = {a.name: self._deployment.vitals(a.name) for a in self._deployment.plan.actors}
        return {name: int(page.header["epoch"]) for name, page in pages.items() if page}

    def not_well(self) -> str:
        """Who does not run, in words; empty if everybody does."""
        if not is_alive(int(self._deployment.page["supervisor_pid"])):
            return "the supervisor is dead"
        for actor in self._deployment.plan.actors:
            page = self._deployment.vitals(actor.name)
            if page is None:
                return f"{actor.name} has not begun"
            if int(page.header["state"]) not in _WELL:
                return f"{actor.name} is {ActorState(int(page.header['state'])).name}"
            if not is_alive(int(page.header["pid"])):
                return f"{actor.name} is dead"
        return ""

    def orders(self) -> int:
        """Orders that gateways have sent so far."""
        pages = [self._deployment.vitals(a.name) for a in self._deployment.plan.actors]
        return sum(page.counter("orders_sent") for page in pages
                   if page and page.description.get("kind") == "gateway")

    # ---- after a step --------------------------------------------------------------------------

    def begin(self, step: Step, pid: int) -> Struck:
        """Remembers how things were; call just before the step is carried out. ``pid``: whom it is
        meant for, 0 for a wire."""
        now = monotonic_ns()
        for earlier in self.struck:
            if not earlier.settled and earlier.step.target == step.target:
                earlier.outcome = Outcome.SUPERSEDED
        struck = Struck(step, now, now + step.get("for", 0), self.epochs(), pid)
        self.struck.append(struck)
        return struck

    def look(self, now_ns: int) -> list[Struck]:
        """Settles what can be settled; returns those steps."""
        waiting = [s for s in self.struck if not s.settled or s.order_ns is None]
        if not waiting:
            return []
        well, epochs, orders = not self.not_well(), self.epochs(), self.orders()
        settled = []
        for struck in waiting:
            if not struck.settled:
                self._settle(struck, now_ns, well, epochs)
                if struck.settled:
                    struck.epochs["orders"] = orders
                    settled.append(struck)
            elif struck.recovery_ns is not None and orders > struck.epochs["orders"]:
                struck.order_ns = now_ns - struck.over_ns
        return settled

    def _settle(self, struck: Struck, now_ns: int, well: bool, epochs: dict[str, int]) -> None:
        step, target = struck.step, struck.step.target
        died = any(epochs.get(name, 0) > epoch for name, epoch in struck.epochs.items()
                   if name != "orders")
        if step.fault == FaultName.CRASH and is_alive(struck.pid) and not died:
            struck.over_ns = now_ns  # it waits for its message still
            return
        dies = step.fault in (FaultName.KILL, FaultName.CRASH)
        if dies and target != SUPERVISOR and epochs.get(target, 0) <= struck.epochs.get(target, 0):
            well = False  # its page says how it was
        if dies and target == SUPERVISOR and \
                int(self._deployment.page["supervisor_pid"]) == struck.pid:
            well = False
        if now_ns >= struck.over_ns and well:
            struck.recovery_ns = max(now_ns - struck.over_ns, 0)
            struck.outcome = Outcome.RESTARTED if died or dies else Outcome.SURVIVED
        elif now_ns - struck.over_ns > self._budget_ns:
            struck.outcome = Outcome.NOT_RECOVERED

    def close(self) -> None:
        """What is not settled now never will be."""
        for struck in self.struck:
            if struck.settled:
                continue
            waits = struck.step.fault == FaultName.CRASH and is_alive(struck.pid)
            struck.outcome = Outcome.NOT_STRUCK if waits else Outcome.NOT_RECOVERED

    def note_wires(self, applied: dict[str, int]) -> None:
        """A fault on a wire that struck no message did nothing."""
        for struck in self.struck:
            if struck.step.fault in WIRE_FAULTS and applied.get(struck.step.target) == 0 \
                    and struck.step.fault != FaultName.FULL:
                struck.outcome = Outcome.NOT_STRUCK
