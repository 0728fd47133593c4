"""From a checked topology to the plan that supervisor and actor processes run by."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from actors.runtime.actor import Actor
from actors.runtime.plan import (
    ActorPlan, Backoff, GroupPlan, HealthCheck, Plan, ProcessPlan, RestartPlan, WirePlan,
)
from launcher.topology.cycles import ordered
from launcher.topology.model import Topology
from launcher.topology.paths import RunFolders, ipc_address
from launcher.topology.placement import placement_of
from launcher.topology.wires import Wire, input_of, overflow_of

__all__ = ["health_of", "make_plan", "restart_of", "summary", "transport_of"]


def make_plan(topology: Topology, path: pathlib.Path, folders: RunFolders,
              classes: Mapping[str, type[Actor]], configs: Mapping[str, pydantic.BaseModel],
              processes: Sequence[ProcessPlan], wires: Sequence[Wire],
              python_path: tuple[str, ...]) -> Plan:
    """The plan of a topology in which no check found anything wrong."""
    return Plan(
        name=topology.name,
        topology=str(path.resolve()),
        run_dir=str(folders.run_dir),
        shm_dir=str(folders.shm_dir),
        symbols=tuple(topology.symbols),
        actors=tuple(_actor(topology, name, index, configs[name])
                     for index, name in enumerate(topology.actors)),
        processes=tuple(processes),
        wires=tuple(_wire(topology, wire, index, folders, classes)
                    for index, wire in enumerate(wires)),
        groups=tuple(GroupPlan(name, spec.strategy, tuple(spec.actors))
                     for name, spec in (topology.groups or {}).items()),
        start_order=tuple(ordered({name: spec.depends_on or ()
                                   for name, spec in topology.actors.items()})),
        python_path=python_path,
    )


def summary(plan: Plan) -> str:
    """``7 actors, 7 processes, 9 wires``: the supervisor and its process included."""
    counts = ((len(plan.actors) + 1, "actor", "actors"),
              (len(plan.processes) + 1, "process", "processes"), (len(plan.wires), "wire", "wires"))
    return ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in counts)


def transport_of(topology: Topology, wire: Wire) -> str:
    """The transport of a wire: its own word, else inproc within a process, and between two what its
    consumer says, or the defaults, or ipc."""
    ends = [placement_of(topology, name)[0] for name in (wire.source_actor, wire.target_actor)]
    if wire.spec.transport is not None or ends[0] == ends[1]:
        return wire.spec.transport or "inproc"
    said = _first((topology.actors.get(wire.target_actor), topology.defaults),
                  {"transport": "transport"})
    return said.get("transport", "ipc")


def restart_of(topology: Topology, actor: str) -> RestartPlan:
    """How ``actor`` is restarted: its own words, then the defaults', then the built-in ones."""
    levels = (topology.actors[actor], topology.defaults)
    said = _first(levels, {"policy": "restart", "max_restarts": "max_restarts",
                           "within_ns": "within", "on_exhausted": "on_exhausted"})
    backoff = _first([level and level.backoff for level in levels],
                     {"initial_ns": "initial", "max_ns": "max", "factor": "factor",
                      "jitter": "jitter", "reset_after_ns": "reset_after"})
    return RestartPlan(**said, backoff=Backoff(**backoff))


def health_of(topology: Topology, actor: str) -> HealthCheck:
    """When ``actor`` counts as hung: its own words, then the defaults', then the built-in ones."""
    levels = (topology.actors[actor], topology.defaults)
    return HealthCheck(**_first([level and level.healthcheck for level in levels],
                                {"interval_ns": "interval", "retries": "retries",
                                 "start_period_ns": "start_period"}))


def _first(levels: Sequence[Any], words: Mapping[str, str]) -> dict[str, Any]:
    """For each plan field, what the first level that says its word says."""
    said = {}
    for field, word in words.items():
        values = [getattr(level, word) for level in levels if level is not None]
        said |= {field: value for value in values[::-1] if value is not None}
    return said


def _actor(topology: Topology, name: str, index: int, config: pydantic.BaseModel) -> ActorPlan:
    spec = topology.actors[name]
    process, thread = placement_of(topology, name)
    grace = _first((spec, topology.defaults), {"stop_grace_ns": "stop_grace"})
    return ActorPlan(name=name, index=index, class_path=spec.class_,
                     config=config.model_dump(mode="json", by_alias=True),
                     process=process, thread=thread, depends_on=tuple(spec.depends_on or ()),
                     restart=restart_of(topology, name), health=health_of(topology, name), **grace)


def _wire(topology: Topology, wire: Wire, index: int, folders: RunFolders,
          classes: Mapping[str, type[Actor]]) -> WirePlan:
    declared = input_of(wire, classes)
    transport = transport_of(topology, wire)
    address = {"inproc": f"w{index}", "ipc": ipc_address(folders.run_dir, index),
               "shm": f"{folders.shm_dir}/wire{index}",
               "tcp": wire.spec.address}[transport]
    return WirePlan(index=index, source_actor=wire.source_actor, source_port=wire.source_port,
                    target_actor=wire.target_actor, target_port=wire.target_port,
                    message=declared.message.name, transport=transport, address=address,
                    capacity=wire.spec.capacity or declared.capacity,
                    overflow=overflow_of(wire, classes))
