"""What a plan's actors say becomes rules for processes."""

from __future__ import annotations

import dataclasses

import pytest

from actors.runtime.plan import (
    ActorPlan, Backoff, GroupPlan, HealthCheck, Plan, ProcessPlan, RestartPlan, ThreadPlan,
)
from actors.supervisor.liveness import ActorSeen, ailment, take_pulse
from actors.supervisor.rules import ActorRules, GroupRules, Need, PlanError, rules_of
from schemas.enums import ActorState

MS, S = 1_000_000, 1_000_000_000


def plan(*actors: ActorPlan, groups: tuple[GroupPlan, ...] = ()) -> Plan:
    homes: dict[str, list[str]] = {}
    for actor in actors:
        homes.setdefault(actor.process, []).append(actor.name)
    processes = tuple(ProcessPlan(name, (ThreadPlan("main", tuple(names)),))
                      for name, names in homes.items())
    return Plan("test", "", "/run", "/shm", ("A",), actors, processes, (), groups)


def actor(name: str, process: str = "", depends_on: tuple[str, ...] = (), **fields) -> ActorPlan:
    return ActorPlan(name, 0, "m:C", {}, process or name, "main",
                     {needed: fields.pop("until", "ready") for needed in depends_on}, **fields)


def test_processes_start_after_those_their_actors_need():
    rules = rules_of(plan(actor("risk", depends_on=("feed",)), actor("feed", depends_on=("venue",)),
                          actor("venue"), actor("monitor")))
    assert [p.name for p in rules.processes] == ["venue", "feed", "risk", "monitor"]
    assert rules.processes[1].depends_on == (Need("venue", "ready"),)


def test_of_what_actors_of_a_process_wait_for_the_most_is_waited_for():
    rules = rules_of(plan(actor("venue"), actor("feed", "trading", ("venue",), until="started"),
                          actor("risk", "trading", ("venue",), until="healthy")))
    assert rules.processes[1].depends_on == (Need("venue", "healthy"),)


def test_a_process_is_significant_if_one_of_its_actors_is():
    rules = rules_of(plan(actor("feed", "trading"), actor("risk", "trading", significant=True),
                          actor("monitor")))
    assert [p.significant for p in rules.processes] == [True, False]


def test_the_plans_order_is_kept_where_nothing_speaks_against_it():
    made = plan(actor("a"), actor("b"), actor("c"))
    made = dataclasses.replace(made, start_order=("c", "a", "b"))
    assert [p.name for p in rules_of(made).processes] == ["c", "a", "b"]


def test_an_actor_in_the_same_process_is_not_waited_for():
    rules = rules_of(plan(actor("feed", "trading"), actor("risk", "trading", ("feed",))))
    assert rules.processes[0].depends_on == ()


def test_processes_that_wait_for_each_other_are_an_error_that_names_them():
    made = plan(actor("a", "p", ("b",)), actor("b", "q"), actor("c", "q", ("d",)), actor("d", "p"))
    with pytest.raises(PlanError, match="processes wait for each other: .*p.* -> .*q"):
        rules_of(made)


def test_actors_that_share_a_process_share_the_strictest_of_their_rules():
    slow, steep = Backoff(10 * MS, 1 * S, 1.5, 0.0, 1 * S), Backoff(5 * MS, 2 * S, 2.0, 0.5, 9 * S)
    one = actor("a", "p", restart=RestartPlan("no", 5, 60 * S, slow),
                stop_grace_ns=1 * S, health=HealthCheck(start_period_ns=5 * S))
    two = actor("b", "p", restart=RestartPlan("always", 3, 10 * S, steep, "halt"),
                stop_grace_ns=2 * S)
    [process] = rules_of(plan(one, two)).processes
    assert process.restart == RestartPlan("always", 3, 60 * S,
                                          Backoff(10 * MS, 2 * S, 2.0, 0.5, 9 * S), "halt")
    assert process.stop_grace_ns == 2 * S and process.start_period_ns == 30 * S
    assert [a.name for a in process.actors] == ["a", "b"]


def test_groups_of_actors_become_groups_of_processes():
    group = GroupPlan("trading", "rest_for_one", ("a", "b", "c"), 7, 9 * S)
    rules = rules_of(plan(actor("a", "p"), actor("b", "p"), actor("c"), groups=(group,)))
    assert rules.groups == (GroupRules("trading", "rest_for_one", ("p", "c"), 7, 9 * S),)
    assert rules.groups_of("c") == rules.groups and rules.groups_of("x") == ()


@pytest.mark.parametrize(("strategy", "restarted_with", "restarted_by"), [
    ("one_for_one", (), ()), ("one_for_all", ("a", "c"), ("a", "c")),
    ("rest_for_one", ("c",), ("a",))])
def test_who_restarts_with_whom(strategy, restarted_with, restarted_by):
    group = GroupRules("g", strategy, ("a", "b", "c"))
    assert group.restarted_with("b") == restarted_with
    assert group.restarted_by("b") == restarted_by


# ---- liveness ------------------------------------------------------------------------------------

RULES = ActorRules("risk", interval_ns=10 * MS, retries=3, start_period_ns=1 * S)


def looks(*seen: tuple[int, ActorState, int]):
    """The pulse after looks at (time ms, state, heartbeat)."""
    pulse = None
    for at_ms, state, beat in seen:
        pulse = take_pulse(RULES, pulse, ActorSeen("risk", state, beat), at_ms * MS)
    return pulse


def test_looks_that_find_the_heartbeat_where_it_was_are_counted():
    running = ActorState.RUNNING
    assert looks((0, running, 1), (10, running, 1), (20, running, 1)).misses == 2
    assert looks((0, running, 1), (10, running, 1), (20, running, 2)).misses == 0
    assert looks((0, running, 1), (4, running, 1), (8, running, 1), (12, running, 1)).misses == 1


def test_a_change_of_state_is_a_sign_of_life():
    assert looks((0, ActorState.RUNNING, 1), (10, ActorState.RUNNING, 1),
                 (20, ActorState.CATCHING_UP, 1)).misses == 0


@pytest.mark.parametrize(("state", "misses"), [
    (ActorState.RUNNING, 3), (ActorState.DEGRADED, 3), (ActorState.CATCHING_UP, 100),
    (ActorState.STOPPING, 50)])
def test_how_many_looks_make_a_hang_depends_on_the_state(state, misses):
    pulse = looks(*((10 * n, state, 1) for n in range(misses)))
    assert not ailment(RULES, pulse, stop_grace_ns=500 * MS)
    pulse = looks(*((10 * n, state, 1) for n in range(misses + 1)))
    assert ailment(RULES, pulse, stop_grace_ns=500 * MS).startswith("hung: risk")


def test_work_that_waits_and_is_not_done_is_a_hang_though_the_heart_beats():
    def after(looks: int, queued: int = 5, state: ActorState = ActorState.RUNNING) -> str:
        pulse = None
        for n in range(looks):
            seen = ActorSeen("risk", state, heartbeat_ns=n, handled=7, queued=queued)
            pulse = take_pulse(RULES, pulse, seen, 10 * n * MS)
        return ailment(RULES, pulse, stop_grace_ns=500 * MS)

    assert after(31) == "hung: 5 messages wait for risk and it takes none for 300 ms"
    assert not after(30) and not after(100, queued=0)
    assert not after(100, state=ActorState.CATCHING_UP)


def test_work_that_is_done_slowly_is_no_hang():
    pulse = None
    for n in range(200):
        seen = ActorSeen("risk", ActorState.RUNNING, n, handled=n // 20, queued=5)
        pulse = take_pulse(RULES, pulse, seen, 10 * n * MS)
        assert not ailment(RULES, pulse, stop_grace_ns=500 * MS)


def test_a_process_that_a_signal_stopped_is_said_to_be_stopped():
    pulse = None
    for n in range(4):
        seen = ActorSeen("risk", ActorState.RUNNING, 1, suspended=True)
        pulse = take_pulse(RULES, pulse, seen, 10 * n * MS)
    assert ailment(RULES, pulse, stop_grace_ns=500 * MS) == (
        "stopped by a signal: risk RUNNING without a heartbeat for 30 ms")
