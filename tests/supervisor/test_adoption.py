"""What a new supervisor decides about what it finds: at any moment of any history."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.supervisor.adoption import Found, adopt_state
from actors.supervisor.saved_state import SavedState, saved_state
from actors.supervisor.state import (
    AskStop, EnableTrading, Kill, Phase, Shutdown, Spawn, Stage, StopRequested,
)
from actors.supervisor.watch import replacement_delay_ns
from tests.supervisor.fake_world import S, World, rules
from tests.supervisor.test_supervisor_policy import process
from tests.supervisor.test_supervisor_properties import (
    bury_the_killed, deployments, happenings, live,
)

A, B = rules(process("a")), rules(process("b"))

seeds = st.integers(0, 2**64 - 1)


def as_it_is(state) -> dict[str, Found]:
    """The world as the state says: what is up lives."""
    return {p.name: Found(p.incarnation, p.is_up) for p in state.processes if p.incarnation}


def without_looks(state):
    """What has to be remembered: neither pulses, which the next look brings, nor when a start or a
    stop is too late, which counts from the takeover."""
    return [replace(p, pulses=(), deadline_ns=p.deadline_ns if p.phase == Phase.BACKOFF else 0)
            for p in state.processes]


@settings(max_examples=80, deadline=None)
@given(deployments(), happenings, st.booleans(), seeds)
def test_what_runs_as_it_should_is_left_alone(deployment, history, shut_down, seed):
    world = World(deployment, seed).prepared()
    live(world, history)
    if shut_down:
        world.feed(Shutdown())
    if world.state.stage == Stage.ENDED:
        return
    state, actions = adopt_state(world.state, as_it_is(world.state), world.now_ns)
    assert not any(isinstance(a, Spawn) for a in actions)
    killed = {a.process for a in actions if isinstance(a, Kill)}
    assert killed == {p.name for p in world.state.processes if p.phase == Phase.KILLING}
    asked = {a.process for a in actions if isinstance(a, AskStop)}
    before = {p.name for p in world.state.processes if p.phase == Phase.STOPPING}
    assert before <= asked and (asked == before or state.stage == Stage.STOPPING)
    if state.stage == world.state.stage != Stage.STOPPING:
        assert without_looks(state) == without_looks(world.state)
    assert (EnableTrading() in actions) == (state.stage == Stage.ENABLED)


@settings(max_examples=80, deadline=None)
@given(deployments(), happenings, st.sets(st.integers(0, 3)), st.sets(st.integers(0, 3)),
       st.integers(0, 100), seeds)
def test_whatever_died_meanwhile_nothing_lives_twice_and_all_comes_to_rest(
        deployment, history, dead, unborn, away_s, seed):
    """Some died, some were never forked though that was decided, and all of it a while ago."""
    world = World(deployment, seed).prepared()
    live(world, history)
    if world.state.stage == Stage.ENDED:
        return
    processes = world.state.processes
    found = as_it_is(world.state)
    for at, process in enumerate(processes):
        if at in dead and process.is_up:
            found[process.name] = Found(process.incarnation, False, True, "killed by SIGKILL")
        elif at in unborn and process.phase == Phase.STARTING:
            found[process.name] = Found(process.incarnation - 1, False, True, "before")
    world.now_ns += away_s * S
    before = world.state
    world.state, actions = adopt_state(before, found, world.now_ns)
    world.actions += actions
    for action in actions:
        if isinstance(action, Spawn):
            assert not found.get(action.process, Found(0, False)).lives
            assert action.incarnation >= before.process(action.process).incarnation
            assert world.process(action.process).wanted
    for _ in range(400):
        world.pass_time(20_000_000)
        for process in world.state.processes:
            if process.phase == Phase.STARTING:
                world.becomes_ready(process.name)
            elif process.phase == Phase.STOPPING:
                world.dies(process.name, "stopped", failed=False)
        bury_the_killed(world)
    for process in world.state.processes:
        assert process.phase in (Phase.RUNNING, Phase.STOPPED, Phase.FATAL)
        assert process.wanted or process.phase != Phase.RUNNING


@settings(max_examples=60, deadline=None)
@given(deployments(), happenings, st.sets(st.integers(0, 3)), seeds)
def test_adopting_twice_is_adopting_once(deployment, history, dead, seed):
    """The new supervisor may be killed as well, once it has written down what it decided."""
    world = World(deployment, seed).prepared()
    live(world, history)
    found = as_it_is(world.state)
    for at, process in enumerate(world.state.processes):
        if at in dead and process.is_up:
            found[process.name] = Found(process.incarnation, False, True, "killed by SIGKILL")
    if world.state.stage == Stage.ENDED:
        return
    once, _ = adopt_state(world.state, found, world.now_ns)
    if once.stage not in (Stage.STARTING, Stage.ENABLED):
        return  # what was about to be forked, and is not there, has stopped
    twice, actions = adopt_state(once, found, world.now_ns)
    assert twice == once
    for process in once.processes:
        if process.phase == Phase.STARTING and not found.get(process.name, Found(0, False)).lives:
            assert Spawn(process.name, process.incarnation) in actions, "it was perhaps not asked"


@settings(max_examples=40, deadline=None)
@given(deployments(), happenings, st.integers(1, 3), seeds)
def test_what_was_born_after_the_last_word_is_adopted_too(deployment, history, later, seed):
    world = World(deployment, seed).prepared()
    live(world, history)
    if world.state.stage not in (Stage.STARTING, Stage.ENABLED):
        return
    process = world.state.processes[0]
    world.feed(StopRequested(process.name)) if seed % 2 else None
    found = as_it_is(world.state)
    born = Found(process.incarnation + later, True)
    state, actions = adopt_state(world.state, {**found, process.name: born}, world.now_ns)
    now = state.process(process.name)
    assert now.incarnation == born.incarnation
    assert not any(isinstance(a, Spawn) and a.process == process.name for a in actions)
    if not now.wanted:
        assert AskStop(process.name, now.incarnation) in actions


def test_an_earlier_incarnation_that_is_left_over_ends_before_its_successor_begins():
    world = World(A).prepared().becomes_ready("a").dies("a").pass_time(S)
    assert world.process("a").incarnation == 2
    world.state, actions = adopt_state(world.state, {"a": Found(1, True)}, world.now_ns)
    assert Kill("a", 1) in actions and not any(isinstance(a, Spawn) for a in actions)
    world.dies("a", "killed by SIGKILL")
    assert world.process("a").incarnation == 2 and world.phase("a") == Phase.STARTING


# ---- what is written down ------------------------------------------------------------------------

@settings(max_examples=60, deadline=None)
@given(deployments(), happenings, seeds)
def test_what_was_known_is_read_back(tmp_path_factory, deployment, history, seed):
    world = World(deployment, seed).prepared()
    live(world, history)
    folder = tmp_path_factory.mktemp("shm")
    SavedState(folder).save(world.state)
    read = saved_state(folder, deployment)
    if world.state.stage == Stage.ENDED:
        assert read is None
        return
    assert read == replace(world.state, processes=tuple(
        replace(p, pulses=()) for p in world.state.processes))


def test_what_is_of_other_processes_or_unreadable_is_not_taken_for_this(tmp_path):
    assert saved_state(tmp_path, A) is None
    SavedState(tmp_path).save(World(A).prepared().state)
    assert saved_state(tmp_path, B) is None
    (tmp_path / "supervisor.state").write_text('{"rules": 3')
    assert saved_state(tmp_path, A) is None


# ---- how often -----------------------------------------------------------------------------------

def test_supervisors_that_do_not_last_are_replaced_ever_more_slowly_and_not_for_ever():
    delays = [replacement_delay_ns(n) for n in range(100)]
    assert delays[:10] == [0] * 10 and delays[-1] is None
    finite = [d for d in delays if d is not None]
    assert finite == sorted(finite) and max(finite) == S
    assert delays[len(finite):] == [None] * (100 - len(finite))
