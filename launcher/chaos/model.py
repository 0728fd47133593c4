"""The experiment file: what may be written in it. Validated, with every mistake told."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal

import pydantic

from actors.runtime.durations import Duration, PositiveDuration

__all__ = ["ACTOR_FAULTS", "ALL", "Expectations", "Experiment", "FaultName", "SUPERVISOR",
           "SteadyState", "StepSpec", "WIRE_FAULTS"]

ALL = "all"                #: as a target: every actor, or every wire
SUPERVISOR = "supervisor"  #: as a target of kill and stop
_S = 1_000_000_000


class FaultName(enum.StrEnum):
    """What an experiment may do. To actors:"""

    KILL = "kill"          #: kill -9
    STOP = "stop"          #: stands still ``for`` so long (SIGSTOP, SIGCONT)
    SLOW = "slow"          #: has its ``share`` of the time taken away, ``for`` so long
    CRASH = "crash"        #: dies at the crash ``point``, at the ``nth`` time
    CUT_LINK = "cut_link"  #: has no connection to the venue, ``for`` so long
    NO_SPACE = "no_space"  #: has no disk space for its journal, ``for`` so long
    # to wires:
    DROP = "drop"
    DUPLICATE = "duplicate"
    DELAY = "delay"        #: by ``delay``
    REORDER = "reorder"
    CORRUPT = "corrupt"
    FULL = "full"          #: has no room, ``for`` so long


WIRE_FAULTS = frozenset((FaultName.DROP, FaultName.DUPLICATE, FaultName.DELAY, FaultName.REORDER,
                         FaultName.CORRUPT, FaultName.FULL))
ACTOR_FAULTS = frozenset(FaultName) - WIRE_FAULTS
_LASTING = frozenset((FaultName.STOP, FaultName.SLOW, FaultName.CUT_LINK, FaultName.NO_SPACE,
                      FaultName.FULL))
_ONLY_OF = {
    "point": {FaultName.CRASH}, "nth": {FaultName.CRASH}, "share": {FaultName.SLOW},
    "delay": {FaultName.DELAY}, "for": _LASTING | WIRE_FAULTS,
    "chance": WIRE_FAULTS - {FaultName.FULL}, "count": WIRE_FAULTS - {FaultName.FULL},
    "skip": WIRE_FAULTS - {FaultName.FULL}, "seed": WIRE_FAULTS - {FaultName.FULL},
}


def _percent(value: Any) -> Any:
    """``5%`` as 0.05; a number stays what it is."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            return float(value.strip()[:-1]) / 100
        except ValueError:
            pass
    if isinstance(value, str):
        raise ValueError(f"must be a share, such as 5% or 0.05, not '{value[:40]}'")
    return value


Share = Annotated[float, pydantic.BeforeValidator(_percent), pydantic.Field(gt=0, le=1)]


class _Part(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class StepSpec(_Part):
    """A fault, and when: once ``at``, or ``every`` so often, give or take ``jitter``, ``times`` at
    most. Times count from when the steady state was reached. Of several targets each time one is
    drawn. A fault on a wire strikes ``count`` messages after ``skip``, each with ``chance``."""

    fault: FaultName
    target: str | tuple[str, ...]
    at: Duration | None = None
    every: PositiveDuration | None = None
    jitter: Duration = 0
    times: int | None = pydantic.Field(None, ge=1, le=1_000_000)
    lasts: PositiveDuration | None = pydantic.Field(None, alias="for")
    point: str | None = None
    nth: int | None = pydantic.Field(None, ge=1, le=1_000_000_000)
    share: Share | None = None
    delay: PositiveDuration | None = None
    chance: Share | None = None
    count: int | None = pydantic.Field(None, ge=1, le=1_000_000_000)
    skip: int | None = pydantic.Field(None, ge=0, le=1_000_000_000)
    seed: int | None = pydantic.Field(None, ge=0, lt=2**63)

    @property
    def targets(self) -> tuple[str, ...]:
        return (self.target,) if isinstance(self.target, str) else self.target

    @pydantic.model_validator(mode="after")
    def _fits_together(self) -> StepSpec:
        if not self.targets:
            raise ValueError("target: names nobody")
        if (self.at is None) == (self.every is None):
            raise ValueError("say when: at: 5s, or every: 2s, and not both")
        if self.every is None and (self.times is not None or self.jitter):
            raise ValueError("times and jitter belong to every")
        if self.every is not None and self.jitter >= self.every:
            raise ValueError("jitter must be shorter than every")
        for key, faults in _ONLY_OF.items():
            said = self.lasts if key == "for" else getattr(self, key)
            if said is not None and self.fault not in faults:
                raise ValueError(f"{key} means nothing to {self.fault}; it belongs to "
                                 f"{', '.join(sorted(faults))}")
        if self.fault in _LASTING and self.lasts is None:
            raise ValueError(f"{self.fault} needs for: how long it lasts")
        if self.fault == FaultName.CRASH and self.point is None:
            raise ValueError("crash needs point: where; `pitwire chaos points` lists them")
        if self.fault == FaultName.DELAY and self.delay is None:
            raise ValueError("delay needs delay: by how much")
        return self


class SteadyState(_Part):
    """What must hold before anything is done, and come back afterwards."""

    within: PositiveDuration = 120 * _S
    orders_per_second: float = pydantic.Field(0.0, ge=0, le=1e9)


class Expectations(_Part):
    """What must hold at the end. ``recovery``: from a fault, or its end, until every actor runs;
    growth is of any one process."""

    recovery: PositiveDuration = 5 * _S
    audit: Literal["equal", "reported"] = "equal"
    memory_growth_mib: float = pydantic.Field(128.0, gt=0, le=1e6)
    descriptors_growth: int = pydantic.Field(32, ge=0, le=1_000_000)


class Experiment(_Part):
    """One experiment. ``lasts``: how long the method goes on."""

    version: Literal[1]
    name: str = pydantic.Field(min_length=1, max_length=80)
    what: str = pydantic.Field("", max_length=2000)
    topology: str
    lasts: PositiveDuration = pydantic.Field(10 * _S, alias="for")
    steady_state: SteadyState = SteadyState()
    method: list[StepSpec]
    expect: Expectations = Expectations()

    @pydantic.field_validator("method")
    @classmethod
    def _does_something(cls, method: list[StepSpec]) -> list[StepSpec]:
        if not method:
            raise ValueError("says nothing that is to be done")
        return method
