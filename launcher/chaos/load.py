"""Experiment files: read, and held against their topology, all mistakes at once."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

from actors.runtime.host import load_class
from actors.runtime.plan import Plan
from launcher.chaos.model import ALL, SUPERVISOR, WIRE_FAULTS, Experiment, FaultName, StepSpec
from launcher.problems import Path, Problem, TopologyInvalid, did_you_mean, dotted
from launcher.topology import check_topology
from launcher.topology.load import parse_text, shown
from launcher.topology.tree import Node, find_mark, plain
from launcher.topology.validate import validate_config

__all__ = ["LoadedExperiment", "crash_points", "load_experiment"]


@dataclass(frozen=True)
class LoadedExperiment:
    """An experiment that can be run. ``topology``: the file's path; ``plan``: what it comes to."""

    path: pathlib.Path
    experiment: Experiment
    topology: pathlib.Path
    plan: Plan


def load_experiment(path: pathlib.Path, topology: pathlib.Path | None = None) -> LoadedExperiment:
    """The experiment in the file ``path``; ``topology`` takes the place of the one it names.
    TopologyInvalid lists all that is wrong with it."""
    problems: list[Problem] = []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TopologyInvalid([Problem(str(path), 0, "", f"cannot read it: {error}")]) from None
    root = parse_text(text, shown(path), problems)
    if root is None or not isinstance(root.value, dict):
        problems = problems or [Problem(shown(path), 1, "", "must be a mapping of keys")]
        raise TopologyInvalid(problems)

    def report(where: Path, message: str, hint: str = "") -> None:
        problems.append(Problem(shown(path), find_mark(root, where).line, dotted(where), message,
                                hint))

    experiment = validate_config(Experiment, plain(root), (), report)
    if experiment is None or problems:
        raise TopologyInvalid(sorted(problems, key=lambda p: p.line))
    file = topology or (path.parent / experiment.topology)
    checked = check_topology(file)
    if checked.plan is None:
        report(("topology",), f"{experiment.topology} cannot be used", str(checked.problems[0]))
        raise TopologyInvalid(problems)
    for n, step in enumerate(experiment.method):
        _check_step(step, ("method", n), root, checked.plan, report)
    if problems:
        raise TopologyInvalid(sorted(problems, key=lambda p: p.line))
    return LoadedExperiment(path, experiment, file, checked.plan)


def _check_step(step: StepSpec, at: Path, root: Node, plan: Plan, report) -> None:
    wires = step.fault in WIRE_FAULTS
    names = [w.name for w in plan.wires] if wires else [a.name for a in plan.actors]
    if step.fault in (FaultName.KILL, FaultName.STOP):
        names.append(SUPERVISOR)
    for target in step.targets:
        if target != ALL and target not in names:
            kind = "wire" if wires else "actor"
            report((*at, "target"), f"no {kind} '{target}' in {plan.name}",
                   did_you_mean(target, names))
        elif step.fault == FaultName.CRASH and target != ALL:
            points = crash_points(plan)[target]
            if step.point not in points:
                report((*at, "point"), f"{target} has no crash point '{step.point}'",
                       did_you_mean(step.point, points) or "it has none")
    if step.fault == FaultName.CRASH and ALL in step.targets:
        report((*at, "target"), "a crash point is one actor's: name it")


def crash_points(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The crash points of every actor."""
    return {actor.name: tuple(load_class(actor.class_path).crash_points)
            for actor in plan.actors}
