"""What the supervisor knows, what can happen to it, and what it may do: plain frozen records.

:func:`actors.supervisor.policy.step` maps (state, event, time) to (state, actions). An event from
the world below carries the incarnation it is about; commands from people do not.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.supervisor.liveness import ActorSeen, Pulse
from actors.supervisor.rules import ProcessRules, Rules
from schemas.enums import ActorState

__all__ = [
    "Action", "AskStop", "Drain", "Drained", "EnableTrading", "Ended", "Event", "Exited", "Kill",
    "Notice", "Outcome", "Phase", "Prepared", "ProcessState", "Publish", "RestartRequested", "Seen",
    "Shutdown", "Spawn", "SpawnFailed", "Stage", "StartRequested", "State", "StopRequested", "Tick",
    "Traceback", "UP", "initial_state",
]


class Phase(enum.StrEnum):
    """Where a process stands. In WAITING, BACKOFF, STOPPED and FATAL nothing of it runs."""

    WAITING = "WAITING"    #: for the processes it depends on
    STARTING = "STARTING"  #: forked; some actor of it is not ready yet
    RUNNING = "RUNNING"    #: every actor of it has been ready
    STOPPING = "STOPPING"  #: asked to stop
    KILLING = "KILLING"    #: killed, not reaped yet
    BACKOFF = "BACKOFF"    #: failed, to be started again
    STOPPED = "STOPPED"    #: ended as it should; starts again if somebody asks
    FATAL = "FATAL"        #: given up; starts again if somebody asks


UP = frozenset({Phase.STARTING, Phase.RUNNING, Phase.STOPPING, Phase.KILLING})


class Stage(enum.StrEnum):
    """Where the deployment stands."""

    PREPARING = "PREPARING"  #: importing and compiling
    STARTING = "STARTING"    #: processes start; not all have been ready
    ENABLED = "ENABLED"      #: all were ready; trading is enabled
    DRAINING = "DRAINING"    #: no new work; what is in flight completes
    STOPPING = "STOPPING"    #: processes stop in reverse order
    ENDED = "ENDED"


class Outcome(enum.StrEnum):
    """Why a deployment ended."""

    ORDERLY = "ORDERLY"            #: somebody asked
    START_FAILED = "START_FAILED"  #: trading was never enabled
    HALTED = "HALTED"              #: an actor used up its restarts and its rules say: halt
    FAILED = "FAILED"              #: the supervisor cannot start processes any more


@dataclass(frozen=True)
class ProcessState:
    """One process.

    ``again``: start it once it has ended. ``regroup``: the group that is being restarted as a whole
    with it, until it starts. ``blame``: why it was killed, which then is why it ended.
    ``failures`` in a row without ``reset_after`` of health set the backoff; ``restarted_ns`` are
    the restarts after failures that the budget counts. ``ready_ns`` is 0 until this incarnation is
    ready.
    """

    rules: ProcessRules
    phase: Phase = Phase.WAITING
    incarnation: int = 0
    wanted: bool = True
    again: bool = False
    deadline_ns: int = 0
    ready_ns: int = 0
    failures: int = 0
    restarting: bool = False
    restarted_ns: tuple[int, ...] = ()
    regroup: str = ""
    pulses: tuple[Pulse, ...] = ()
    blame: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        return self.rules.name

    @property
    def is_up(self) -> bool:
        return self.phase in UP

    @property
    def on_its_way(self) -> bool:
        """Whether it is not ready but will be, if nothing goes wrong."""
        return self.wanted and self.phase not in (Phase.RUNNING, Phase.STOPPED, Phase.FATAL)


@dataclass(frozen=True)
class State:
    """The whole deployment. ``seed`` is the state of the jitter's random numbers;
    ``group_restarts``, by group, when it was restarted as a whole.

    Of a shutdown: ``drain_until_ns``, then one process after the other; from ``together_ns`` all at
    once; at ``kill_ns`` what is left is killed; at ``abandon_ns`` the supervisor gives up waiting.
    """

    rules: Rules
    processes: tuple[ProcessState, ...]
    seed: int
    group_restarts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    stage: Stage = Stage.PREPARING
    outcome: Outcome = Outcome.ORDERLY
    reason: str = ""
    drain_until_ns: int = 0
    together_ns: int = 0
    kill_ns: int = 0
    abandon_ns: int = 0

    def process(self, name: str) -> ProcessState:
        """The process called ``name``; KeyError if there is none."""
        for process in self.processes:
            if process.name == name:
                return process
        raise KeyError(name)


def initial_state(rules: Rules, seed: int = 0) -> State:
    """Nothing runs, everything is wanted."""
    return State(rules, tuple(ProcessState(p) for p in rules.processes), seed)


# ---- events --------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Tick:
    """Time went on."""


@dataclass(frozen=True)
class Prepared:
    """Processes can be forked from now on."""


@dataclass(frozen=True)
class Seen:
    """A look at the vitals of all actors of a process."""

    process: str
    incarnation: int
    actors: tuple[ActorSeen, ...]


@dataclass(frozen=True)
class Exited:
    """A process ended and was reaped. ``failed``: not with exit status 0."""

    process: str
    incarnation: int
    failed: bool
    reason: str


@dataclass(frozen=True)
class SpawnFailed:
    """A process could not be forked."""

    process: str
    incarnation: int
    reason: str


@dataclass(frozen=True)
class StopRequested:
    """Somebody wants the process down, until somebody wants it up."""

    process: str


@dataclass(frozen=True)
class StartRequested:
    """Somebody wants the process up. Clears its record of failures."""

    process: str


@dataclass(frozen=True)
class RestartRequested:
    """Somebody wants the process stopped and started again."""

    process: str


@dataclass(frozen=True)
class Shutdown:
    """The whole deployment ends."""

    outcome: Outcome = Outcome.ORDERLY
    reason: str = ""


@dataclass(frozen=True)
class Drained:
    """Nothing is in flight any more."""


Event = (Tick | Prepared | Seen | Exited | SpawnFailed | StopRequested | StartRequested
         | RestartRequested | Shutdown | Drained)


# ---- actions -------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Spawn:
    """Fork the process; from here on ``incarnation`` is the one that lives."""

    process: str
    incarnation: int


@dataclass(frozen=True)
class AskStop:
    """Ask the process to drain and end."""

    process: str
    incarnation: int


@dataclass(frozen=True)
class Traceback:
    """Ask the process for a traceback of all its threads; its kill follows."""

    process: str
    incarnation: int


@dataclass(frozen=True)
class Kill:
    """SIGKILL."""

    process: str
    incarnation: int


@dataclass(frozen=True)
class Publish:
    """Write into the vitals of its actors what became of a process that does not run.

    ``closed``: nobody should wait for it any more.
    """

    process: str
    state: ActorState
    reason: str
    closed: bool


@dataclass(frozen=True)
class EnableTrading:
    """All actors are ready."""


@dataclass(frozen=True)
class Drain:
    """Take no new work; tell when what is in flight has completed."""


@dataclass(frozen=True)
class Notice:
    """Something worth telling people. ``kind`` is one word; ``data`` is for programs."""

    kind: str
    process: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """Nothing runs any more; the supervisor may end."""

    outcome: Outcome
    reason: str


Action = Spawn | AskStop | Traceback | Kill | Publish | EnableTrading | Drain | Notice | Ended
