"""The shell around the decisions: it owns pids, descriptors and pages, and decides nothing.

One thread, one loop: wait for a death, a request, a signal or the next look; turn what happened
into events; let :func:`actors.supervisor.policy.step` decide; do what it says.
"""

from __future__ import annotations

import os
import signal
from typing import Any

import zmq
from loguru import logger

from actors.runtime.clock import monotonic_ns, wall_offset_ns
from actors.runtime.plan import Plan
from actors.runtime.scheduling import SHORT_SLICE_NS, set_slice
from actors.supervisor.autopsies import Autopsies
from actors.supervisor.children import Child
from actors.supervisor.events import EventLog
from actors.supervisor.exit_status import describe_exit
from actors.supervisor.kill_switch import KillSwitch
from actors.supervisor.liveness import ActorSeen
from actors.supervisor.nursery import (
    Born, Gone, News, NotBorn, Nursery, Problem, ServerDied, ServerReady,
)
from actors.supervisor.pages import Pages
from actors.supervisor.policy import next_deadline_ns, step
from actors.supervisor.state import (
    Action, AskStop, Drain, Drained, EnableTrading, Ended, Event, Exited, Kill, Notice, Outcome,
    Phase, Prepared, Publish, Seen, Shutdown, Spawn, SpawnFailed, Stage, State, Tick, Traceback,
)
from actors.supervisor.restarts import Restarts
from actors.supervisor.sightings import Sightings
from actors.supervisor.table import ActorTable
from schemas.enums import ActorState

__all__ = ["Shell"]

_BEAT_NS = 50_000_000
_STARTING_LOOK_NS = 2_000_000  # while something starts: readiness should be seen soon
_QUIET_LOOKS = 3               # wires found empty so often in a row are drained
_WARNINGS = ("hung", "stuck", "killed", "backoff", "escalated", "suspended", "unhealthy", "slow",
             "budget_exceeded")
_DETAILS = ("stopping", "exited", "ready", "state", "dropped", "gap")


class Shell:
    """Runs the deployment of ``plan`` from ``state`` until it ended."""

    def __init__(self, plan: Plan, pages: Pages, nursery: Nursery, state: State):
        self.plan, self.pages, self.nursery, self.state = plan, pages, nursery, state
        self.events = EventLog(plan.run_dir)
        self.restarts, self.autopsies = Restarts(pages), Autopsies(pages)
        self.table = ActorTable(pages, nursery.children, self.restarts, self.autopsies)
        self._sightings = Sightings(plan, pages)
        self.switch = KillSwitch(plan, pages, self._tell_of_trading)
        self._look_ns = min((a.health.interval_ns for a in plan.actors), default=_BEAT_NS)
        self._next_look_ns = self._next_beat_ns = 0
        self._deadline_ns: int | None = None
        self._seen: dict[str, tuple[ActorSeen, ...]] = {}
        self._began: set[tuple[str, int]] = set()
        self._quiet_looks: int | None = None
        self._poller = zmq.Poller()
        self._watched: set[int] = set()

    # ---- the loop ----------------------------------------------------------------------------

    def run(self, control, wake_fd: int) -> Outcome:
        """Serves ``control`` (a ControlServer) and the descriptor that signals write to."""
        self._poller.register(control.socket, zmq.POLLIN)
        self._poller.register(wake_fd, zmq.POLLIN)
        self.pages.own_state(ActorState.RUNNING)
        set_slice(SHORT_SLICE_NS)  # a lease waits for nobody
        while self.state.stage != Stage.ENDED:
            self._watch_descriptors()
            readable = {fd for fd, _ in self._poller.poll(self._timeout_ms())}
            now = monotonic_ns()
            if now >= self.switch.next_ns:
                self.switch.turn(now)
            if wake_fd in readable:
                self._take_signals(wake_fd)
            self.nursery.note_deaths(readable, now)
            beat = now >= self._next_beat_ns
            if beat:
                self._next_beat_ns = now + _BEAT_NS
                self.pages.beat(now)
                self.table.sample(now)
                self.autopsies.look(now)
                for kind, process, text, data in self._sightings.look(now):
                    self.tell(kind, process, text, **data)
            if beat or readable:
                for news in self.nursery.collect(now):
                    self._take_news(news)
            if now >= self._next_look_ns:
                self._look(now)
            if self._deadline_ns is not None and now >= self._deadline_ns:
                self.feed(Tick())
            if control.socket in readable:
                control.serve()
        self.autopsies.close()
        return self.state.outcome

    def _watch_descriptors(self) -> None:
        wanted = set(self.nursery.fds())
        for fd in self._watched - wanted:
            self._poller.unregister(fd)
        for fd in wanted - self._watched:
            self._poller.register(fd, zmq.POLLIN)
        self._watched = wanted

    def _timeout_ms(self) -> int:
        now = monotonic_ns()
        times = [self._next_look_ns, self._next_beat_ns, self.switch.next_ns]
        if self._deadline_ns is not None:
            times.append(self._deadline_ns)
        return max(0, -(-(min(times) - now) // 1_000_000))  # whole ms, never too early

    def _take_signals(self, wake_fd: int) -> None:
        for number in os.read(wake_fd, 4096):
            if number in (signal.SIGTERM, signal.SIGINT):
                self.feed(Shutdown(Outcome.ORDERLY, f"{signal.Signals(number).name} received"))

    # ---- events ------------------------------------------------------------------------------

    def feed(self, event: Event) -> None:
        """Decides about ``event`` and acts."""
        now = monotonic_ns()
        self.state, actions = step(self.state, event, now)
        self._deadline_ns = next_deadline_ns(self.state, now)
        for action in actions:
            self._act(action)

    def _take_news(self, news: News) -> None:
        match news:
            case ServerReady():
                logger.debug("fork server ready: {} of {} kernels compiled", news.compiled,
                             news.units)
                self.feed(Prepared())
            case Problem():
                logger.warning("{}", news.text)
            case ServerDied():
                self.tell("fork_server", "", news.reason)
                self.pages.count("fork_server_restarts")
                if news.final:
                    self.feed(Shutdown(Outcome.FAILED, f"{news.reason}, again and again"))
            case Born():
                child = news.child
                self.pages.count("started")
                self.autopsies.born(child.process)
                self._tell("started", child.process, f"started, pid {child.pid}", pid=child.pid,
                           incarnation=child.incarnation,
                           fork_ns=child.forked_ns - child.asked_ns)
            case NotBorn():
                self.feed(SpawnFailed(news.child.process, news.child.incarnation, news.reason))
            case Gone():
                self._gone(news)

    def _gone(self, news: Gone) -> None:
        child, process = news.child, news.child.process
        code, text = news.code, "ended; how was lost with the fork server"
        if code is None:
            code = -1
        else:
            text = describe_exit(code)
        if code > 0:
            text = self.pages.reason(process, child.pid) or text
        blame = self.state.process(process).blame
        text = blame or text
        self.restarts.died(child, bool(blame), monotonic_ns())
        if code != 0:
            self.autopsies.copy(child, text)
        self.pages.died(process, code, text)
        self.pages.count("exits")
        self._began.discard((process, child.incarnation))
        if code != 0:
            self.switch.died(self.plan.process(process).actors)
        self.feed(Exited(process, child.incarnation, code != 0, text))

    def _look(self, now: int) -> None:
        """The regular round: heartbeats, readiness, draining."""
        starting = any(p.phase == Phase.STARTING for p in self.state.processes)
        self._next_look_ns = now + min(self._look_ns,
                                       _STARTING_LOOK_NS if starting else self._look_ns)
        for child in self.nursery.children:
            if child.pid and not child.dead_ns:
                self._look_at(child)
        if self._quiet_looks is not None:
            self._quiet_looks = self._quiet_looks + 1 if self.pages.quiet() else 0
            if self._quiet_looks >= _QUIET_LOOKS:
                self._quiet_looks = None
                self.feed(Drained())

    def _look_at(self, child: Child) -> None:
        """One process's vitals. Nothing is decided about one whose hearts beat on as before."""
        seen = self.pages.look(child.process, child.pid)
        if seen is None:
            return
        if (child.process, child.incarnation) not in self._began:
            self._began.add((child.process, child.incarnation))
            self.pages.began(child.process, child.forked_ns, child.incarnation - 1)
        before, self._seen[child.process] = self._seen.get(child.process, ()), seen
        process = self.state.process(child.process)
        well = process.phase == Phase.RUNNING and self.state.stage == Stage.ENABLED \
            and len(before) == len(seen) and not any(
                pulse.misses or pulse.stalls or pulse.suspended for pulse in process.pulses)
        if not well or any(now.heartbeat_ns == then.heartbeat_ns or now.state != then.state
                           or now.queued for now, then in zip(seen, before)):
            self.feed(Seen(child.process, child.incarnation, seen))

    # ---- actions -----------------------------------------------------------------------------

    def _act(self, action: Action) -> None:
        match action:
            case Spawn():
                if action.incarnation > 1:
                    self.pages.count("restarts")
                    self._tell_switch_of_restart(action.process)
                self.nursery.request(action.process, action.incarnation, monotonic_ns())
                self._next_look_ns = 0
            case AskStop():
                self._ask_stop(action)
            case Traceback():
                self._send(action.process, action.incarnation, signal.SIGQUIT)
            case Kill():
                self.pages.count("kills")
                self._send(action.process, action.incarnation, signal.SIGKILL)
            case Publish():
                self.pages.publish(action.process, action.state, action.reason, action.closed)
                if action.closed:
                    self.restarts.forget(action.process)
                    self.autopsies.settled(action.process, {})
            case EnableTrading():
                self.pages.deployment["trading_enabled"] = 1
                logger.bind(tag="SYSTEM").info("all actors ready, trading enabled")
            case Drain():
                self.pages.deployment["trading_enabled"] = 0
                self.pages.deployment["draining"] = 1
                self._quiet_looks = 0
                self.nursery.retire()
            case Ended():
                logger.bind(tag="SYSTEM").log(
                    "INFO" if action.outcome == Outcome.ORDERLY else "ERROR", "stopped{}",
                    f": {action.reason}" if action.reason else "")
            case Notice():
                self._notice(action)

    def _ask_stop(self, action: AskStop) -> None:
        """In its page and by a signal: the page alone is not read before it is built."""
        child = self.nursery.children.find(action.process, action.incarnation)
        if child is not None and child.pid:
            self.pages.ask_stop(action.process, child.pid)
        self._send(action.process, action.incarnation, signal.SIGTERM)

    def _send(self, process: str, incarnation: int, number: int) -> None:
        child = self.nursery.children.find(process, incarnation)
        if child is not None:
            child.send(number)

    def _notice(self, notice: Notice) -> None:
        data: dict[str, Any] = dict(notice.data)
        text = notice.text
        if notice.kind == "ready":
            text = self._ready(notice.process, data)
        elif notice.kind == "hung":
            self.pages.count("hangs")
        elif notice.kind == "exited" and data["failed"]:
            data["post_mortem"] = self.autopsies.folders.get(notice.process, "")
        if notice.kind in ("enabled", "ended"):  # the action of the same name says it
            self._tell(notice.kind, notice.process, text, **data)
        else:
            self.tell(notice.kind, notice.process, text, **data)
        if data.get("over_budget"):
            self.tell("budget_exceeded", notice.process, f"{text}; its recovery budget is "
                      f"{data['budget_ns'] / 1e6:g} ms", restart_ns=data["restart_ns"],
                      budget_ns=data["budget_ns"])

    def _ready(self, name: str, data: dict[str, Any]) -> str:
        child = self.nursery.children.of(name)
        data["incarnation"] = self.state.process(name).incarnation
        restart = self.restarts.ready(child, name, monotonic_ns())
        if restart is None:
            return "is running"
        text = restart.pop("text")
        self.pages.observe_restart(restart["restart_ns"])
        self.autopsies.settled(name, self.restarts.recovered(name))
        data.update(restart)
        return text

    def tell(self, kind: str, process: str, text: str, **data: Any) -> None:
        """Something that people should know: an event, and a line in the log. ``process`` is empty
        if it concerns none; ``data`` is what JSON carries of that kind, ``level`` the log's."""
        level = data.pop("level", None) or _level(kind, data)
        self._tell(kind, process, text, **data)
        logger.log(level, "{}", f"{process}: {text}" if process else text)

    def _tell_switch_of_restart(self, name: str) -> None:
        process = self.state.process(name)
        self.switch.restarting(self.plan.process(name).actors, len(process.restarted_ns),
                               process.rules.restart.max_restarts)

    def _tell_of_trading(self, kind: str, text: str, **data: Any) -> None:
        self._tell(kind, "", text, **data)
        logger.bind(tag="SYSTEM").warning("{}", text)

    def _tell(self, kind: str, process: str, text: str, **data: Any) -> None:
        """The one place where events come into being."""
        actors = self.plan.process(process).actors if process else ()
        self.events.add(t_ns=monotonic_ns() + wall_offset_ns(), kind=kind, process=process,
                        actors=list(actors), text=text, **data)


def _level(kind: str, data: dict[str, Any]) -> str:
    if kind == "fatal":
        return "ERROR"
    if kind in _WARNINGS or kind == "fork_server" or kind == "exited" and data["failed"]:
        return "WARNING"
    return "DEBUG" if kind in _DETAILS and not data.get("restart_ns") else "INFO"
