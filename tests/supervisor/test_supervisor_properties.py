"""What holds of the supervisor's decisions whatever happens: random deployments and histories."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime.plan import Backoff, RestartPlan
from actors.supervisor.backoff import backoff_ns, least_backoff_ns, next_random
from actors.supervisor.liveness import ActorSeen
from actors.supervisor.policy import step
from actors.supervisor.rules import ActorRules, GroupRules, Need, ProcessRules
from actors.supervisor.state import (
    Ended, Exited, Kill, Outcome, Phase, RestartRequested, Seen, Shutdown, Spawn, SpawnFailed, Stage,
    StartRequested, StopRequested, Tick,
)
from schemas.enums import ActorState
from tests.supervisor.fake_world import MS, S, World, rules

NAMES = ("exchange", "feed", "strategy", "risk")

backoffs = st.builds(
    Backoff, initial_ns=st.sampled_from([0, 1 * MS, 10 * MS]),
    max_ns=st.sampled_from([10 * MS, 200 * MS, 5 * S]), factor=st.sampled_from([1.0, 1.5, 2.0]),
    jitter=st.sampled_from([0.0, 0.2, 1.0]), reset_after_ns=st.sampled_from([50 * MS, 10 * S]))
restarts = st.builds(
    RestartPlan, policy=st.sampled_from(["no", "on-failure", "always"]),
    max_restarts=st.integers(0, 4), within_ns=st.sampled_from([100 * MS, 1 * S, 60 * S]),
    backoff=backoffs, on_exhausted=st.sampled_from(["isolate", "escalate", "halt"]))


@st.composite
def deployments(draw):
    """Two to four processes, each depending on some before it, some of them in a group."""
    names = NAMES[:draw(st.integers(2, 4))]
    processes = []
    for at, name in enumerate(names):
        needs = draw(st.sets(st.sampled_from(names[:at]))) if at else set()
        actor = ActorRules(name, 10 * MS, draw(st.integers(1, 5)), 300 * MS)
        needs = tuple(Need(need, draw(st.sampled_from(["started", "ready", "healthy"])))
                      for need in sorted(needs))
        processes.append(ProcessRules(name, (actor,), needs, draw(restarts), 50 * MS,
                                      draw(st.booleans())))
    strategy = draw(st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"]))
    members = tuple(draw(st.lists(st.sampled_from(names), min_size=1, unique=True)))
    group = GroupRules("group", strategy, members, draw(st.integers(0, 3)),
                       draw(st.sampled_from([200 * MS, 60 * S])))
    return rules(*processes, groups=(group,))


#: What may happen: (what, to the how manieth process, how long after the last).
happenings = st.lists(st.tuples(
    st.sampled_from(["ready", "ready", "die", "die", "end", "unborn", "beat", "still", "stale",
                     "ill", "stalled", "stop", "start", "restart", "tick"]),
    st.integers(0, 3), st.sampled_from([0, 1 * MS, 5 * MS, 20 * MS, 400 * MS])), max_size=60)


def live(world: World, history, obey_kills: bool = True) -> None:
    """Lets a history happen; what was killed dies, what was asked to stop may take its time."""
    for what, which, delay in history:
        world.pass_time(delay)
        process = world.state.processes[which % len(world.state.processes)]
        happen(world, what, process)
        if obey_kills:
            bury_the_killed(world)


def bury_the_killed(world: World) -> None:
    for process in world.state.processes:
        if process.phase == Phase.KILLING:
            world.dies(process.name, "killed by SIGKILL")


def happen(world: World, what: str, process) -> None:
    name, now = process.name, process.incarnation
    event = {
        "ready": lambda: seen(process, ActorState.RUNNING, world.now_ns),
        "beat": lambda: seen(process, ActorState.CATCHING_UP, world.now_ns),
        "still": lambda: seen(process, ActorState.RUNNING, 1),
        "ill": lambda: seen(process, ActorState.DEGRADED, world.now_ns),
        "stalled": lambda: seen(process, ActorState.RUNNING, world.now_ns, queued=3),
        "die": lambda: Exited(name, now, True, "exit status 1"),
        "end": lambda: Exited(name, now, False, "stopped"),
        "unborn": lambda: SpawnFailed(name, now, "cannot fork"),
        "stale": lambda: Exited(name, now - 1, True, "exit status 1"),
        "stop": lambda: StopRequested(name),
        "start": lambda: StartRequested(name),
        "restart": lambda: RestartRequested(name),
        "tick": Tick,
    }[what]()
    world.feed(event)


def seen(process, state: ActorState, heartbeat_ns: int, **more) -> Seen:
    return Seen(process.name, process.incarnation, tuple(
        ActorSeen(a.name, state, heartbeat_ns, **more) for a in process.rules.actors))


WISHES = ("stop", "start", "restart")
no_wishes = happenings.map(lambda h: [event for event in h if event[0] not in WISHES])


# ---- restarts ------------------------------------------------------------------------------------

@settings(max_examples=60, deadline=None)
@given(deployments(), no_wishes, st.integers(0, 2**64 - 1))
def test_no_window_holds_more_restarts_after_failures_than_the_budget(deployment, history, seed):
    world = World(deployment, seed).prepared()
    restarted: dict[str, list[int]] = {name: [] for name in NAMES}
    for event in history:
        before = {p.name: p for p in world.state.processes}
        taken = len(world.timed)
        live(world, [event])
        for at, action in world.timed[taken:]:
            if isinstance(action, Spawn) and before[action.process].incarnation:
                restarted[action.process].append(at)
    counted = {p.name: p.restarted_ns for p in world.state.processes}
    for process in deployment.processes:
        alone = not any(process.name in g.processes for g in deployment.groups)
        times = restarted[process.name] if alone else list(counted[process.name])
        assert most_within(times, process.restart.within_ns) <= process.restart.max_restarts


def most_within(times: list[int], period_ns: int) -> int:
    """How many of ``times`` lie in that period of ``period_ns`` which holds the most."""
    return max((sum(at - period_ns < t <= at for t in times) for at in times), default=0)


@settings(max_examples=60, deadline=None)
@given(deployments(), no_wishes, st.integers(0, 2**64 - 1))
def test_a_group_is_restarted_as_a_whole_no_oftener_than_its_budget_and_then_all_halts(
        deployment, history, seed):
    world = World(deployment, seed).prepared().all_become_ready()
    restarts: list[int] = []
    [group] = deployment.groups
    for event in history:
        live(world, [event])
        restarts += world.state.group_restarts.get("group", ())
    assert most_within(sorted(set(restarts)), group.within_ns) <= group.max_restarts
    for process in world.state.processes:
        given_up = process.phase == Phase.FATAL and "gave up after" in process.reason
        if given_up and process.rules.restart.on_exhausted != "isolate":
            assert world.state.outcome != Outcome.ORDERLY


@settings(max_examples=60, deadline=None)
@given(deployments(), st.integers(0, 2**64 - 1), st.sampled_from([0, 1 * MS, 30 * MS]))
def test_actors_that_crash_whatever_is_done_cannot_take_the_machine_down(deployment, seed, lives):
    """Everything dies as soon as it was ready, for a long time: forks stay few in any period."""
    world = World(deployment, seed).prepared().all_become_ready()
    taken = len(world.timed)
    for _ in range(100):
        for process in world.state.processes:
            if process.phase == Phase.STARTING:
                world.becomes_ready(process.name).pass_time(lives)
            if world.process(process.name).is_up:
                world.dies(process.name)
        world.pass_time(10 * MS)
    forks = [at for at, action in world.timed[taken:] if isinstance(action, Spawn)]
    [group] = deployment.groups
    period = min([p.restart.within_ns for p in deployment.processes] + [group.within_ns])
    own = sum(p.restart.max_restarts for p in deployment.processes)
    whole = 1 + group.max_restarts * any(p.restart.on_exhausted == "escalate"
                                         for p in deployment.processes)
    size = len(deployment.processes)  # each restart may take all of the group along
    assert most_within(forks, period) <= (own + 1) * whole * size


@settings(max_examples=60, deadline=None)
@given(deployments(), happenings, st.integers(0, 2**64 - 1))
def test_when_a_significant_actor_has_ended_for_good_so_has_the_deployment(deployment, history,
                                                                           seed):
    world = World(deployment, seed).prepared()
    live(world, history)
    for process in world.state.processes:
        if process.rules.significant and process.wanted and process.phase in (Phase.STOPPED,
                                                                              Phase.FATAL):
            assert world.state.stage in (Stage.DRAINING, Stage.STOPPING, Stage.ENDED)


@settings(max_examples=60, deadline=None)
@given(deployments(), no_wishes, st.integers(0, 2**64 - 1))
def test_after_a_failure_no_restart_comes_sooner_than_its_backoff(deployment, history, seed):
    world = World(deployment, seed).prepared()
    failed_at: dict[str, tuple[int, int]] = {}
    for event in history:
        taken = len(world.timed)
        live(world, [event])
        for at, action in world.timed[taken:]:
            if isinstance(action, Spawn) and action.process in failed_at:
                since, least = failed_at.pop(action.process)
                assert at - since >= least
            elif getattr(action, "kind", "") == "backoff":
                process = world.process(action.process)
                least = least_backoff_ns(process.rules.restart.backoff, process.failures - 1)
                failed_at[action.process] = (at, least)


@given(backoffs, st.integers(0, 200), st.integers(0, 2**64 - 1))
def test_a_backoff_lies_between_its_least_and_its_cap(backoff, failures, seed):
    _, random = next_random(seed)
    assert 0.0 <= random < 1.0
    assert least_backoff_ns(backoff, failures) <= backoff_ns(backoff, failures, random)
    assert backoff_ns(backoff, failures, random) <= backoff.max_ns


# ---- incarnations, stops -------------------------------------------------------------------------

@settings(max_examples=60, deadline=None)
@given(deployments(), happenings, st.integers(0, 3), st.integers(1, 3), st.sampled_from(
    ["exited", "seen", "unborn"]), st.integers(0, 2**64 - 1))
def test_word_of_a_past_incarnation_changes_nothing(deployment, history, which, ago, what, seed):
    world = World(deployment, seed).prepared()
    live(world, history)
    process = world.state.processes[which % len(world.state.processes)]
    old = process.incarnation - ago
    event = {"exited": Exited(process.name, old, True, "killed by SIGKILL"),
             "seen": Seen(process.name, old, (ActorSeen(process.name, ActorState.RUNNING, 1),)),
             "unborn": SpawnFailed(process.name, old, "cannot fork")}[what]
    assert step(world.state, event, world.now_ns) == step(world.state, Tick(), world.now_ns)


@settings(max_examples=60, deadline=None)
@given(deployments(), happenings, st.integers(0, 3), happenings, st.integers(0, 2**64 - 1))
def test_what_was_told_to_stop_is_not_started_until_somebody_asks(deployment, history, which, later,
                                                                  seed):
    world = World(deployment, seed).prepared()
    live(world, history)
    name = world.state.processes[which % len(world.state.processes)].name
    world.feed(StopRequested(name))
    taken = len(world.actions)
    live(world, [event for event in later if event[0] not in WISHES])
    assert Spawn(name, world.process(name).incarnation) not in world.actions[taken:]


@settings(max_examples=60, deadline=None)
@given(deployments(), happenings, st.integers(0, 2**64 - 1))
def test_there_is_never_a_second_incarnation_beside_a_living_one(deployment, history, seed):
    world = World(deployment, seed).prepared()
    living: set[str] = {a.process for a in world.took(Spawn)}
    for event in history:
        taken = len(world.timed)
        before = {p.name: p for p in world.state.processes}
        live(world, [event])
        for name in [n for n in living if world.process(n).incarnation != before[n].incarnation
                     or not world.process(n).is_up]:
            living.discard(name)
        for _, action in world.timed[taken:]:
            if isinstance(action, Spawn):
                assert action.process not in living
                assert action.incarnation > before[action.process].incarnation
                if world.process(action.process).is_up:
                    living.add(action.process)


# ---- the end -------------------------------------------------------------------------------------

@settings(max_examples=60, deadline=None)
@given(deployments(), happenings, happenings, st.booleans(), st.integers(0, 2**64 - 1))
def test_a_shutdown_starts_nothing_and_ends_everything(deployment, history, later, obedient, seed):
    """Whether processes obey or have to be killed, whatever else happens meanwhile."""
    world = World(deployment, seed).prepared()
    live(world, history)
    world.feed(Shutdown())
    taken, began = len(world.actions), world.now_ns
    live(world, later)
    while world.state.stage != Stage.ENDED and world.now_ns < began + 120 * S:
        if obedient:
            for process in world.state.processes:
                if process.phase == Phase.STOPPING:
                    world.dies(process.name, "stopped", failed=False)
        bury_the_killed(world)
        world.pass_time(10 * MS)
    assert not any(isinstance(action, Spawn) for action in world.actions[taken:])
    assert len(world.took(Ended)) == 1
    assert not any(process.is_up for process in world.state.processes)
    assert "does not die" not in world.state.reason


@settings(max_examples=40, deadline=None)
@given(deployments(), st.integers(0, 2**64 - 1))
def test_a_shutdown_of_what_obeys_nothing_but_a_kill_takes_less_than_two_seconds(deployment, seed):
    world = World(deployment, seed).prepared()
    for process in world.state.processes:
        if process.is_up:
            world.becomes_ready(process.name)
    world.feed(Shutdown())
    began = world.now_ns
    while world.state.stage != Stage.ENDED:
        bury_the_killed(world)
        world.pass_time(10 * MS)
        assert world.now_ns - began < 2 * S
    for process in world.state.processes:
        assert process.incarnation == 0 or Kill(process.name, process.incarnation) in world.actions


@settings(max_examples=40, deadline=None)
@given(deployments(), happenings, st.integers(0, 2**64 - 1))
def test_the_same_history_is_decided_the_same_way_twice(deployment, history, seed):
    worlds = [World(deployment, seed).prepared() for _ in range(2)]
    for world in worlds:
        live(world, history)
    assert worlds[0].timed == worlds[1].timed


@settings(max_examples=40, deadline=None)
@given(deployments(), happenings, st.integers(0, 2**64 - 1))
def test_left_alone_a_deployment_comes_to_rest(deployment, history, seed):
    """When everything that is started becomes ready, either all that is wanted runs, or was given
    up, or the deployment has ended: nothing waits for ever."""
    world = World(deployment, seed).prepared()
    live(world, history)
    for _ in range(400):
        world.pass_time(20 * MS)
        for process in world.state.processes:
            if process.phase == Phase.STARTING:
                world.becomes_ready(process.name)
            elif process.phase == Phase.STOPPING:
                world.dies(process.name, "stopped", failed=False)
        bury_the_killed(world)
    for process in world.state.processes:
        assert process.phase in (Phase.RUNNING, Phase.STOPPED, Phase.FATAL)
        if world.state.stage == Stage.ENABLED and process.wanted:
            assert process.phase != Phase.STOPPED or process.rules.restart.policy != "always"
