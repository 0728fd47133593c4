"""A world for the supervisor's decisions: processes that live and die as the story says."""

from __future__ import annotations

from actors.supervisor.liveness import ActorSeen
from actors.supervisor.policy import next_deadline_ns, step
from actors.supervisor.rules import GroupRules, ProcessRules, Rules
from actors.supervisor.state import (
    Action, Drained, Event, Exited, Notice, Phase, Prepared, ProcessState, Seen, Shutdown, Spawn,
    SpawnFailed, Tick, initial_state,
)
from schemas.enums import ActorState

MS, S = 1_000_000, 1_000_000_000


def rules(*processes: ProcessRules, groups: tuple[GroupRules, ...] = ()) -> Rules:
    return Rules(processes, groups)


class World:
    """Holds the state and the time; every method but the questions returns the world."""

    def __init__(self, of: Rules, seed: int = 1):
        self.state = initial_state(of, seed)
        self.now_ns = 1_000 * S
        self.actions: list[Action] = []
        self.timed: list[tuple[int, Action]] = []

    def feed(self, event: Event) -> World:
        self.state, actions = step(self.state, event, self.now_ns)
        self.actions += actions
        self.timed += [(self.now_ns, action) for action in actions]
        return self

    # ---- what happens ------------------------------------------------------------------------

    def prepared(self) -> World:
        return self.feed(Prepared())

    def tick(self) -> World:
        return self.feed(Tick())

    def pass_time(self, ns: int) -> World:
        """Time goes on; each deadline on the way is kept when it is due."""
        until = self.now_ns + ns
        while (due := next_deadline_ns(self.state, self.now_ns)) is not None and due <= until:
            self.now_ns = due
            self.tick()
        self.now_ns = until
        return self.tick()

    def looks(self, name: str, state: ActorState, heartbeat_ns: int | None = None,
              **seen) -> World:
        """The supervisor looks at the vitals of all actors of a process."""
        process = self.process(name)
        beat = self.now_ns if heartbeat_ns is None else heartbeat_ns
        return self.feed(Seen(name, process.incarnation, tuple(
            ActorSeen(actor.name, state, beat, **seen) for actor in process.rules.actors)))

    def becomes_ready(self, name: str) -> World:
        return self.looks(name, ActorState.RUNNING)

    def all_become_ready(self) -> World:
        for process in self.state.processes:
            self.becomes_ready(process.name)
        return self

    def dies(self, name: str, reason: str = "exit status 1", failed: bool = True) -> World:
        return self.feed(Exited(name, self.process(name).incarnation, failed, reason))

    def cannot_be_forked(self, name: str, reason: str) -> World:
        return self.feed(SpawnFailed(name, self.process(name).incarnation, reason))

    def shutdown(self) -> World:
        return self.feed(Shutdown())

    def drained(self) -> World:
        return self.feed(Drained())

    def others_obey(self, *but: str) -> World:
        """Whoever was asked to stop does."""
        for process in self.state.processes:
            if process.phase == Phase.STOPPING and process.name not in but:
                self.dies(process.name, "stopped", failed=False)
        return self

    def stop_all(self) -> World:
        """Everything obeys until nothing runs."""
        self.drained()
        for process in reversed(self.state.processes):
            if process.is_up:
                self.dies(process.name, "stopped", failed=False)
        return self

    def crash_loop(self, name: str, times: int) -> list[Notice]:
        """Dies as soon as it is started, so often; the backoffs that followed."""
        backoffs = []
        for _ in range(times):
            self.dies(name)
            backoffs.append([n for n in self.took(Notice) if n.kind == "backoff"][-1])
            self.pass_time(backoffs[-1].data["delay_ns"])
        return backoffs

    # ---- questions ---------------------------------------------------------------------------

    def process(self, name: str) -> ProcessState:
        return self.state.process(name)

    def phase(self, name: str) -> Phase:
        return self.process(name).phase

    def took(self, kind: type) -> list:
        return [action for action in self.actions if isinstance(action, kind)]

    def spawned(self) -> list[str]:
        return [action.process for action in self.took(Spawn)]
