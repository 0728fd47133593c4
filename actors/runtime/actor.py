"""How an actor is declared: its ports, its config, its state tables, its handlers.

An actor class says *what* it is; the process that hosts it (:mod:`actors.runtime.process`) joins
its ports to wires, lays out its tables in memory, and runs its handlers in a reactor. An actor
knows no peer and no transport.

Two kinds of actor use the same declarations. A **compiled** actor gives a :class:`Handler` to
every input and timer: kernels run by the compiled reactor. A **plain** actor gives no handlers;
the Python reactor calls its methods ``on_<port>(message)`` instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pydantic

from schemas.messages import MessageType

from actors.runtime.enums import Overflow, Priority
from actors.runtime.handler import Handler

if TYPE_CHECKING:
    from actors.runtime.host import ActorHost

__all__ = ["Actor", "Config", "Input", "Output", "Poller", "Setup", "Table", "Timer"]


class Config(pydantic.BaseModel):
    """Base of every actor's config: unknown keys are errors, values are immutable."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Input:
    """An input port: one message type, its handler, and what its wires do unless told otherwise.

    ``many`` says that several wires may end here. ``optional`` says that none need to.
    """

    message: MessageType
    handler: Handler | None = None
    priority: Priority = Priority.ORDER
    capacity: int = 1024
    overflow: Overflow = Overflow.BLOCK
    many: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Output:
    """An output port: one message type. ``burst`` bounds what one handler call may send on it."""

    message: MessageType
    burst: int = 8


@dataclass(frozen=True)
class Timer:
    """A handler called every ``every_ns``; it may return the next deadline instead (0: keep pace).
    """

    handler: Handler | None
    every_ns: int


@dataclass(frozen=True)
class Poller:
    """A handler called on every turn of the reactor while the file descriptor the actor set for it
    is open, and when that descriptor is readable while the reactor sleeps."""

    handler: Handler


@dataclass
class Table:
    """A state table: a NumPy array that handlers see by its place in ``Actor.tables()``.

    ``shared`` puts it in shared memory under the actor's name, where anyone may read it and the
    actor's next incarnation finds it again.
    """

    array: np.ndarray
    shared: bool = False


@dataclass(frozen=True)
class Setup:
    """What the host gives an actor at its construction.

    ``index`` is the actor's number in the deployment; ``epoch`` is 1 for the first incarnation;
    ``config`` is an instance of the class's ``Config``. ``previous_exit``: how the last incarnation
    ended (``killed by SIGKILL``, ``hung: …``), empty for the first.
    """

    name: str
    index: int
    epoch: int
    config: Any
    symbols: tuple[str, ...]
    previous_exit: str = ""


class Actor:
    """Base class. Subclasses fill the class variables and override what they need.

    The host calls, always on the housekeeper's thread: the constructor, ``tables``, ``start``,
    then ``housekeep`` every few milliseconds, ``stop`` once at the end. None may block for long.
    Handlers run on the reactor's thread from after ``start``; the two share memory only.
    """

    #: Component name, as in ``python -m actors.<kind>``, and its short form for log lines.
    kind: ClassVar[str]
    tag: ClassVar[str]
    Config: ClassVar[type[Config]] = Config
    #: What the actor is to the kill switch: ``risk`` renews its lease and flattens positions,
    #: ``gateway`` trades only under leases and cancels; see :mod:`actors.runtime.trading`.
    role: ClassVar[str] = ""
    inputs: ClassVar[Mapping[str, Input]] = {}
    outputs: ClassVar[Mapping[str, Output]] = {}
    timers: ClassVar[Mapping[str, Timer]] = {}
    pollers: ClassVar[Mapping[str, Poller]] = {}
    #: Handler called when a consumer of the output port asks for a snapshot.
    resync: ClassVar[Mapping[str, Handler]] = {}
    #: Names of counters, histograms and tables; handlers know each by its place.
    counters: ClassVar[tuple[str, ...]] = ()
    histograms: ClassVar[tuple[str, ...]] = ()
    table_names: ClassVar[tuple[str, ...]] = ()
    #: Named places in the handlers at which an experiment may kill the process; the kernels know
    #: each by its place, from 1. See :mod:`actors.runtime.crash_points`.
    crash_points: ClassVar[tuple[str, ...]] = ()

    def __init__(self, setup: Setup):
        self.name = setup.name
        self.index = setup.index
        self.epoch = setup.epoch
        self.config = setup.config
        self.symbols = setup.symbols
        self.host: ActorHost  # set by the host before tables()

    def tables(self) -> Mapping[str, Table]:
        """The state tables, named and ordered as ``table_names``. Called once."""
        return {}

    def start(self) -> None:
        """Called when the tables are in place and the wires are open. An error it raises fails the
        actor."""

    def ready(self) -> bool:
        """Whether the actor does its full work: connected, logged in, caught up."""
        return True

    def connected(self) -> bool:
        """Whether the actor is logged in wherever it has to be; from then on it only catches up.
        Asked until it is, to tell how long which part of a start took."""
        return True

    def degraded(self) -> bool:
        """Whether something is amiss that does not keep it from working, or that it works around:
        once it has been ready, its state is DEGRADED for as long."""
        return False

    def housekeep(self, now_ns: int) -> None:
        """Everything that is not for the hot path: connecting, log-ins, reports."""

    def wake_fds(self) -> Iterable[int]:
        """Descriptors for which there is to be housekeeping as soon as they are readable, such as
        of sockets where clients connect."""
        return ()

    def idle(self) -> bool:
        """Whether nothing is outstanding, so that the actor may stop without losing work."""
        return True

    def stop(self) -> None:
        """Called when the actor has drained: log out, close."""

    def describe_event(self, code: int, values: tuple[int, ...]) -> tuple[str, str]:
        """Level (``INFO``, ``WARNING``, ...) and text of a log record left by a handler."""
        return "INFO", f"event {code} {values}"

    @classmethod
    def handlers(cls) -> list[Handler]:
        """Every handler of the class, for compiling ahead."""
        declared = [i.handler for i in cls.inputs.values()]
        declared += [t.handler for t in cls.timers.values()]
        declared += [p.handler for p in cls.pollers.values()]
        declared += list(cls.resync.values())
        return [h for h in declared if h is not None]
