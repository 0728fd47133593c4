"""The rows of ``pitwire ps``: what pages, decisions and children together say of each actor."""

from __future__ import annotations

from typing import Any

from actors.runtime.clock import NS
from actors.runtime.pids import is_alive
from actors.supervisor.autopsies import Autopsies
from actors.supervisor.children import Children
from actors.supervisor.pages import Pages
from actors.supervisor.restarts import Restarts, budget_of
from actors.supervisor.state import Phase, ProcessState, State
from schemas.enums import ActorState

__all__ = ["ActorTable"]

_RATE_EVERY_NS = NS // 2
_DOWN = (Phase.STOPPED, Phase.FATAL)
_AT_WORK = (ActorState.CATCHING_UP, ActorState.RUNNING, ActorState.DEGRADED)


class ActorTable:
    """Builds the rows; keeps what rates are computed from."""

    def __init__(self, pages: Pages, children: Children, restarts: Restarts, autopsies: Autopsies):
        self._pages, self._children = pages, children
        self._restarts, self._autopsies = restarts, autopsies
        self._counted: dict[str, tuple[int, int]] = {}
        self._rates: dict[str, float] = {}
        self._next_ns = 0

    def sample(self, now_ns: int) -> None:
        """Brings the rates up to date, twice a second."""
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + _RATE_EVERY_NS
        for actor in self._pages.plan.actors:
            page = self._pages.page(actor.name)
            handled = int(page.header["handled"]) if page is not None else 0
            before_ns, before = self._counted.get(actor.name, (now_ns, handled))
            if now_ns > before_ns:
                self._rates[actor.name] = (handled - before) * NS / (now_ns - before_ns)
            self._counted[actor.name] = (now_ns, handled)

    def rows(self, state: State, now_ns: int) -> list[dict[str, Any]]:
        """A row for each actor in the order of the topology, the supervisor's own last."""
        rows = [self._row(actor.name, state.process(actor.process), now_ns)
                for actor in self._pages.plan.actors]
        return [*rows, self._own_row(now_ns)]

    def _row(self, name: str, process: ProcessState, now_ns: int) -> dict[str, Any]:
        page, child = self._pages.page(name), self._children.of(process.name)
        pid = child.pid if child is not None else 0
        header = page.header if page is not None else None
        started = child.forked_ns if child is not None else 0

        def word(field: str) -> int:
            return int(header[field]) if header is not None else 0

        state, reason = self._state(process, word("state"), pid, word("pid")), process.reason
        if process.phase in _DOWN and word("state") in _AT_WORK and is_alive(word("pid")):
            pid, state = word("pid"), ActorState(word("state")).name  # pitwire run --connect
            reason = "runs in somebody's foreground"
        return {
            "actor": name, "process": process.name, "phase": process.phase.value,
            "state": state, "pid": pid,
            "epoch": word("epoch"), "incarnation": process.incarnation,
            "restarts": max(process.incarnation - 1, 0),
            "uptime_ns": max(now_ns - started, 0) if started else 0,
            "handled": word("handled"),
            "handled_per_s": round(self._rates.get(name, 0.0), 1) if pid else 0.0,
            "queue": self._pages.queue(name), "exit_status": word("exit_status"),
            "reason": reason, "post_mortem": self._autopsies.folders.get(process.name, ""),
            "restart_ns": self._restarts.last.get(process.name, {}).get("restart_ns", 0),
            "recovery_budget_ns": budget_of(self._pages.plan, process.name),
        }

    @staticmethod
    def _state(process: ProcessState, word: int, pid: int, page_pid: int) -> str:
        """The actor's own word while it runs, else what was decided about it."""
        if process.phase == Phase.WAITING:
            return "WAITING"
        if process.is_up:
            return ActorState(word).name if pid and page_pid == pid else ActorState.STARTING.name
        return process.phase.value

    def _own_row(self, now_ns: int) -> dict[str, Any]:
        header = self._pages.own.header
        return {
            "actor": "supervisor", "process": "supervisor", "phase": Phase.RUNNING.value,
            "state": ActorState(int(header["state"])).name, "pid": int(header["pid"]),
            "epoch": int(header["epoch"]), "incarnation": 1, "restarts": 0,
            "uptime_ns": now_ns - int(header["started_ns"]), "handled": 0, "handled_per_s": 0.0,
            "queue": 0, "exit_status": 0, "reason": "", "post_mortem": "", "restart_ns": 0,
            "recovery_budget_ns": 0,
        }
