"""The words of a topology file, as pydantic models: what may be said, not yet what it means.

Compose's words where Compose has one (``depends_on``, ``healthcheck``, ``extends``, ``restart``),
OTP's for groups, Akka's for circuit breakers, the LMAX Disruptor's for wait strategies. The JSON
Schema that editors use is generated from these models; their docstrings are what editors show.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema,
    model_validator,
)

from actors.runtime.addresses import ConnectAddress
from actors.runtime.durations import Duration, PositiveDuration

__all__ = [
    "ActorSpec", "BackoffSpec", "BreakerSpec", "DefaultsSpec", "GroupSpec", "HealthCheckSpec",
    "LeaseSpec", "MAX_CAPACITY", "NAME", "ProcessSpec", "SUPERVISOR", "ThreadSpec", "Topology",
    "WireSpec",
]

MAX_CAPACITY = 1 << 20
MAX_RESTARTS = 1_000_000
SUPERVISOR = "supervisor"
"""The name of the actor, and process, that every deployment has without saying so."""

NAME = r"[A-Za-z][A-Za-z0-9_-]{0,31}"
CLASS = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*"
SYMBOL = r"[A-Z0-9][A-Z0-9.+=^#*-]{0,7}"


def _matching(pattern: str, rule: str):
    """A text that matches ``pattern`` whole; ``rule`` says so to people."""
    compiled = re.compile(pattern, re.ASCII)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"'{value[:60]}' {rule}")
        return value

    ascii_only = pattern.replace("\\w", "[A-Za-z0-9_]")
    return AfterValidator(check), WithJsonSchema({"type": "string", "pattern": f"^{ascii_only}$"})


def _not_reserved(value: str) -> str:
    if value == SUPERVISOR:
        raise ValueError(f"'{SUPERVISOR}' is the name of the actor every deployment has anyway")
    return value


def _reference(value: str) -> str:
    if not re.fullmatch(f"{NAME}/{NAME}", value, re.ASCII):
        parts = re.split(r"[/.:\s]+", value.strip(), maxsplit=1)
        said = f": write {'/'.join(parts)}" if len(parts) == 2 and all(parts) else ""
        raise ValueError(f"'{value[:60]}' is not actor/port{said}")
    return value


Name = Annotated[str, *_matching(
    NAME, "is not a name: a letter, then letters, digits, _ and -, at most 32 in all"),
    AfterValidator(_not_reserved)]
ClassPath = Annotated[str, *_matching(
    CLASS, "is not package.module:Class, such as actors.risk:RiskManager")]
Symbol = Annotated[str, *_matching(
    SYMBOL, "is not a symbol: 1 to 8 capital letters, digits or . + = ^ # * -")]
Reference = Annotated[str, AfterValidator(_reference),
                      WithJsonSchema({"type": "string", "pattern": f"^{NAME}/{NAME}$"})]

Overflow = Literal["block", "drop_newest", "latest", "fail"]
Transport = Literal["inproc", "shm", "ipc", "tcp"]
Wait = Literal["busy_spin", "yielding", "blocking"]
Restart = Literal["no", "on-failure", "always"]
Signal = Literal["timeouts", "rejects", "staleness", "gaps", "overflow", "deaths", "restarts"]
DEFAULT_SIGNALS = ("timeouts", "rejects", "gaps", "overflow", "deaths", "restarts")
MIN_LEASE_NS = 20_000_000
Count = Annotated[int, Field(ge=1, le=MAX_RESTARTS)]


class Part(BaseModel):
    """Unknown keys are errors; text is not a number and a number is not text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False,
                              use_attribute_docstrings=True, populate_by_name=False)


class WireSpec(Part):
    """A wire into an input port, with what differs from the port's own declaration."""

    source: Reference | list[Reference]
    """The output port it comes from: actor/port, or a list of them with the same options."""
    capacity: Annotated[int, Field(ge=1, le=MAX_CAPACITY)] | None = None
    """How many messages the consumer may be behind before `overflow` decides."""
    overflow: Overflow | None = None
    """What happens then: the producer waits (block), the new message is dropped (drop_newest),
    the newest per symbol is kept (latest), or the producer is told (fail)."""
    transport: Transport | None = None
    """inproc, shm, ipc or tcp; without it the same process means inproc, and another one what
    the consumer or `defaults` says, or ipc."""
    address: ConnectAddress | None = None
    """host:port, for transport tcp: where the consumer binds."""
    breaker: Name | None = None
    """The circuit breaker on this wire, one of `breakers`."""

    @property
    def sources(self) -> list[str]:
        return [self.source] if isinstance(self.source, str) else self.source


def _input_tag(value: Any) -> str | None:
    kinds = {str: "<reference>", dict: "<wire>", WireSpec: "<wire>"}
    return kinds.get(type(value))


def _inputs_tag(value: Any) -> str | None:
    return "<wires>" if isinstance(value, list) else _input_tag(value)


_WANT_INPUT = "must be actor/port, or {source: actor/port, …}"
_WANT_INPUTS = f"{_WANT_INPUT}, or a list of those"

InputItem = Annotated[
    Annotated[Reference, Tag("<reference>")] | Annotated[WireSpec, Tag("<wire>")],
    Discriminator(_input_tag, custom_error_type="input_value", custom_error_message=_WANT_INPUT)]
InputSpec = Annotated[
    Annotated[Reference, Tag("<reference>")] | Annotated[WireSpec, Tag("<wire>")]
    | Annotated[list[InputItem], Tag("<wires>")],
    Discriminator(_inputs_tag, custom_error_type="input_value",
                  custom_error_message=_WANT_INPUTS)]


class BackoffSpec(Part):
    """The delay before a restart, growing with every one that soon fails."""

    initial: PositiveDuration | None = None
    """The first delay."""
    max: PositiveDuration | None = None
    """The longest delay."""
    factor: Annotated[float, Field(ge=1, le=100)] | None = None
    """What a delay is multiplied with to give the next."""
    jitter: Annotated[float, Field(ge=0, le=1)] | None = None
    """How far a delay is spread at random, as a share of itself."""
    reset_after: PositiveDuration | None = None
    """Running this long starts over from `initial`."""


class HealthCheckSpec(Part):
    """A running actor whose heartbeat stands still for `interval` × `retries` is hung."""

    interval: PositiveDuration | None = None
    retries: Count | None = None
    start_period: Duration | None = None
    """How long an actor may take to start before it counts as hung."""
    slow: PositiveDuration | None = None
    """A turn of its reactor that takes longer is told among the events; nothing else is done."""


class RecoverySpec(Part):
    """What is expected of a restart."""

    budget: PositiveDuration | None = None
    """How long it may take from the end of one incarnation until the next is ready. Checked at
    every restart and reported; nothing is done about it."""


class DependencySpec(Part):
    """Until when an actor waits for one that comes before it."""

    condition: Literal["started", "ready", "healthy"] = "ready"
    """Until it was forked (started), has been ready (ready), or runs and is not degraded (healthy).
    """


def _dependencies_tag(value: Any) -> str | None:
    return {list: "<actors>", dict: "<conditions>"}.get(type(value))


Dependencies = Annotated[
    Annotated[list[Name], Tag("<actors>")] | Annotated[dict[Name, DependencySpec],
                                                       Tag("<conditions>")],
    Discriminator(_dependencies_tag, custom_error_type="depends_on_value",
                  custom_error_message="must be a list of actors, or {actor: {condition: ready}}")]


class DefaultsSpec(Part):
    """What holds for every actor that does not say otherwise."""

    restart: Restart | None = None
    """When an actor that ended is started again."""
    max_restarts: Annotated[int, Field(ge=0, le=MAX_RESTARTS)] | None = None
    """How many restarts at most within `within`; then `on_exhausted`."""
    within: PositiveDuration | None = None
    """The period in which `max_restarts` counts."""
    backoff: BackoffSpec | None = None
    on_exhausted: Literal["isolate", "escalate", "halt"] | None = None
    """When restarts are used up: leave the actor down (isolate), restart its whole group, and halt
    when the group's restarts are used up too (escalate), or stop everything (halt)."""
    healthcheck: HealthCheckSpec | None = None
    recovery: RecoverySpec | None = None
    """What is expected of its restarts: how long they may take."""
    stop_grace: Duration | None = None
    """How long an actor may take to drain and stop before it is killed."""
    transport: Literal["shm", "ipc"] | None = None
    """What carries the wires into it from other processes: shm or ipc."""


class ActorSpec(DefaultsSpec):
    """One actor: its class, its config, the wires into it, and where it runs."""

    class_: ClassPath = Field(alias="class")
    """package.module:Class of the actor."""
    config: dict[str, Any] | None = None
    """The actor's own settings."""
    inputs: dict[Name, InputSpec] | None = None
    """For each input port, the output port it is wired to: actor/port."""
    process: Name | None = None
    """The process it runs in; without it, one of its own with the actor's name."""
    thread: Name | None = None
    """The thread of the process that runs it; without it, the thread main."""
    core: int | None = None
    """The core its thread is pinned to; -1 is the machine's last."""
    wait: Wait | None = None
    """How its thread waits for messages."""
    spin: Duration | None = None
    """How long its thread looks on before it sleeps, unless it is to busy_spin."""
    depends_on: Dependencies | None = None
    """Actors that come before it: a list of them, which have to be ready, or for each the condition
    to wait for."""
    significant: bool | None = None
    """Whether the deployment ends when this actor ends for good."""
    breaker: Name | None = None
    """The circuit breaker on this actor, one of `breakers`."""

    @property
    def needs(self) -> dict[str, str]:
        """The actors that come before it, and until when it waits for each."""
        said = self.depends_on or {}
        if isinstance(said, list):
            return dict.fromkeys(said, "ready")
        return {name: spec.condition for name, spec in said.items()}


class ThreadSpec(Part):
    """One reactor thread of a process."""

    core: int | None = None
    """The core it is pinned to; -1 is the machine's last."""
    wait: Wait | None = None
    """How it waits for messages: look always (busy_spin), give the core away between looks and
    sleep after a while without any (yielding), or sleep at once (blocking)."""
    spin: Duration | None = None
    """How long it looks on, without messages, before it sleeps: 1ms if yielding, else 0s. A thread
    that is to busy_spin never sleeps."""


class ProcessSpec(ThreadSpec):
    """One operating-system process: what holds for all its threads, and each of them."""

    threads: dict[Name, ThreadSpec] | None = None


class GroupSpec(Part):
    """Actors whose restarts go together, in OTP's words."""

    strategy: Literal["one_for_one", "one_for_all", "rest_for_one"]
    """When one ends: restart it alone, all of the group, or it and those listed after it."""
    actors: Annotated[list[Name], Field(min_length=1)]
    max_restarts: Annotated[int, Field(ge=0, le=MAX_RESTARTS)] | None = None
    """How often it may be restarted as a whole, within `within`, when one of it escalates; then
    everything is stopped."""
    within: PositiveDuration | None = None
    """The period in which `max_restarts` counts."""


class BreakerSpec(Part):
    """A circuit breaker: opens after failures, tries again after a time, closes when that works."""

    max_failures: Count
    """Consecutive failures that open it."""
    reset_timeout: PositiveDuration
    """How long it stays open before it lets a probe through."""
    max_reset_timeout: PositiveDuration | None = None
    """Bound on that time, which doubles with every probe that fails."""
    half_open_max: Count = 1
    """Probes under way at once while half open."""
    on_open: Literal["reduce_only", "cancel_all", "halt"] = "reduce_only"
    """What trading does while it is open: new orders only if they reduce a position (reduce_only),
    none and working ones cancelled (cancel_all), or a halt until somebody arms again (halt).
    Cancels always pass."""
    failures: Annotated[list[Signal], Field(min_length=1)] = list(DEFAULT_SIGNALS)
    """What counts as a failure: orders without an answer (timeouts), orders refused (rejects),
    nothing handled for `stale_after` (staleness), numbers skipped (gaps), a wire that would not
    take more (overflow), a process that died (deaths), restarts beyond half the budget (restarts)."""
    stale_after: PositiveDuration | None = None
    """How long nothing may be handled, if `failures` names staleness."""

    @model_validator(mode="after")
    def _ordered(self):
        if self.max_reset_timeout is not None and self.max_reset_timeout < self.reset_timeout:
            raise ValueError("max_reset_timeout is shorter than reset_timeout")
        if (self.stale_after is not None) != ("staleness" in self.failures):
            raise ValueError("stale_after goes with failures: [staleness], and the other way round")
        return self


class LeaseSpec(Part):
    """Gateways send new orders only while the supervisor and risk renew their leases."""

    period: PositiveDuration | None = None
    """How long a lease is good for: new orders stop at most so long after whoever has to renew it
    is dead, hung or stopped. 50ms, at least 20ms."""
    on_lost: Literal["keep", "cancel_all"] | None = None
    """What the gateway does, by itself, with working orders when a lease is lost for longer than
    `grace`: leave them (keep), or cancel them (cancel_all, the default)."""
    grace: Duration | None = None
    """How long a lease may be gone before working orders are cancelled. 500ms, for a restart."""

    @model_validator(mode="after")
    def _long_enough(self):
        if self.period is not None and self.period < MIN_LEASE_NS:
            raise ValueError("period is shorter than 20ms: timers wake up to 4 ms late, and a "
                             "lease is renewed five times a period")
        return self


class Topology(Part):
    """A Pitwire deployment: which actors run, where, and how they are wired."""

    version: Literal[1]
    """The version of this vocabulary."""
    name: Name
    """The deployment's name, part of its run folder's."""
    symbols: Annotated[list[Symbol], Field(min_length=1, max_length=65535)]
    """The instruments traded; their place in this list is their symbol_id."""
    defaults: DefaultsSpec | None = None
    actors: Annotated[dict[Name, ActorSpec], Field(min_length=1)]
    """The actors by name. A supervisor is always there and is not listed."""
    groups: dict[Name, GroupSpec] | None = None
    breakers: dict[Name, BreakerSpec] | None = None
    lease: LeaseSpec | None = None
    processes: dict[Name, ProcessSpec] | None = None
    """Settings of processes and their threads; actors name the process they run in."""
    on_launcher_exit: Literal["stop", "keep"] = "stop"
    """When whoever looks after the deployment is gone (the launcher of a run that is followed, or
    supervisor and fork server both): stop within a second, or keep trading until `up` or `down`."""
