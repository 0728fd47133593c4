"""What exactly is done when: a function of the experiment and the seed. Pure.

A schedule is itself an experiment's method, in which everything is said: saved as a file, it runs
again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from launcher.chaos.model import ALL, WIRE_FAULTS, Experiment, FaultName, StepSpec
from actors.runtime.durations import format_duration

__all__ = ["Step", "make_schedule", "schedule_document"]

_US = 1_000  # times are whole microseconds, so that a saved one is short and exact


@dataclass(frozen=True)
class Step:
    """One fault: ``at_ns`` after the steady state was reached, on one actor or wire. ``what``: the
    rest, by the names that experiment files use; durations in ns."""

    at_ns: int
    fault: FaultName
    target: str
    what: tuple[tuple[str, Any], ...] = ()

    def get(self, key: str, default: Any = None) -> Any:
        return dict(self.what).get(key, default)

    @property
    def ends_ns(self) -> int:
        """When it is over, as far as it lasts."""
        return self.at_ns + self.get("for", 0)


def make_schedule(experiment: Experiment, seed: int, actors: Sequence[str],
                  wires: Sequence[str], lasts_ns: int | None = None) -> tuple[Step, ...]:
    """The steps of ``experiment``, in the order of time. ``actors`` and ``wires`` are all names
    there are; ``lasts_ns`` takes the place of what the experiment says."""
    lasts_ns = experiment.lasts if lasts_ns is None else lasts_ns
    steps: list[Step] = []
    for n, spec in enumerate(experiment.method):
        rng = random.Random(f"{seed}/{n}")  # a string: the same on every machine
        names = wires if spec.fault in WIRE_FAULTS else actors
        targets = [t for given in spec.targets for t in (names if given == ALL else (given,))]
        for at_ns in _times(spec, rng, lasts_ns):
            steps.append(Step(at_ns, spec.fault, rng.choice(targets), _what(spec, rng)))
    return tuple(sorted(steps, key=lambda step: step.at_ns))


def _times(spec: StepSpec, rng: random.Random, lasts_ns: int) -> Iterator[int]:
    if spec.at is not None:
        yield spec.at // _US * _US
        return
    count = 0
    at = spec.every
    while at < lasts_ns and (spec.times is None or count < spec.times):
        yield max(at + rng.randint(-spec.jitter, spec.jitter), 0) // _US * _US
        count += 1
        at += spec.every


def _what(spec: StepSpec, rng: random.Random) -> tuple[tuple[str, Any], ...]:
    said = {"for": spec.lasts, "point": spec.point, "share": spec.share, "delay": spec.delay,
            "chance": spec.chance, "count": spec.count, "skip": spec.skip}
    if spec.fault == FaultName.CRASH:
        said["nth"] = spec.nth or 1
    if spec.fault == FaultName.SLOW:
        said["share"] = spec.share or 0.8
    if spec.fault in WIRE_FAULTS and spec.fault != FaultName.FULL:
        said["seed"] = spec.seed if spec.seed is not None else rng.getrandbits(48)
    return tuple((key, value) for key, value in said.items() if value is not None)


def schedule_document(experiment: Experiment, steps: Sequence[Step], topology: str,
                      lasts_ns: int) -> dict[str, Any]:
    """An experiment file's content that does exactly ``steps``."""
    document = experiment.model_dump(mode="json", by_alias=True, exclude_unset=True,
                                     exclude={"method", "lasts", "topology", "steady_state",
                                              "expect"})
    expect = experiment.expect.model_dump(mode="json")
    steady = experiment.steady_state.model_dump(mode="json")
    return {
        **document, "topology": topology, "for": format_duration(lasts_ns),
        "steady_state": {**steady, "within": format_duration(experiment.steady_state.within)},
        "expect": {**expect, "recovery": format_duration(experiment.expect.recovery)},
        "method": [_said(step) for step in steps],
    }


def _said(step: Step) -> dict[str, Any]:
    durations = ("for", "delay")
    return {"at": format_duration(step.at_ns), "fault": str(step.fault), "target": step.target,
            **{key: format_duration(value) if key in durations else value
               for key, value in step.what}}
