"""Builds plans for small deployments and runs their processes, for tests."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pathlib
import socket
import time
from dataclasses import dataclass

import numpy as np

from actors.runtime import plain, reactor
from actors.runtime.clock import monotonic_ns
from actors.runtime.host import ActorError, load_class
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan, WirePlan
from actors.runtime.process import Command, run_process
from actors.runtime.vitals import Vitals, map_deployment, map_table, map_wires
from schemas.enums import ActorState

RELAY = "tests.runtime.relay_actors"


def eventually(condition, timeout: float = 20.0, what: str = "condition"):
    """Waits until ``condition()`` is true and returns it; fails the test after ``timeout`` s."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {timeout} s")
        time.sleep(0.002)


def relay_plan(root: pathlib.Path, placement: str = "processes", transport: str | None = None,
               sink: str = "Sink", relay: bool = True, overflow: str = "block",
               capacity: int = 64, wait: str = "blocking", **source) -> Plan:
    """source -> relay -> sink; ``placement``: processes, threads or thread."""
    chain = ["source", "relay", "sink"] if relay else ["source", "sink"]
    classes = {"source": "Source", "relay": "Relay", "sink": sink}
    run_dir, shm_dir = root / "run", root / "shm"
    (run_dir / "logs").mkdir(parents=True, exist_ok=True)
    shm_dir.mkdir(parents=True, exist_ok=True)
    home = {"processes": lambda a: (a, a), "threads": lambda a: ("all", a),
            "thread": lambda a: ("all", "all")}[placement]
    actors = tuple(ActorPlan(a, i, f"{RELAY}:{classes[a]}", source if a == "source" else {},
                             *home(a)) for i, a in enumerate(chain))
    processes = {}
    for actor in actors:
        processes.setdefault(actor.process, {}).setdefault(actor.thread, []).append(actor.name)
    if transport is None:
        transport = "ipc" if placement == "processes" else "inproc"
    wires = tuple(
        WirePlan(i, a, "numbers", b, "numbers", "OrderCommand", transport,
                 f"{run_dir}/w{i}" if transport != "tcp" else f"127.0.0.1:{free_port()}",
                 capacity, overflow)
        for i, (a, b) in enumerate(zip(chain, chain[1:])))
    plan = Plan("test", "", str(run_dir), str(shm_dir), ("A", "B", "C", "D"), actors,
                tuple(ProcessPlan(p, tuple(ThreadPlan(t, tuple(names), wait=wait)
                                           for t, names in threads.items()))
                      for p, threads in processes.items()), wires)
    (run_dir / "plan.json").write_text(plan.to_json())
    return plan


@dataclass(frozen=True)
class W:
    """A wire of :func:`plan_of`: ``source`` and ``target`` are written ``actor/port``."""

    source: str
    target: str
    message: str = "OrderCommand"
    overflow: str = "block"
    capacity: int = 64
    transport: str = "inproc"


def plan_of(root: pathlib.Path, actors: dict[str, str], wires: list[W],
            threads: dict[str, tuple[str, ...]] | None = None, configs: dict | None = None,
            wait: str = "blocking", core: int | None = None) -> Plan:
    """A plan of ``actors`` (name -> class in ``tests.runtime`` as ``module:Class``).

    ``threads`` (name -> actors) places them in one process, by default all on one thread; wires
    that are not inproc put each actor in a process of its own.
    """
    run_dir, shm_dir = root / "run", root / "shm"
    (run_dir / "logs").mkdir(parents=True, exist_ok=True)
    shm_dir.mkdir(parents=True, exist_ok=True)
    apart = any(w.transport != "inproc" for w in wires)
    if threads is None:
        threads = {a: (a,) for a in actors} if apart else {"main": tuple(actors)}
    of = {actor: thread for thread, names in threads.items() for actor in names}
    actor_plans = tuple(
        ActorPlan(name, i, f"tests.runtime.{path}", (configs or {}).get(name, {}),
                  name if apart else "all", of[name])
        for i, (name, path) in enumerate(actors.items()))
    thread_plans = tuple(ThreadPlan(t, tuple(names), wait, core=core)
                         for t, names in threads.items())
    processes = (tuple(ProcessPlan(t.name, (t,)) for t in thread_plans) if apart
                 else (ProcessPlan("all", thread_plans),))
    wire_plans = tuple(
        WirePlan(i, *w.source.split("/"), *w.target.split("/"), w.message, w.transport,
                 f"127.0.0.1:{free_port()}" if w.transport == "tcp" else f"{run_dir}/w{i}",
                 w.capacity, w.overflow)
        for i, w in enumerate(wires))
    plan = Plan("test", "", str(run_dir), str(shm_dir), ("A", "B", "C", "D"), actor_plans,
                processes, wire_plans)
    (run_dir / "plan.json").write_text(plan.to_json())
    return plan


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def warm(plan: Plan) -> None:
    """Compiles, or loads, what the plan's processes will need: once here, not in each of them at
    the same time. Actors that cannot be loaded are left to their processes."""
    reactor.warm()
    plain.warm()
    for actor in plan.actors:
        with contextlib.suppress(ActorError):
            for handler in load_class(actor.class_path).handlers():
                handler.compile()


class Running:
    """The processes of a plan, started as the supervisor would, without a supervisor."""

    def __init__(self, plan: Plan):
        self.plan = plan
        warm(plan)
        self.wires = map_wires(plan.shm_dir, len(plan.wires), create=True)
        self.deployment = map_deployment(plan.shm_dir, create=True)
        self.deployment["trading_enabled"] = 1
        self._fork = multiprocessing.get_context("forkserver")
        self._fork.set_forkserver_preload(["actors.runtime.process", RELAY])
        self.processes = {}

    def __enter__(self) -> Running:
        for process in self.plan.processes:
            self.start(process.name)
        return self

    def start(self, name: str) -> None:
        process = self._fork.Process(target=_main, args=(f"{self.plan.run_dir}/plan.json", name))
        process.start()
        self.processes[name] = process

    def kill(self, name: str) -> None:
        """SIGKILL and reap, unless it has died by itself; then the wires' pages are told, as the
        supervisor does."""
        self.processes[name].kill()
        self.processes[name].join(10)
        for wire in self.plan.wires:
            if self.plan.actor(wire.target_actor).process == name:
                self.wires[wire.index]["c_epoch"] = 0
            if self.plan.actor(wire.source_actor).process == name:
                self.wires[wire.index]["p_connected"] = 0

    def vitals(self, actor: str) -> Vitals:
        return Vitals(pathlib.Path(self.plan.shm_dir) / f"{actor}.vitals")

    def seen(self, dtype, actor: str = "sink") -> np.ndarray:
        return map_table(self.plan.shm_dir, actor, "seen", dtype, (1,))[0]

    def all_running(self) -> bool:
        """Whether the present incarnation of every actor is up and connected to its consumers."""
        def running(actor):
            try:
                header = self.vitals(actor.name).header
            except (OSError, ValueError):
                return False
            return (header["state"] == ActorState.RUNNING
                    and header["pid"] == self.processes[actor.process].pid)
        return all(map(running, self.plan.actors)) and all(
            wire["p_connected"] == wire["c_epoch"] != 0 for wire in self.wires)

    def stop(self) -> dict[str, int]:
        """Stops producers before consumers; returns exit statuses."""
        for actor in self.plan.actors:
            if self.processes[actor.process].is_alive():
                self.vitals(actor.name).header["command"] = Command.STOP
        for process in self.processes.values():
            process.join(10)
        return {name: p.exitcode for name, p in self.processes.items()}

    def __exit__(self, *exc) -> None:
        for process in self.processes.values():
            if process.is_alive():
                process.kill()
                process.join(10)


def _main(plan_path: str, name: str) -> None:
    os._exit(run_process(plan_path, name))


def now() -> int:
    return monotonic_ns()
