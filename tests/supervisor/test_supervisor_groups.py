"""Groups that fail as one, significant actors, who waits for whom, and what people are told."""

from __future__ import annotations

from actors.supervisor.state import (
    AskStop, Ended, Notice, Outcome, Phase, Spawn, Stage, StartRequested, StopRequested, Traceback,
)
from schemas.enums import ActorState
from tests.supervisor.fake_world import MS, S, World, rules
from tests.supervisor.test_supervisor_policy import process, three_running

# ---- a group that fails as one -------------------------------------------------------------------

def escalating(group: dict | None = None, **restart) -> World:
    return three_running(group=group, **{"max_restarts": 1, "on_exhausted": "escalate", **restart})


def test_an_actor_that_escalates_takes_its_whole_group_down_and_up_again():
    world = escalating()
    world.crash_loop("risk", 1)
    world.dies("risk", "exit status 1")
    assert {a.process for a in world.took(AskStop)} == {"feed", "strategy"}
    [told] = [n for n in world.took(Notice) if n.kind == "escalated"]
    assert told.text == ("exit status 1; gave up after 1 restart within 60 s; group trading "
                         "restarts as a whole")
    world.pass_time(100 * MS).others_obey("strategy")
    assert len(world.took(Spawn)) == 4, "strategy has not stopped yet"
    world.others_obey()
    assert world.spawned()[4:] == ["feed", "strategy", "risk"]
    assert world.all_become_ready().state.stage == Stage.ENABLED


def test_a_group_that_was_restarted_as_a_whole_has_a_clean_record():
    world = escalating()
    world.crash_loop("feed", 1)
    world.crash_loop("risk", 1)
    world.dies("risk").others_obey().pass_time(1 * S).all_become_ready()
    for name in ("risk", "feed"):
        world.dies(name).pass_time(1 * S)
        assert world.phase(name) == Phase.STARTING
    assert len([n for n in world.took(Notice) if n.kind == "escalated"]) == 1


def test_a_group_that_used_up_its_own_restarts_halts_the_deployment():
    world = escalating(group={"max_restarts": 1, "within_ns": 600 * S}, max_restarts=0)
    world.dies("risk").others_obey().pass_time(1 * S).all_become_ready()
    world.dies("risk", "exit status 1").stop_all()
    assert world.took(Ended) == [Ended(
        Outcome.HALTED, "risk: exit status 1; gave up after 0 restarts within 60 s; group trading "
                        "gave up after 1 restart within 600 s")]


def test_the_budget_of_a_group_slides_too():
    world = escalating(group={"max_restarts": 1, "within_ns": 60 * S}, max_restarts=0)
    for _ in range(3):
        world.dies("risk").others_obey().pass_time(1 * S).all_become_ready().pass_time(60 * S)
    assert world.state.stage == Stage.ENABLED
    assert len([n for n in world.took(Notice) if n.kind == "escalated"]) == 3


def test_without_a_group_to_escalate_to_the_deployment_halts():
    world = World(rules(process("monitor", max_restarts=0, on_exhausted="escalate")))
    world.prepared().becomes_ready("monitor").dies("monitor", "exit status 1")
    assert world.state.outcome == Outcome.HALTED


def test_what_was_stopped_in_an_escalating_group_stays_stopped():
    world = escalating(max_restarts=0)
    world.feed(StopRequested("feed")).dies("feed", failed=False)
    world.dies("risk").others_obey().pass_time(1 * S)
    assert world.phase("feed") == Phase.STOPPED
    assert world.spawned()[3:] == ["strategy", "risk"]


def test_a_stop_beats_the_restart_of_the_group():
    world = escalating(max_restarts=0)
    world.dies("risk").feed(StopRequested("strategy")).others_obey().pass_time(60 * S)
    assert world.phase("strategy") == Phase.STOPPED
    assert world.spawned()[3:] == ["feed", "risk"]


# ---- significant actors --------------------------------------------------------------------------

def venue_and_desk(**restart) -> World:
    world = World(rules(process("venue", significant=True, **restart), process("desk")))
    return world.prepared().all_become_ready()


def test_when_a_significant_actor_ends_by_itself_the_deployment_ends_in_good_order():
    world = venue_and_desk()
    world.dies("venue", "stopped", failed=False).stop_all()
    assert world.took(Ended) == [Ended(Outcome.ORDERLY, "venue, which is significant, ended")]


def test_when_a_significant_actor_is_given_up_the_deployment_halts():
    world = venue_and_desk(max_restarts=0)
    world.dies("venue", "exit status 1").stop_all()
    assert world.took(Ended) == [Ended(
        Outcome.HALTED, "venue, which is significant: exit status 1; gave up after 0 restarts "
                        "within 60 s")]


def test_a_significant_actor_that_is_restarted_or_stopped_on_request_has_not_ended_for_good():
    world = venue_and_desk()
    world.dies("venue").becomes_ready("venue").feed(StopRequested("venue"))
    world.dies("venue", "stopped", failed=False)
    assert world.phase("venue") == Phase.STOPPED and world.state.stage == Stage.ENABLED


# ---- conditions ----------------------------------------------------------------------------------

def waiting(until: str) -> World:
    return World(rules(process("venue"), process("desk", ("venue",), until))).prepared()


def test_started_is_as_soon_as_it_was_forked():
    assert waiting("started").spawned() == ["venue", "desk"]


def test_ready_is_when_it_was_ready_though_degraded():
    world = waiting("ready")
    world.looks("venue", ActorState.CATCHING_UP)
    assert world.spawned() == ["venue"]
    world.looks("venue", ActorState.DEGRADED)
    assert world.spawned() == ["venue", "desk"]


def test_healthy_is_when_it_is_running_and_not_degraded():
    world = waiting("healthy")
    world.looks("venue", ActorState.DEGRADED)
    assert world.spawned() == ["venue"]
    world.looks("venue", ActorState.RUNNING)
    assert world.spawned() == ["venue", "desk"]


def test_what_does_not_get_healthy_in_time_ends_the_start():
    world = waiting("healthy")
    world.looks("venue", ActorState.DEGRADED).pass_time(30 * S).stop_all()
    assert world.took(Ended) == [Ended(
        Outcome.START_FAILED,
        "desk waits: venue is not healthy after 30 s (venue is DEGRADED)")]


def test_later_what_does_not_get_healthy_holds_nobody_up_for_ever():
    world = waiting("healthy").becomes_ready("venue").becomes_ready("desk")
    world.looks("venue", ActorState.DEGRADED)
    world.feed(StopRequested("desk")).dies("desk", failed=False).feed(StartRequested("desk"))
    assert world.phase("desk") == Phase.WAITING
    world.pass_time(30 * S)
    assert world.phase("desk") == Phase.STARTING
    assert [n.kind for n in world.took(Notice)][-1] == "unhealthy"


# ---- what people are told ------------------------------------------------------------------------

def told(world: World, kind: str) -> list[str]:
    return [n.text for n in world.took(Notice) if n.kind == kind]


def test_changes_of_state_are_told():
    world = three_running()
    world.looks("feed", ActorState.CATCHING_UP).looks("feed", ActorState.RUNNING)
    assert told(world, "state") == ["feed is CATCHING_UP, was RUNNING",
                                    "feed is RUNNING, was CATCHING_UP"]


def test_who_was_stopped_by_a_signal_and_continued_in_time_goes_on():
    world = three_running()
    for suspended in (True, True, False):
        world.pass_time(10 * MS).looks("risk", ActorState.RUNNING, 7, suspended=suspended)
    world.looks("risk", ActorState.RUNNING)
    assert len(told(world, "suspended")) == len(told(world, "continued")) == 1
    assert not world.took(Traceback)
