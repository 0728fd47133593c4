"""What ``pitwire top`` shows at one moment, computed from two or more looks at shared memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from actors.runtime.clock import NS, monotonic_ns
from actors.runtime.histogram import summary
from actors.runtime.ledger import wire_ledger
from launcher.operate.deployment import Deployment
from launcher.operate.sample import Sample, take_sample
from launcher.operate.trading import trading_mode
from launcher.report import HOPS, MEASURES, measure, merged_histograms, positions
from schemas.enums import TradingState

__all__ = ["ActorRow", "Frame", "Rate", "Watch", "WireRow"]

_WINDOW_NS = 10 * NS


@dataclass(frozen=True)
class Rate:
    """A count since the start, and how fast it grows."""

    total: int
    per_second: float


@dataclass(frozen=True)
class WireRow:
    """One wire: messages taken a second, waiting now, and not delivered since the start."""

    name: str
    transport: str
    per_second: float
    queue: int
    dropped: int
    lost: int


@dataclass(frozen=True)
class ActorRow:
    """One actor; ``cpu`` (cores kept busy) and ``rss_bytes`` are those of its process."""

    name: str
    process: str
    state: str
    epoch: int
    restarts: int
    per_second: float
    queue: int
    cpu: float
    rss_bytes: int


@dataclass(frozen=True)
class Frame:
    """Everything on the screen. ``recent`` and ``overall``: for each hop the percentiles of the
    last seconds (``window_ns``) and since the start. ``mode``: the trading state in
    force, and ``why``."""

    name: str
    topology: str
    uptime_ns: int
    trading_enabled: bool
    risk_state: str
    mode: str
    why: str
    window_ns: int
    measures: dict[str, Rate]
    recent: dict[str, dict[str, int]]
    overall: dict[str, dict[str, int]]
    positions: dict[str, dict[str, Any]]
    wires: list[WireRow]
    actors: list[ActorRow]


@dataclass(frozen=True)
class _Look:
    """What has to be remembered to tell later what changed."""

    sample: Sample
    measures: dict[str, int]
    handled: np.ndarray
    counts: dict[str, np.ndarray]


class Watch:
    """Looks at a running deployment again and again; reads nothing but shared memory and /proc."""

    def __init__(self, deployment: Deployment):
        self.deployment = deployment
        self._looks: deque[_Look] = deque()
        self.look()

    def look(self) -> None:
        """Remembers how things stand; rates come from the difference."""
        sample = take_sample(self.deployment)
        counts = {hop: found[0] for hop, found in merged_histograms(self.deployment).items()}
        measures = {name: measure(self.deployment, sample, name) for name in MEASURES}
        handled = np.array(self.deployment.wires["handled"])
        self._looks.append(_Look(sample, measures, handled, counts))
        while self._looks[-1].sample.at_ns - self._looks[0].sample.at_ns > _WINDOW_NS:
            self._looks.popleft()

    def frame(self) -> Frame:
        """The state at the last look, with rates since the one before and percentiles over the last
        ten seconds."""
        deployment, page = self.deployment, self.deployment.page
        newest = self._looks[-1]
        before = self._looks[-2] if len(self._looks) > 1 else newest
        overall = {hop: summary(counts, max_ns) for hop, (counts, max_ns)
                   in merged_histograms(deployment).items()}
        began = int(page["started_ns"])
        return Frame(
            name=deployment.plan.name, topology=str(deployment.topology),
            uptime_ns=monotonic_ns() - began if began else 0,
            trading_enabled=bool(page["trading_enabled"]), risk_state=_risk_state(deployment),
            **trading_mode(deployment),
            window_ns=newest.sample.at_ns - self._looks[0].sample.at_ns,
            measures={name: Rate(total, _rate(total - before.measures[name], newest, before))
                      for name, total in newest.measures.items()},
            recent={hop: summary(newest.counts[hop] - self._looks[0].counts[hop]) for hop in HOPS},
            overall=overall, positions=positions(deployment),
            wires=self._wires(newest, before), actors=_actors(newest.sample, before.sample))

    def _wires(self, newest: _Look, before: _Look) -> list[WireRow]:
        rows = []
        for plan in self.deployment.plan.wires:
            ledger = wire_ledger(self.deployment.wires[plan.index])
            taken = int(newest.handled[plan.index] - before.handled[plan.index])
            rows.append(WireRow(plan.name, plan.transport, _rate(taken, newest, before),
                                ledger.in_flight, ledger.dropped, ledger.lost))
        return rows


def _rate(change: int, newest: _Look, before: _Look) -> float:
    elapsed = newest.sample.at_ns - before.sample.at_ns
    return change * NS / elapsed if elapsed > 0 else 0.0


def _actors(sample: Sample, before: Sample) -> list[ActorRow]:
    rows = []
    for name, actor in sample.actors.items():
        use = sample.processes.get(actor.process)
        rows.append(ActorRow(
            name, actor.process, actor.state, actor.epoch, actor.restarts,
            sample.handled_per_second(name, before), actor.queue,
            sample.cpu_share(actor.process, before), use.rss_bytes if use else 0))
    return rows


def _risk_state(deployment: Deployment) -> str:
    """The trading state that risk's table holds; empty if no actor has one."""
    for actor in deployment.plan.actors:
        table = deployment.table(actor.name, "state")
        if table is not None and "trading_state" in (table.dtype.names or ()):
            return TradingState(int(table[0]["trading_state"])).name
    return ""
