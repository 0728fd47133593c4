"""What a plan says about restarting, brought from actors to processes: the unit that can die.

Several actors in one process live and die together, so their rules are merged to the one that keeps
every promise made for any of them: the most willing restart policy, the smallest budget over the
longest period, the slowest backoff, the longest grace and start period. Hangs are watched for each
actor by its own health check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from actors.runtime.plan import ActorPlan, Backoff, Plan, RestartPlan

__all__ = ["ActorRules", "GroupRules", "Need", "PlanError", "ProcessRules", "Rules", "rules_of"]

_WILLINGNESS = ("no", "on-failure", "always")
_CONDITIONS = ("started", "ready", "healthy")
_SEVERITY = ("isolate", "escalate", "halt")


class PlanError(ValueError):
    """The plan cannot be supervised. The message says what in it is wrong."""


@dataclass(frozen=True)
class ActorRules:
    """When one actor of a process counts as hung: ``retries`` looks, ``interval_ns`` apart, that
    found its heartbeat where it was. ``start_period_ns`` bounds what happens before it is ready."""

    name: str
    interval_ns: int = 10_000_000
    retries: int = 20
    start_period_ns: int = 30_000_000_000


class Need(NamedTuple):
    """A process that comes before another: once it is ``started`` (forked), ``ready`` (all its
    actors have been), or ``healthy`` (they are RUNNING, none of them DEGRADED)."""

    process: str
    condition: str = "ready"


@dataclass(frozen=True)
class ProcessRules:
    """One process: its actors, what it waits for, and its policies. ``significant``: the
    deployment ends when it ends for good."""

    name: str
    actors: tuple[ActorRules, ...]
    depends_on: tuple[Need, ...] = ()
    restart: RestartPlan = RestartPlan()
    stop_grace_ns: int = 1_000_000_000
    significant: bool = False

    @property
    def start_period_ns(self) -> int:
        return max(actor.start_period_ns for actor in self.actors)


@dataclass(frozen=True)
class GroupRules:
    """Processes whose restarts go together (Erlang/OTP, *supervisor*: restart strategy).

    ``max_restarts`` in any ``within_ns``: of the group as a whole, when one of it escalates.
    """

    name: str
    strategy: str  # one_for_one | one_for_all | rest_for_one
    processes: tuple[str, ...]
    max_restarts: int = 3
    within_ns: int = 600_000_000_000

    def restarted_with(self, process: str) -> tuple[str, ...]:
        """The other members to restart when ``process`` is."""
        at = self.processes.index(process)
        return {"one_for_one": (),
                "one_for_all": self.processes[:at] + self.processes[at + 1:],
                "rest_for_one": self.processes[at + 1:]}[self.strategy]

    def restarted_by(self, process: str) -> tuple[str, ...]:
        """The other members whose restart restarts ``process``."""
        return tuple(p for p in self.processes if p != process
                     and process in self.restarted_with(p))


@dataclass(frozen=True)
class Rules:
    """All of a deployment: ``processes`` in the order they start, and the groups among them."""

    processes: tuple[ProcessRules, ...]
    groups: tuple[GroupRules, ...] = ()

    def groups_of(self, process: str) -> tuple[GroupRules, ...]:
        return tuple(g for g in self.groups if process in g.processes)


def rules_of(plan: Plan) -> Rules:
    """The rules of ``plan``. :class:`PlanError` if processes wait for each other in a circle."""
    home = {actor.name: actor.process for actor in plan.actors}
    needs = {process.name: _needs(plan, process.name, home) for process in plan.processes}
    processes = tuple(_process_rules(name, [plan.actor(a) for a in plan.process(name).actors],
                                     needs[name]) for name in _start_order(plan, home, needs))
    groups = tuple(GroupRules(group.name, group.strategy,
                              tuple(dict.fromkeys(home[a] for a in group.actors)),
                              group.max_restarts, group.within_ns)
                   for group in plan.groups)
    return Rules(processes, groups)


def _needs(plan: Plan, process: str, home: Mapping[str, str]) -> dict[str, str]:
    """Which processes ``process`` waits for, and until when: the most that an actor of it asks."""
    needs: dict[str, str] = {}
    for name in plan.process(process).actors:
        for needed, condition in plan.actor(name).depends_on.items():
            if home[needed] != process:
                before = needs.get(home[needed], _CONDITIONS[0])
                needs[home[needed]] = max(before, condition, key=_CONDITIONS.index)
    return needs


def _start_order(plan: Plan, home: Mapping[str, str],
                 needs: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Processes so that each comes after those it needs; otherwise as ``start_order`` has them."""
    actors = plan.start_order or tuple(actor.name for actor in plan.actors)
    waiting = list(dict.fromkeys(home[actor] for actor in actors))
    waiting += [process.name for process in plan.processes if process.name not in waiting]
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise PlanError(f"processes wait for each other: {circle}; change depends_on, or put their "
                        f"actors into one process") from None
    order: list[str] = []
    while waiting:
        ready = next(p for p in waiting if all(need in order for need in needs[p]))
        waiting.remove(ready)
        order.append(ready)
    return order


def _process_rules(name: str, actors: list[ActorPlan], needs: Mapping[str, str]) -> ProcessRules:
    return ProcessRules(
        name=name,
        actors=tuple(ActorRules(a.name, a.health.interval_ns, a.health.retries,
                                a.health.start_period_ns) for a in actors),
        depends_on=tuple(Need(*need) for need in needs.items()),
        restart=_merged([a.restart for a in actors]),
        stop_grace_ns=max(a.stop_grace_ns for a in actors),
        significant=any(a.significant for a in actors))


def _merged(plans: list[RestartPlan]) -> RestartPlan:
    backoffs = [plan.backoff for plan in plans]
    return RestartPlan(
        policy=max((plan.policy for plan in plans), key=_WILLINGNESS.index),
        max_restarts=min(plan.max_restarts for plan in plans),
        within_ns=max(plan.within_ns for plan in plans),
        backoff=Backoff(initial_ns=max(b.initial_ns for b in backoffs),
                        max_ns=max(b.max_ns for b in backoffs),
                        factor=max(b.factor for b in backoffs),
                        jitter=max(b.jitter for b in backoffs),
                        reset_after_ns=max(b.reset_after_ns for b in backoffs)),
        on_exhausted=max((p.on_exhausted for p in plans), key=_SEVERITY.index))
