"""The plan of a deployment: what runs where, over which wires. Plain data, JSON both ways.

The launcher resolves a topology file into a :class:`Plan`; the supervisor and every process it
starts read nothing else. Names are unique; ``index`` fields number actors and wires from 0 in file
order and are their places in shared memory.
"""

from __future__ import annotations

import dataclasses
import json
import pathlib
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "ActorPlan", "Backoff", "DEFAULT_SPIN_NS", "GroupPlan", "HealthCheck", "Plan", "ProcessPlan",
    "RestartPlan", "ThreadPlan", "WirePlan",
]


@dataclass(frozen=True)
class Backoff:
    """Delay before restart number n: ``initial * factor**n`` up to ``max``, spread by ``jitter``.
    """

    initial_ns: int = 10_000_000
    max_ns: int = 5_000_000_000
    factor: float = 2.0
    jitter: float = 0.2
    reset_after_ns: int = 10_000_000_000


@dataclass(frozen=True)
class RestartPlan:
    """When an actor's process is started again, and how often at most."""

    policy: str = "on-failure"  # no | on-failure | always
    max_restarts: int = 5
    within_ns: int = 60_000_000_000
    backoff: Backoff = field(default_factory=Backoff)
    on_exhausted: str = "isolate"  # isolate | halt


@dataclass(frozen=True)
class HealthCheck:
    """A running actor whose heartbeat stands still for ``interval * retries`` is hung."""

    interval_ns: int = 10_000_000
    retries: int = 20
    start_period_ns: int = 30_000_000_000


@dataclass(frozen=True)
class ActorPlan:
    """One actor: its class (``package.module:Class``), its validated config and its policies."""

    name: str
    index: int
    class_path: str
    config: dict[str, Any]
    process: str
    thread: str
    depends_on: tuple[str, ...] = ()
    restart: RestartPlan = field(default_factory=RestartPlan)
    health: HealthCheck = field(default_factory=HealthCheck)
    stop_grace_ns: int = 1_000_000_000


#: How long a thread looks for messages before it sleeps, where the topology does not say. Yielding
#: lasts longer than a busy market's pauses; blocking loses nothing by sleeping at once, as those it
#: waits for often share its core.
DEFAULT_SPIN_NS = {"busy_spin": 0, "yielding": 1_000_000, "blocking": 0}


@dataclass(frozen=True)
class ThreadPlan:
    """One reactor: the actors it runs, in order, how it waits, and the core it is pinned to."""

    name: str
    actors: tuple[str, ...]
    wait: str = "blocking"  # busy_spin | yielding | blocking
    spin_ns: int = 0  # how long it looks on, without messages, before it sleeps; not for busy_spin
    core: int | None = None


@dataclass(frozen=True)
class ProcessPlan:
    """One operating-system process: its reactor threads, and the core of its housekeeper."""

    name: str
    threads: tuple[ThreadPlan, ...]
    core: int | None = None

    @property
    def actors(self) -> tuple[str, ...]:
        return tuple(name for thread in self.threads for name in thread.actors)


@dataclass(frozen=True)
class WirePlan:
    """One output port joined to one input port.

    ``address`` is where the consumer binds: a stem to which its epoch is appended for inproc and
    ipc, ``host:port`` for tcp. ``capacity`` counts messages.
    """

    index: int
    source_actor: str
    source_port: str
    target_actor: str
    target_port: str
    message: str
    transport: str  # inproc | shm | ipc | tcp
    address: str
    capacity: int
    overflow: str  # block | drop_newest | latest | fail

    @property
    def name(self) -> str:
        return f"{self.source_actor}/{self.source_port} -> {self.target_actor}/{self.target_port}"


@dataclass(frozen=True)
class GroupPlan:
    """Actors that are restarted together: ``one_for_one``, ``one_for_all`` or ``rest_for_one``."""

    name: str
    strategy: str
    actors: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A whole deployment, fully resolved.

    ``run_dir`` holds sockets, logs and the plan itself; ``shm_dir`` the pages in shared memory.
    ``start_order`` names all actors, each after those it depends on. ``python_path`` are folders to
    append to ``sys.path`` before actor classes are imported.
    """

    name: str
    topology: str
    run_dir: str
    shm_dir: str
    symbols: tuple[str, ...]
    actors: tuple[ActorPlan, ...]
    processes: tuple[ProcessPlan, ...]
    wires: tuple[WirePlan, ...]
    groups: tuple[GroupPlan, ...] = ()
    version: int = 1
    start_order: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()

    def actor(self, name: str) -> ActorPlan:
        """The actor called ``name``; KeyError if there is none."""
        for actor in self.actors:
            if actor.name == name:
                return actor
        raise KeyError(name)

    def process(self, name: str) -> ProcessPlan:
        """The process called ``name``; KeyError if there is none."""
        for process in self.processes:
            if process.name == name:
                return process
        raise KeyError(name)

    def inputs_of(self, actor: str) -> tuple[WirePlan, ...]:
        return tuple(w for w in self.wires if w.target_actor == actor)

    def outputs_of(self, actor: str) -> tuple[WirePlan, ...]:
        return tuple(w for w in self.wires if w.source_actor == actor)

    def to_json(self, indent: int | None = None) -> str:
        return json.dumps(dataclasses.asdict(self), indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        return _plan_from(json.loads(text))

    @classmethod
    def load(cls, path: str | pathlib.Path) -> Plan:
        return cls.from_json(pathlib.Path(path).read_text())


def _plan_from(data: dict[str, Any]) -> Plan:
    def restart(d: dict[str, Any]) -> RestartPlan:
        return RestartPlan(**{**d, "backoff": Backoff(**d["backoff"])})

    def actor(d: dict[str, Any]) -> ActorPlan:
        return ActorPlan(**{**d, "depends_on": tuple(d["depends_on"]),
                            "restart": restart(d["restart"]), "health": HealthCheck(**d["health"])})

    def process(d: dict[str, Any]) -> ProcessPlan:
        threads = tuple(ThreadPlan(**{**t, "actors": tuple(t["actors"])}) for t in d["threads"])
        return ProcessPlan(**{**d, "threads": threads})

    return Plan(**{
        **data,
        "symbols": tuple(data["symbols"]),
        "actors": tuple(map(actor, data["actors"])),
        "processes": tuple(map(process, data["processes"])),
        "wires": tuple(WirePlan(**w) for w in data["wires"]),
        "groups": tuple(GroupPlan(**{**g, "actors": tuple(g["actors"])}) for g in data["groups"]),
        "start_order": tuple(data.get("start_order", ())),
        "python_path": tuple(data.get("python_path", ())),
    })
