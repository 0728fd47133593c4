"""Where actors run: processes, their threads, how those wait and the cores they are pinned to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from actors.runtime.plan import DEFAULT_SPIN_NS, ProcessPlan, ThreadPlan
from actors.runtime.durations import format_duration
from launcher.topology.model import ProcessSpec, ThreadSpec, Topology
from launcher.problems import Path, did_you_mean
from launcher.topology.validate import Report

__all__ = ["MAIN_THREAD", "machine_cores", "place", "placement_of"]

MAIN_THREAD = "main"

Setting = tuple[Any, Path]
"""What was said, and where; (None, ()) if nothing was."""


def machine_cores() -> list[int]:
    """The cores that this process may run on, ascending."""
    return sorted(os.sched_getaffinity(0))


def placement_of(topology: Topology, actor: str) -> tuple[str, str]:
    """The process and the thread of ``actor``."""
    spec = topology.actors[actor]
    return spec.process or actor, spec.thread or MAIN_THREAD


def place(topology: Topology, cores: Sequence[int], report: Report,
          whole: bool = True) -> tuple[ProcessPlan, ...]:
    """The processes of the deployment in the order of their first actors.

    A thread's settings are those of ``processes.P.threads.T``, else of ``processes.P``, else what
    its actors say themselves, who must agree. ``cores`` are the machine's. ``whole`` says that
    no actor was cut from the topology for being malformed.
    """
    layout: dict[str, dict[str, list[str]]] = {}
    for actor in topology.actors:
        process, thread = placement_of(topology, actor)
        layout.setdefault(process, {}).setdefault(thread, []).append(actor)
    if whole:
        _check_used(topology, layout, report)
    spinning: dict[int, str] = {}
    plans = []
    for process, threads in layout.items():
        spec = (topology.processes or {}).get(process) or ProcessSpec()
        core = _core(_said(spec, "core", ("processes", process)), cores, report)
        plans.append(ProcessPlan(process, tuple(
            _thread(topology, process, thread, actors, cores, spinning, report)
            for thread, actors in threads.items()), core))
    return tuple(plans)


def _check_used(topology: Topology, layout: dict[str, dict[str, list[str]]],
                report: Report) -> None:
    """What `processes` describes must be where some actor runs: else it is a typing mistake."""
    for process, spec in (topology.processes or {}).items():
        if process not in layout:
            report(("processes", process), f"no actor runs in process '{process}'",
                   did_you_mean(process, layout))
            continue
        for thread in spec.threads or {}:
            if thread not in layout[process]:
                report(("processes", process, "threads", thread),
                       f"no actor runs on thread '{thread}' of process '{process}'",
                       did_you_mean(thread, layout[process]))


def _thread(topology: Topology, process: str, thread: str, actors: list[str],
            cores: Sequence[int], spinning: dict[int, str], report: Report) -> ThreadPlan:
    at: Path = ("processes", process)
    process_spec = (topology.processes or {}).get(process) or ProcessSpec()
    thread_spec = (process_spec.threads or {}).get(thread) or ThreadSpec()

    def setting(word: str) -> Setting:
        for spec, path in ((thread_spec, (*at, "threads", thread)), (process_spec, at)):
            if getattr(spec, word) is not None:
                return _said(spec, word, path)
        return _agreed(topology, word, process, thread, actors, report)

    wait, wait_path = setting("wait")
    core = _core(setting("core"), cores, report)
    spin, _ = setting("spin")
    wait = wait or ThreadPlan.wait
    plan = ThreadPlan(thread, tuple(actors), wait, DEFAULT_SPIN_NS[wait] if spin is None else spin,
                      core)
    if plan.wait == "busy_spin" and core is not None:
        name = f"{process}.{thread}"
        other = spinning.setdefault(core, name)
        if other != name:
            report(wait_path, f"threads {other} and {name} both busy_spin on core {core}: each "
                   "would wait for the other's time slice", "let one of them be yielding, or "
                   "give it another core")
    return plan


def _said(spec: Any, word: str, path: Path) -> Setting:
    value = getattr(spec, word)
    return (value, (*path, word)) if value is not None else (None, ())


def _agreed(topology: Topology, word: str, process: str, thread: str, actors: Iterable[str],
            report: Report) -> Setting:
    """What the actors of one thread say of it themselves."""
    first: Setting = (None, ())
    for actor in actors:
        said = _said(topology.actors[actor], word, ("actors", actor))
        if said[0] is None:
            continue
        if first[0] is None:
            first = said
        elif said[0] != first[0]:
            mine, theirs = (format_duration(value) if word == "spin" else value
                            for value in (said[0], first[0]))
            report(said[1], f"{mine}, but {first[1][1]} says {theirs}, and both run on thread "
                   f"'{thread}' of process '{process}'",
                   f"say processes.{process}.{word} to decide for all")
    return first


def _core(setting: Setting, cores: Sequence[int], report: Report) -> int | None:
    """The number of the core meant; a negative one counts from the machine's last."""
    core, path = setting
    if core is None:
        return None
    if core < 0 and -core <= len(cores):
        return cores[core]
    if core in cores:
        return core
    have = f"it has core {cores[0]}" if len(cores) == 1 else f"it has {_ranges(cores)}"
    report(path, f"this machine has no core {core}",
           f"{have}; -1 is the last of any machine")
    return None


def _ranges(cores: Sequence[int]) -> str:
    """``[0, 1, 2, 5]`` as ``cores 0-2, 5``."""
    runs: list[list[int]] = []
    for core in cores:
        if runs and core == runs[-1][-1] + 1:
            runs[-1].append(core)
        else:
            runs.append([core])
    return "cores " + ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)
