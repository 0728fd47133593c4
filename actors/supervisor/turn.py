"""One step under way: the state being changed, and the actions so far."""

from __future__ import annotations

from dataclasses import replace

from actors.supervisor.state import (
    Action, AskStop, Kill, Notice, Phase, ProcessState, Publish, Stage, State,
)
from schemas.enums import ActorState

__all__ = ["Turn"]

_PHASE_OF = {ActorState.STOPPED: Phase.STOPPED, ActorState.BACKOFF: Phase.BACKOFF,
             ActorState.FATAL: Phase.FATAL}


class Turn:
    """A working copy of ``state`` at ``now_ns``; :meth:`result` gives the new state and actions."""

    def __init__(self, state: State, now_ns: int):
        self._before = state
        self._processes = {process.name: process for process in state.processes}
        self._actions: list[Action] = []
        self.now_ns = now_ns
        self.names = tuple(self._processes)
        self.rules, self.seed, self.stage = state.rules, state.seed, state.stage
        self.outcome, self.reason = state.outcome, state.reason
        self.drain_until_ns, self.together_ns = state.drain_until_ns, state.together_ns
        self.kill_ns, self.abandon_ns = state.kill_ns, state.abandon_ns
        self.group_restarts = dict(state.group_restarts)

    def __getitem__(self, name: str) -> ProcessState:
        return self._processes[name]

    def current(self, name: str, incarnation: int) -> ProcessState | None:
        """The process, if ``incarnation`` is the one that lives now."""
        process = self._processes.get(name)
        if process is None or process.incarnation != incarnation or not process.is_up:
            return None
        return process

    def put(self, process: ProcessState) -> ProcessState:
        self._processes[process.name] = process
        return process

    def act(self, *actions: Action) -> None:
        self._actions += actions

    def ask_stop(self, process: ProcessState, again: bool = False) -> None:
        """Asks a process that runs to end within its grace."""
        process = self.put(replace(process, phase=Phase.STOPPING, again=again,
                                   deadline_ns=self.now_ns + process.rules.stop_grace_ns))
        self.act(Notice("stopping", process.name, "is stopping"),
                 AskStop(process.name, process.incarnation))

    def kill(self, process: ProcessState, why: str) -> None:
        """Kills a process that did not stop when asked."""
        self.act(Notice("killed", process.name, why))
        self.kill_now(process)

    def kill_now(self, process: ProcessState) -> None:
        """Kills a process; that somebody was told of it is the caller's affair."""
        self.put(replace(process, phase=Phase.KILLING, deadline_ns=0))
        self.act(Kill(process.name, process.incarnation))

    def down(self, process: ProcessState, state: ActorState, reason: str) -> None:
        """Enters what became of a process of which nothing runs."""
        self.put(replace(process, phase=_PHASE_OF[state], again=False, blame="", reason=reason))
        self.act(Publish(process.name, state, reason, closed=state != ActorState.BACKOFF))

    def result(self) -> tuple[State, tuple[Action, ...]]:
        state = replace(
            self._before, processes=tuple(self._processes.values()), seed=self.seed,
            group_restarts=self.group_restarts,
            stage=Stage(self.stage), outcome=self.outcome, reason=self.reason,
            drain_until_ns=self.drain_until_ns, together_ns=self.together_ns, kill_ns=self.kill_ns,
            abandon_ns=self.abandon_ns)
        return state, tuple(self._actions)
