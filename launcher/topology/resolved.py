"""A deployment in the words of the topology file, with nothing left to defaults."""

from __future__ import annotations

import re
from typing import Any

import yaml

from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, WirePlan
from actors.runtime.durations import format_duration
from launcher.topology.load import CoreDumper
from launcher.topology.model import Topology
from launcher.topology.wires import wires_of

__all__ = ["resolved", "resolved_yaml"]

_NOTE = "__note__"
_NOTE_AT_END = re.compile(rf",? ?{_NOTE}: (.*?)\}}$", re.MULTILINE)


def resolved(plan: Plan, topology: Topology) -> dict[str, Any]:
    """The deployment as plain data: a topology file's keys, and ``address`` on every wire.

    ``run_dir``, ``shm_dir`` and ``start_order`` tell what no topology file says.
    """
    data = _document(plan, topology, lambda wire: {"address": wire.address})
    return {**data, "run_dir": plan.run_dir, "shm_dir": plan.shm_dir,
            "start_order": list(plan.start_order)}


def resolved_yaml(plan: Plan, topology: Topology) -> str:
    """The deployment as a topology file that means the same.

    Addresses that follow from the run folder stand in comments: another deployment has others.
    """
    data = _document(plan, topology, lambda wire: {
        "address" if wire.transport == "tcp" else _NOTE: wire.address})
    text = yaml.dump(data, Dumper=CoreDumper, sort_keys=False, default_flow_style=None,
                     allow_unicode=True, width=float("inf"))
    return (f"# resolved from {plan.topology}\n# run folder {plan.run_dir}\n"
            f"# shared memory {plan.shm_dir}\n# started in the order "
            f"{', '.join(plan.start_order)}\n" + _NOTE_AT_END.sub(r"}  # \1", text))


def _document(plan: Plan, topology: Topology, address_of) -> dict[str, Any]:
    breakers = [wire.spec.breaker for wire in wires_of(topology)]
    lease = plan.lease
    data: dict[str, Any] = {
        "version": 1, "name": plan.name, "symbols": list(plan.symbols),
        "actors": {actor.name: {**_actor(actor, plan, breakers, address_of),
                                **_named(topology.actors[actor.name].breaker)}
                   for actor in plan.actors},
        "groups": {group.name: {"strategy": group.strategy, "actors": list(group.actors),
                                "max_restarts": group.max_restarts,
                                "within": format_duration(group.within_ns)}
                   for group in plan.groups},
        "breakers": {name: _breaker(spec) for name, spec in (topology.breakers or {}).items()},
        "lease": {"period": format_duration(lease.period_ns), "on_lost": lease.on_lost,
                  "grace": format_duration(lease.grace_ns)},
        "processes": {process.name: _process(process) for process in plan.processes},
        "on_launcher_exit": plan.on_launcher_exit,
    }
    return {key: value for key, value in data.items() if value not in ({}, [])}


def _actor(actor: ActorPlan, plan: Plan, breakers: list[str | None], address_of) -> dict[str, Any]:
    inputs: dict[str, list] = {}
    for wire in plan.inputs_of(actor.name):
        said = {**_wire(wire, breakers[wire.index]), **address_of(wire)}
        inputs.setdefault(wire.target_port, []).append(said)
    restart, backoff, health = actor.restart, actor.restart.backoff, actor.health
    data = {
        "class": actor.class_path,
        "config": actor.config,
        "inputs": {port: wires[0] if len(wires) == 1 else wires for port, wires in inputs.items()},
        "process": actor.process, "thread": actor.thread,
        "depends_on": {name: {"condition": until} for name, until in actor.depends_on.items()},
        "restart": restart.policy, "max_restarts": restart.max_restarts,
        "within": format_duration(restart.within_ns), "on_exhausted": restart.on_exhausted,
        "backoff": {"initial": format_duration(backoff.initial_ns),
                    "max": format_duration(backoff.max_ns), "factor": backoff.factor,
                    "jitter": backoff.jitter,
                    "reset_after": format_duration(backoff.reset_after_ns)},
        "healthcheck": {"interval": format_duration(health.interval_ns), "retries": health.retries,
                        "start_period": format_duration(health.start_period_ns),
                        "slow": format_duration(health.slow_ns)},
        "stop_grace": format_duration(actor.stop_grace_ns),
    }
    if actor.significant:
        data["significant"] = True
    if actor.recovery_budget_ns:
        data["recovery"] = {"budget": format_duration(actor.recovery_budget_ns)}
    return {key: value for key, value in data.items() if value not in ({}, [])}


def _wire(wire: WirePlan, breaker: str | None) -> dict[str, Any]:
    said = {"source": f"{wire.source_actor}/{wire.source_port}", "transport": wire.transport,
            "capacity": wire.capacity, "overflow": wire.overflow}
    return said | _named(breaker)


def _named(breaker: str | None) -> dict[str, str]:
    return {"breaker": breaker} if breaker else {}


def _breaker(spec: Any) -> dict[str, Any]:
    times = {"reset_timeout": spec.reset_timeout, "max_reset_timeout": spec.max_reset_timeout,
             "stale_after": spec.stale_after}
    return {"max_failures": spec.max_failures,
            **{word: format_duration(ns) for word, ns in times.items() if ns is not None},
            "half_open_max": spec.half_open_max, "on_open": spec.on_open,
            "failures": list(spec.failures)}


def _process(process: ProcessPlan) -> dict[str, Any]:
    threads = {}
    for thread in process.threads:
        core = {} if thread.core is None else {"core": thread.core}
        threads[thread.name] = {"wait": thread.wait, "spin": format_duration(thread.spin_ns),
                                **core}
    own = {} if process.core is None else {"core": process.core}
    return {**own, "threads": threads}
