"""The supervisor's hand in shared memory: vitals headers, wire pages, the deployment page."""

from __future__ import annotations

import os
import pathlib

import numpy as np

from actors.runtime.clock import monotonic_ns, wall_offset_ns
from actors.runtime.histogram import record_ns
from actors.runtime.host import waiting
from actors.runtime.layout import VITALS
from actors.runtime.plan import Plan
from actors.runtime.process import Command
from actors.runtime.vitals import Vitals, map_deployment, map_wires
from actors.supervisor.liveness import ActorSeen
from actors.supervisor.starvation import StarvationWatch, held_by
from schemas.enums import ActorState

__all__ = ["Pages"]

COUNTERS = ("started", "restarts", "exits", "kills", "hangs", "fork_server_restarts")
HISTOGRAMS = ("restart",)
_REASON_BYTES = VITALS.fields["reason"][0].itemsize - 1
_PLACE = {name: VITALS.fields[name][1] // 8 for name in
          ("pid", "state", "heartbeat_ns", "thread_id", "handled", "queue", "blocked")}
_EXIT_BYTES = VITALS.fields["previous_exit"][0].itemsize - 1
_START_TIMES = ("began_ns", "live_ns", "connected_ns", "ready_ns")
_WORDS = max(_PLACE.values()) + 1


class _ActorPage:
    """One actor's page: ``words`` is the start of its header as int64, quick to read."""

    def __init__(self, vitals: Vitals):
        self.vitals, self.header = vitals, vitals.header
        self.words = vitals.view(np.int64, 0, _WORDS)


class Pages:
    """Makes the pages of a deployment anew, and keeps them.

    ``wires``: WIRE_PAGE (n,); ``deployment``: DEPLOYMENT (). An actor's page is made by its first
    incarnation.
    """

    def __init__(self, plan: Plan):
        self.plan = plan
        shm_dir = pathlib.Path(plan.shm_dir)
        shm_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left_over in shm_dir.iterdir():  # of a run that is over: counts begin at 0
            left_over.unlink()
        self.wires = map_wires(shm_dir, len(plan.wires), create=True)
        self._pages: dict[str, _ActorPage] = {}
        self._starvation = StarvationWatch()
        self._looked: dict[str, tuple[int, int]] = {}  # by actor: heartbeat and messages handled
        self.own = Vitals(shm_dir / "supervisor.vitals", COUNTERS, HISTOGRAMS, actor="supervisor",
                          kind="supervisor", tag="SUPERV", tables={})
        self.deployment = map_deployment(shm_dir, create=True)
        self._announce()

    def _announce(self) -> None:
        now, header = monotonic_ns(), self.own.header
        header["epoch"], header["pid"] = 1, os.getpid()
        header["started_ns"], header["state"] = now, int(ActorState.STARTING)
        self.deployment["started_ns"] = now
        self.deployment["wall_offset_ns"] = wall_offset_ns()
        self.deployment["generation"] = 1
        self.beat(now)
        self.deployment["supervisor_pid"] = os.getpid()

    # ---- looking -----------------------------------------------------------------------------

    def page(self, actor: str) -> _ActorPage | None:
        """The actor's page; None before it is made."""
        page = self._pages.get(actor)
        if page is None:
            try:
                page = _ActorPage(Vitals(self._path(actor)))
            except (OSError, ValueError):  # not there, or being made
                return None
            self._pages[actor] = page
        return page

    def _path(self, actor: str) -> pathlib.Path:
        return pathlib.Path(self.plan.shm_dir) / f"{actor}.vitals"

    def look(self, process: str, pid: int) -> tuple[ActorSeen, ...] | None:
        """What the actors of a process show; None while a page is not yet of process ``pid``."""
        found = []
        for name in self.plan.process(process).actors:
            page = self.page(name)
            if page is None:
                return None
            words = page.words.tolist()
            if words[_PLACE["pid"]] != pid:
                return None
            found.append(self._seen(name, pid, words))
        return tuple(found)

    def _seen(self, name: str, pid: int, words: list[int]) -> ActorSeen:
        """What the words of a page say, and, only of an actor that did nothing since the last look,
        what else there is to find out."""
        heartbeat_ns, tid = words[_PLACE["heartbeat_ns"]], words[_PLACE["thread_id"]]
        handled = words[_PLACE["handled"]]
        before, self._looked[name] = self._looked.get(name), (heartbeat_ns, handled)
        starved = tid > 0 and self._starvation.starved(pid, tid, heartbeat_ns)
        held, queued = "", 0
        if before is not None and before[0] == heartbeat_ns:
            held = held_by(pid)
        elif before is not None and before[1] == handled and words[_PLACE["queue"]] > 0 \
                and not words[_PLACE["blocked"]]:
            queued = self._takeable(name)
        return ActorSeen(name, ActorState(words[_PLACE["state"]]), heartbeat_ns,
                         starved or held == "debugger", held == "signal", handled, queued)

    def _takeable(self, actor: str) -> int:
        """Messages that wait on wires into the actor whose producers live and are accepted: what a
        dead producer had sent may never arrive."""
        pages = [self.wires[w.index] for w in self.plan.inputs_of(actor)]
        return sum(max(waiting(page), 0) for page in pages
                   if page["accepted"] == page["p_epoch"] and page["c_epoch"] != 0
                   and page["p_connected"] == page["c_epoch"])

    def reason(self, process: str, pid: int) -> str:
        """Why the process failed, as it wrote itself before it ended; empty if it did not."""
        for page in self._pages_of(process):
            text = page.header["reason"].item().decode(errors="replace")
            if text and int(page.header["pid"]) == pid:
                return text
        return ""

    def _pages_of(self, process: str) -> list[_ActorPage]:
        pages = [self.page(name) for name in self.plan.process(process).actors]
        return [page for page in pages if page is not None]

    def start_times(self, process: str) -> dict[str, int]:
        """When the process's present incarnation began to run, handled messages, was connected and
        ready: the last of its actors; 0 if one did not say."""
        pages = self._pages_of(process)
        times = {name: [int(page.header[name]) for page in pages] for name in _START_TIMES}
        return {name: max(found, default=0) if all(found) else 0 for name, found in times.items()}

    def last_heartbeat_ns(self, process: str, pid: int) -> int:
        """The last sign of life of process ``pid``; 0 if there was none."""
        return max((int(page.header["heartbeat_ns"]) for page in self._pages_of(process)
                    if int(page.header["pid"]) == pid), default=0)

    def copies(self, process: str, pid: int) -> dict[str, np.ndarray]:
        """By actor, its page as it is now: uint8 (n,). Only of those that ``pid`` came to make."""
        found = {name: self.page(name) for name in self.plan.process(process).actors}
        return {name: np.array(page.vitals.bytes) for name, page in found.items()
                if page is not None and int(page.header["pid"]) == pid}

    def described(self, actor: str) -> dict:
        """What the actor's page says of itself; empty before it is made."""
        try:
            return Vitals(self._path(actor)).description
        except (OSError, ValueError):
            return {}

    def slow_turns(self, actor: str) -> tuple[int, int]:
        """How many slow turns the actor's reactor took, and how long the last one, in ns."""
        page = self.page(actor)
        if page is None:
            return 0, 0
        return int(page.header["slow_turns"]), int(page.header["slow_turn_ns"])

    def quiet(self) -> bool:
        """Whether no wire holds a message."""
        return all(waiting(wire) <= 0 or wire["c_closed"] for wire in self.wires)

    def queue(self, actor: str) -> int:
        """Messages on all wires into an actor."""
        return sum(max(waiting(self.wires[w.index]), 0) for w in self.plan.inputs_of(actor))

    # ---- writing -----------------------------------------------------------------------------

    def beat(self, now_ns: int) -> None:
        """The supervisor lives."""
        self.deployment["supervisor_ns"] = now_ns
        self.own.header["heartbeat_ns"] = self.own.header["housekeeper_ns"] = now_ns
        self.own.header["progress"] += 1

    def began(self, process: str, started_ns: int, restarts: int) -> None:
        """A new incarnation has taken its pages over: what only the supervisor knows of it."""
        for page in self._pages_of(process):
            page.header["started_ns"], page.header["restarts"] = started_ns, restarts

    def died(self, process: str, exit_code: int, how: str) -> None:
        """A process was reaped: producers learn at once that nobody listens any more, the ledger
        that nobody sends, and the next incarnation how it ended."""
        for page in self._pages_of(process):
            page.header["exit_status"] = exit_code
            page.header["previous_exit"] = _clip(how, _EXIT_BYTES)
        for name in self.plan.process(process).actors:
            for wire in self.plan.inputs_of(name):
                self.wires[wire.index]["c_epoch"] = 0
            for wire in self.plan.outputs_of(name):
                self.wires[wire.index]["p_connected"] = 0

    def publish(self, process: str, state: ActorState, reason: str, closed: bool) -> None:
        """What became of a process of which nothing runs; ``closed``: do not wait for it."""
        for name in self.plan.process(process).actors:
            header = (self.page(name) or self._make_page(name)).header
            header["state"], header["reason"], header["queue"] = int(state), _clip(reason), 0
            if closed:
                for wire in self.plan.inputs_of(name):
                    self.wires[wire.index]["c_closed"] = 1

    def _make_page(self, actor: str) -> _ActorPage:
        """A page without counters, for an actor that never came so far as to make its own."""
        vitals = Vitals(self._path(actor), (), (), actor=actor, kind=actor,
                        tag=actor.upper()[:7], tables={})
        self._pages[actor] = _ActorPage(vitals)
        return self._pages[actor]

    def ask_stop(self, process: str, pid: int) -> None:
        for page in self._pages_of(process):
            if int(page.header["pid"]) == pid:
                page.header["command"] = Command.STOP

    def own_state(self, state: ActorState, reason: str = "") -> None:
        """The state of the supervisor itself."""
        self.own.header["state"], self.own.header["reason"] = int(state), _clip(reason)

    def count(self, counter: str) -> None:
        self.own.counters[COUNTERS.index(counter)] += 1

    def observe_restart(self, restart_ns: int) -> None:
        """Counts one time from a death to RUNNING."""
        histogram = self.own.histogram("restart")
        record_ns(histogram.__array_interface__["data"][0], restart_ns)


def _clip(text: str, size: int = _REASON_BYTES) -> bytes:
    """As much of ``text`` as fits into a header, cut between characters."""
    return text.encode()[:size].decode(errors="ignore").encode()
