"""The supervisor's decisions, told as stories under a clock that stands until it is moved."""

from __future__ import annotations

import pytest

from actors.runtime.plan import Backoff, RestartPlan
from actors.supervisor.rules import ActorRules, GroupRules, Need, ProcessRules
from actors.supervisor.state import (
    AskStop, Drain, EnableTrading, Ended, Kill, Notice, Outcome, Phase, Publish, RestartRequested,
    Spawn, Stage, StartRequested, StopRequested, Traceback,
)
from schemas.enums import ActorState
from tests.supervisor.fake_world import MS, S, World, rules


def process(name: str, depends_on: tuple[str, ...] = (), until: str = "ready",
            significant: bool = False, **restart) -> ProcessRules:
    backoff = Backoff(**{"jitter": 0.0, **restart.pop("backoff", {})})
    return ProcessRules(name, (ActorRules(name),), tuple(Need(n, until) for n in depends_on),
                        RestartPlan(backoff=backoff, **restart), significant=significant)


def three_running(strategy: str = "one_for_one", group: dict | None = None, **restart) -> World:
    """feed, strategy and risk in one group, all running, trading enabled."""
    names = ("feed", "strategy", "risk")
    world = World(rules(*(process(n, **restart) for n in names),
                        groups=(GroupRules("trading", strategy, names, **(group or {})),)))
    world.prepared().all_become_ready()
    assert world.state.stage == Stage.ENABLED
    return world


# ---- starting ------------------------------------------------------------------------------------

def test_nothing_is_forked_before_everything_is_compiled():
    world = World(rules(process("feed")))
    world.tick()
    assert not world.took(Spawn)
    world.prepared()
    assert world.took(Spawn) == [Spawn("feed", 1)]


def test_a_process_starts_when_those_it_depends_on_are_ready():
    world = World(rules(process("exchange"), process("feed", ("exchange",)),
                        process("risk", ("feed",))))
    world.prepared()
    assert world.spawned() == ["exchange"]
    world.becomes_ready("exchange")
    assert world.spawned() == ["exchange", "feed"]
    world.becomes_ready("feed")
    assert world.spawned() == ["exchange", "feed", "risk"]


def test_trading_is_enabled_once_when_all_are_running():
    world = World(rules(process("feed"), process("risk")))
    world.prepared().becomes_ready("feed")
    assert not world.took(EnableTrading)
    world.becomes_ready("risk")
    assert len(world.took(EnableTrading)) == 1
    world.dies("feed").pass_time(20 * MS).becomes_ready("feed")
    assert len(world.took(EnableTrading)) == 1


def test_an_actor_that_lost_its_venue_again_delays_trading():
    world = World(rules(process("feed"), process("risk")))
    world.prepared().becomes_ready("feed")
    world.looks("feed", ActorState.CATCHING_UP).becomes_ready("risk")
    assert not world.took(EnableTrading)
    world.looks("feed", ActorState.RUNNING)
    assert world.took(EnableTrading)


def test_an_actor_that_never_gets_ready_stops_everything_and_is_named():
    world = World(rules(process("feed"), process("risk")))
    world.prepared().becomes_ready("feed").looks("risk", ActorState.CATCHING_UP)
    world.pass_time(30 * S).stop_all()
    assert world.took(Ended) == [Ended(
        Outcome.START_FAILED, "risk: not ready within 30 s (risk is CATCHING_UP)")]


def test_warming_for_a_long_time_is_no_hang():
    world = World(rules(process("feed")))
    world.prepared()
    for _ in range(100):
        world.pass_time(100 * MS).looks("feed", ActorState.WARMING)
    assert not world.took(Kill)


# ---- restarting ----------------------------------------------------------------------------------

def test_a_killed_actor_is_restarted_at_once():
    world = three_running()
    world.dies("risk", "killed by SIGKILL")
    assert Publish("risk", ActorState.BACKOFF, "killed by SIGKILL", False) in world.actions
    assert world.took(Spawn)[-1] == Spawn("risk", 2)


def test_one_that_soon_fails_again_is_restarted_after_its_backoff():
    world = three_running()
    world.dies("risk", "killed by SIGKILL").becomes_ready("risk").dies("risk", "killed by SIGKILL")
    world.pass_time(9 * MS)
    assert world.phase("risk") == Phase.BACKOFF
    world.pass_time(1 * MS)
    assert world.took(Spawn)[-1] == Spawn("risk", 3)


def test_each_failure_in_a_row_doubles_the_backoff_up_to_its_cap():
    world = three_running(max_restarts=100, backoff={"initial_ns": 10 * MS, "max_ns": 50 * MS})
    delays = [n.data["delay_ns"] // MS for n in world.crash_loop("risk", 5)]
    assert delays == [0, 10, 20, 40, 50]


def test_health_resets_the_backoff():
    world = three_running(max_restarts=100)
    world.crash_loop("risk", 3)
    world.pass_time(20 * MS * 10).becomes_ready("risk").pass_time(10 * S)
    world.dies("risk")
    assert world.took(Notice)[-1].data["delay_ns"] == 0


def test_beyond_its_budget_an_actor_is_given_up_and_the_others_go_on():
    world = three_running(max_restarts=3)
    world.crash_loop("risk", 3)
    world.dies("risk", "exit status 1")
    assert world.phase("risk") == Phase.FATAL
    [given_up] = [a for a in world.took(Publish) if a.state == ActorState.FATAL]
    assert given_up.closed
    assert given_up.reason == "exit status 1; gave up after 3 restarts within 60 s"
    assert world.state.stage == Stage.ENABLED and world.phase("feed") == Phase.RUNNING


def test_the_budget_slides():
    world = three_running(max_restarts=3)
    world.crash_loop("risk", 3)
    world.becomes_ready("risk").pass_time(61 * S).dies("risk")
    assert world.phase("risk") == Phase.STARTING


def test_halt_stops_the_whole_deployment():
    world = three_running(max_restarts=0, on_exhausted="halt")
    world.dies("risk", "exit status 1").stop_all()
    assert world.took(Ended) == [Ended(
        Outcome.HALTED, "risk: exit status 1; gave up after 0 restarts within 60 s")]


@pytest.mark.parametrize(("policy", "failed", "phase"), [
    ("no", True, Phase.FATAL), ("no", False, Phase.STOPPED),
    ("on-failure", True, Phase.STARTING), ("on-failure", False, Phase.STOPPED),
    ("always", True, Phase.STARTING), ("always", False, Phase.STARTING)])
def test_the_policy_says_which_ends_are_followed_by_a_restart(policy, failed, phase):
    world = three_running(policy=policy)
    world.dies("risk", failed=failed)
    assert world.phase("risk") == phase


def test_a_process_that_cannot_be_forked_has_failed():
    world = three_running()
    world.dies("risk")
    world.cannot_be_forked("risk", "cannot fork: Resource temporarily unavailable")
    assert world.phase("risk") == Phase.BACKOFF
    assert world.process("risk").failures == 2


def test_an_actor_given_up_before_trading_ends_the_start():
    world = World(rules(process("feed"), process("risk", max_restarts=1)))
    world.prepared().becomes_ready("feed")
    world.dies("risk", "ValueError: no").pass_time(10 * MS).dies("risk", "ValueError: no")
    world.stop_all()
    assert world.took(Ended) == [Ended(
        Outcome.START_FAILED,
        "risk: ValueError: no; gave up after 1 restart within 60 s")]


# ---- hangs ---------------------------------------------------------------------------------------

def test_a_heartbeat_that_stands_still_is_a_hang():
    world = three_running()
    for _ in range(20):
        world.pass_time(10 * MS).looks("risk", ActorState.RUNNING, heartbeat_ns=7)
    assert not world.took(Traceback)
    world.pass_time(10 * MS).looks("risk", ActorState.RUNNING, heartbeat_ns=7)
    assert world.took(Traceback) == [Traceback("risk", 1)] and not world.took(Kill)
    world.pass_time(20 * MS)
    assert world.took(Kill) == [Kill("risk", 1)], "once it had its moment to say where it is"
    world.dies("risk", "killed by SIGKILL")
    assert world.process("risk").reason == "hung: risk RUNNING without a heartbeat for 200 ms"
    assert world.took(Spawn)[-1] == Spawn("risk", 2)


def test_a_supervisor_that_was_itself_asleep_does_not_mistake_that_for_a_hang():
    world = three_running()
    world.looks("risk", ActorState.RUNNING, heartbeat_ns=7)
    world.pass_time(60 * S).looks("risk", ActorState.RUNNING, heartbeat_ns=7)
    assert not world.took(Kill)


def test_catching_up_again_may_take_as_long_as_a_start():
    world = three_running()
    for _ in range(100):
        world.pass_time(10 * MS).looks("risk", ActorState.CATCHING_UP, heartbeat_ns=7)
    assert not world.took(Kill)


def test_stuck_in_start_after_a_restart_counts_as_a_failure():
    world = three_running()
    world.dies("risk").pass_time(30 * S + 20 * MS)
    assert world.took(Kill) == [Kill("risk", 2)]
    world.dies("risk", "killed by SIGKILL")
    assert world.phase("risk") == Phase.BACKOFF
    assert world.process("risk").reason == "not ready within 30 s"


# ---- wishes --------------------------------------------------------------------------------------

def test_stop_then_start():
    world = three_running()
    world.feed(StopRequested("risk"))
    assert world.took(AskStop) == [AskStop("risk", 1)]
    world.dies("risk", failed=False)
    assert world.phase("risk") == Phase.STOPPED
    world.pass_time(60 * S)
    assert world.phase("risk") == Phase.STOPPED
    world.feed(StartRequested("risk"))
    assert world.took(Spawn)[-1] == Spawn("risk", 2)


def test_stop_during_backoff_cancels_the_restart():
    world = three_running()
    world.dies("risk").dies("risk").feed(StopRequested("risk")).pass_time(60 * S)
    assert world.phase("risk") == Phase.STOPPED and len(world.took(Spawn)) == 4


def test_a_crash_while_it_is_asked_to_stop_is_no_reason_to_restart():
    world = three_running(policy="always")
    world.feed(StopRequested("risk")).dies("risk", "killed by SIGSEGV").pass_time(60 * S)
    assert world.phase("risk") == Phase.STOPPED


def test_who_does_not_stop_within_its_grace_is_killed():
    world = three_running()
    world.feed(StopRequested("risk")).pass_time(1 * S)
    assert world.took(Kill) == [Kill("risk", 1)]


def test_restart_stops_first_and_costs_no_budget():
    world = three_running(max_restarts=0)
    world.feed(RestartRequested("risk"))
    assert world.took(AskStop) == [AskStop("risk", 1)]
    world.dies("risk", failed=False)
    assert world.took(Spawn)[-1] == Spawn("risk", 2)


def test_stop_after_restart_wins():
    world = three_running()
    world.feed(RestartRequested("risk")).feed(StopRequested("risk")).dies("risk", failed=False)
    world.pass_time(60 * S)
    assert world.phase("risk") == Phase.STOPPED


def test_a_given_up_actor_can_be_started_by_hand_with_a_clean_record():
    world = three_running(max_restarts=1)
    world.crash_loop("risk", 1)
    world.dies("risk")
    assert world.phase("risk") == Phase.FATAL
    world.feed(RestartRequested("risk")).becomes_ready("risk").dies("risk")
    assert world.phase("risk") == Phase.STARTING


# ---- groups --------------------------------------------------------------------------------------

def test_one_for_one_restarts_the_failed_one_alone():
    world = three_running("one_for_one")
    world.dies("strategy")
    assert not world.took(AskStop)


def test_one_for_all_restarts_the_whole_group_once_all_have_stopped():
    world = three_running("one_for_all")
    world.dies("strategy").pass_time(10 * MS)
    assert {a.process for a in world.took(AskStop)} == {"feed", "risk"}
    world.dies("feed", failed=False)
    assert len(world.took(Spawn)) == 3, "risk has not stopped yet"
    world.dies("risk", failed=False)
    assert world.spawned()[3:] == ["feed", "strategy", "risk"]


def test_rest_for_one_restarts_those_listed_after_the_failed_one():
    world = three_running("rest_for_one")
    world.dies("strategy").pass_time(10 * MS)
    assert {a.process for a in world.took(AskStop)} == {"risk"}
    assert world.phase("feed") == Phase.RUNNING
    world.dies("risk", failed=False)
    assert world.spawned()[3:] == ["strategy", "risk"]


def test_a_stopped_member_stays_stopped_when_its_group_restarts():
    world = three_running("one_for_all")
    world.feed(StopRequested("risk")).dies("risk", failed=False)
    world.dies("strategy").pass_time(10 * MS).dies("feed", failed=False).pass_time(1 * S)
    assert world.phase("risk") == Phase.STOPPED
    assert world.spawned()[3:] == ["feed", "strategy"]


# ---- the end -------------------------------------------------------------------------------------

def test_a_shutdown_drains_then_stops_in_reverse_order():
    world = three_running()
    world.shutdown()
    assert world.took(Drain) and not world.took(AskStop)
    world.drained()
    order = []
    for name in ("risk", "strategy", "feed"):
        assert world.took(AskStop)[-1].process == name
        order.append(name)
        world.dies(name, failed=False)
    assert world.took(Ended) == [Ended(Outcome.ORDERLY, "")]


def test_work_that_never_drains_holds_a_shutdown_up_for_600_ms():
    world = three_running()
    world.shutdown().pass_time(599 * MS)
    assert not world.took(AskStop)
    world.pass_time(1 * MS)
    assert world.took(AskStop)


def test_nobody_outlives_a_shutdown_by_two_seconds():
    world = three_running()
    world.shutdown()
    world.pass_time(1800 * MS)
    assert {a.process for a in world.took(Kill)} == {"feed", "strategy", "risk"}


def test_a_shutdown_ends_backoffs_and_waits_for_no_restart():
    world = three_running()
    world.dies("risk").dies("risk").shutdown().drained().pass_time(10 * MS)
    assert world.phase("risk") == Phase.STOPPED
    world.dies("strategy", failed=False).dies("feed", failed=False)
    assert world.took(Ended) and len(world.took(Spawn)) == 4


def test_a_shutdown_before_anything_was_forked_ends_at_once():
    world = World(rules(process("feed")))
    world.shutdown()
    assert world.took(Ended) and not world.took(Spawn)


def test_wishes_during_a_shutdown_start_nothing():
    world = three_running()
    world.shutdown().feed(RestartRequested("risk")).feed(StartRequested("feed"))
    world.pass_time(5 * S)
    assert len(world.took(Spawn)) == 3


def test_what_does_not_even_die_is_named_at_last():
    world = three_running()
    world.shutdown().pass_time(2 * S).dies("feed").dies("strategy").pass_time(3 * S)
    assert world.took(Ended) == [Ended(Outcome.ORDERLY, "killed, but does not die: risk")]
