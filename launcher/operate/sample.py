"""One look at a running deployment's shared memory and processes; two make rates."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from actors.runtime.clock import NS, monotonic_ns
from launcher.operate.deployment import Deployment
from schemas.enums import ActorState

__all__ = ["ActorSample", "ProcessUse", "Sample", "process_use", "take_sample"]

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class ProcessUse:
    """What a process has used: CPU time in ns since it began, resident memory in bytes."""

    pid: int
    cpu_ns: int
    rss_bytes: int


@dataclass(frozen=True)
class ActorSample:
    """One actor's page at one moment. ``uptime_ns`` is 0 unless it runs."""

    name: str
    process: str
    state: str
    pid: int
    epoch: int
    restarts: int
    uptime_ns: int
    handled: int
    queue: int
    reason: str
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def lives(self) -> bool:
        return self.pid > 0


@dataclass(frozen=True)
class Sample:
    """All of a deployment at one moment, ``at_ns`` monotonic."""

    at_ns: int
    actors: dict[str, ActorSample]
    processes: dict[str, ProcessUse]

    def counter(self, name: str) -> int:
        """The sum of the counter ``name`` over the actors that have it."""
        return sum(a.counters.get(name, 0) for a in self.actors.values())

    def handled_per_second(self, actor: str, before: Sample) -> float:
        """Messages ``actor`` handled a second since the sample ``before``."""
        elapsed = self.at_ns - before.at_ns
        handled = self.actors[actor].handled - before.actors[actor].handled
        return handled * NS / elapsed if elapsed > 0 else 0.0

    def cpu_share(self, process: str, before: Sample) -> float:
        """Cores that ``process`` kept busy since ``before``; 1.0 is one of them."""
        now, then = self.processes.get(process), before.processes.get(process)
        elapsed = self.at_ns - before.at_ns
        if now is None or then is None or now.pid != then.pid or elapsed <= 0:
            return 0.0
        return (now.cpu_ns - then.cpu_ns) / elapsed


def take_sample(deployment: Deployment) -> Sample:
    """The deployment now, from its pages and from /proc."""
    actors = {a.name: _actor_sample(deployment, a.name, a.process) for a in deployment.plan.actors}
    pids = {a.process: a.pid for a in actors.values() if a.pid}
    pids["supervisor"] = int(deployment.page["supervisor_pid"])
    uses = {name: process_use(pid) for name, pid in pids.items() if pid}
    return Sample(monotonic_ns(), actors, {n: use for n, use in uses.items() if use is not None})


def _actor_sample(deployment: Deployment, name: str, process: str) -> ActorSample:
    page = deployment.vitals(name)
    if page is None:
        return ActorSample(name, process, "NONE", 0, 0, 0, 0, 0, 0, "")
    header = page.header
    state = ActorState(int(header["state"])).name
    down = state in ("BACKOFF", "STOPPED", "FATAL", "NONE")
    began = int(header["started_ns"]) or int(header["ready_ns"])
    return ActorSample(
        name=name, process=process, state=state, pid=0 if down else int(header["pid"]),
        epoch=int(header["epoch"]), restarts=int(header["restarts"]),
        uptime_ns=monotonic_ns() - began if began and not down else 0,
        handled=int(header["handled"]), queue=max(int(header["queue"]), 0),
        reason=header["reason"].item().decode(errors="replace"),
        counters=dict(zip(page.counter_names, page.counters.tolist(), strict=False)))


def process_use(pid: int) -> ProcessUse | None:
    """What the process ``pid`` has used; None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read().rpartition(b")")[2].split()
        with open(f"/proc/{pid}/statm", "rb") as file:
            resident = int(file.read().split()[1])
    except (OSError, IndexError):
        return None
    ticks = int(stat[11]) + int(stat[12])  # utime and stime, proc(5)
    return ProcessUse(pid, ticks * NS // _TICKS_PER_SECOND, resident * _PAGE_BYTES)
