"""One operating-system process of a deployment: reactor threads and the housekeeper.

The main thread is the housekeeper. It builds the actors, then, every few milliseconds, lets wires
follow restarted peers, runs the actors' own housekeeping, formats what handlers logged, publishes
states, and obeys the command in the vitals page. It shares only memory with the reactors.
"""

from __future__ import annotations

import enum
import faulthandler
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Iterator

import zmq
from loguru import logger

from actors.runtime.clock import monotonic_ns
from actors.runtime.endpoint import WireError, close_inputs
from actors.runtime.host import ActorError, ActorHost, ReactorThread, leave_reason
from actors.runtime.logs import EventLog, actor_logger, log_file, open_log
from actors.runtime.pids import is_alive
from actors.runtime.plain import PlainThread, is_plain
from actors.runtime.plan import Plan
from actors.runtime.scheduling import DEFAULT_SLICE_NS, SHORT_SLICE_NS, set_slice
from actors.runtime.vitals import map_deployment, map_wires
from schemas.enums import ActorState

__all__ = ["Command", "EXIT_FAILED", "EXIT_ORPHANED", "ProcessHost", "run_process"]

EXIT_FAILED = 70    # an actor could not be built or failed while running; vitals say why
EXIT_ORPHANED = 71  # the supervisor is gone

_BUSY_NS = 1_000_000    # housekeeping interval while something is being set up
_CALM_NS = 10_000_000   # and otherwise
_ORPHAN_NS = 1_000_000_000


class Command(enum.IntEnum):
    """What the supervisor asks of an actor, in the vitals page."""

    NONE = 0
    STOP = 1


class ProcessHost:
    """The actors, threads and housekeeper of one process of ``plan``."""

    def __init__(self, plan: Plan, name: str, began_ns: int = 0):
        self.plan, self.process = plan, plan.process(name)
        self._began_ns = began_ns or monotonic_ns()
        self.hosts: list[ActorHost] = []
        self.threads: list[ReactorThread | PlainThread] = []
        self._current: str | None = None  # the actor whose own code runs: it is to blame
        self._stopping = False

    def run(self) -> int:
        """Builds, runs until stopped; returns the exit status."""
        signal.signal(signal.SIGTERM, lambda *_: self._request_stop())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._build()
        except Exception as error:
            self._record_failure(error)
            return EXIT_FAILED
        try:
            return self._keep_house()
        except Exception as error:
            self._record_failure(error)
            return EXIT_FAILED

    def _request_stop(self) -> None:
        self._stopping = True

    # ---- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        self._zmq = self._open_libzmq()
        self._deployment = map_deployment(self.plan.shm_dir)
        self._wires = map_wires(self.plan.shm_dir, len(self.plan.wires))
        for name in self.process.actors:
            self._current = name
            host = ActorHost(self.plan, self.plan.actor(name), self._zmq, self._wires,
                             self._deployment)
            host.vitals.header["began_ns"] = self._began_ns
            self.hosts.append(host)
        for host in self._each():
            host.build()
        for host in self._each():
            host.state = ActorState.WARMING
            host.warm()
        for host in self._each():
            host.open_wires()
        self._logs = [EventLog(host) for host in self.hosts]
        self._loggers = [actor_logger(host) for host in self.hosts]
        for host, log in zip(self.hosts, self._loggers):  # where logs show a restart
            log.debug("begins as process {}", os.getpid())
            if host.previous_exit:
                log.debug("the incarnation before ended: {}", host.previous_exit)
        self._start_threads()
        for host in self._each():
            host.state = ActorState.CATCHING_UP
            host.actor.start()
            host.live = True
            host.vitals.header["live_ns"] = monotonic_ns()
        for thread in self.threads:
            thread.wake()

    def _open_libzmq(self) -> zmq.Context:
        """A context whose I/O thread stays on the first pinned reactor's core, beside it, and is as
        quick as a reactor that yields. Then this thread goes to its own core, or back to where it
        might run before."""
        everywhere = os.sched_getaffinity(0)
        beside = next((t.core for t in self.process.threads if t.core is not None), None)
        if beside is not None:
            os.sched_setaffinity(0, {beside})
        if any(t.wait == "yielding" for t in self.process.threads):
            set_slice(SHORT_SLICE_NS)
        context = zmq.Context(io_threads=1)
        context.socket(zmq.PUSH).close()  # the first socket starts the I/O thread
        set_slice(DEFAULT_SLICE_NS)
        own = self.process.core
        os.sched_setaffinity(0, everywhere if own is None else {own})
        return context

    def _start_threads(self) -> None:
        for plan in self.process.threads:
            hosts = [h for h in self.hosts if h.name in plan.actors]
            plain = [h for h in hosts if is_plain(h)]
            if plain and len(plain) != len(hosts):
                raise ActorError(f"thread {plan.name}: {plain[0].name} is plain Python and cannot "
                                 f"share a thread with compiled actors")
            thread = PlainThread(plan, hosts) if plain else ReactorThread(plan, hosts)
            thread.build()
            self.threads.append(thread)
        for thread in self.threads:
            thread.start()

    def _each(self) -> Iterator[ActorHost]:
        """The hosts one after the other, noting whose turn it is."""
        for host in self.hosts:
            self._current = host.name
            yield host
        self._current = None

    def _record_failure(self, error: Exception) -> None:
        """Leaves the reason where ``pitwire ps`` finds it, the traceback in the log."""
        expected = isinstance(error, (ActorError, WireError))
        text = str(error) if expected else traceback.format_exception_only(error)[-1].strip()
        failed = self._current or self.process.name
        for name in self.process.actors:
            to_blame = failed in (name, self.process.name)
            leave_reason(self.plan, name, text if to_blame else f"{failed}: {text}")
        log = next((actor_logger(host) for host in self.hosts if host.name == failed),
                   logger.bind(actor=failed, tag=failed.upper()[:7]))
        log.error("failed: {}", text)
        if not expected or error.__cause__ is not None:
            log.debug("{}", "".join(traceback.format_exception(error)))

    # ---- running -----------------------------------------------------------------------------

    def _keep_house(self) -> int:
        while True:
            now = monotonic_ns()
            unsettled = False
            for host, log in zip(self._each(), self._logs):
                unsettled |= host.maintain()
                self._report_foreign(host)
                host.actor.housekeep(now)
                self._update_state(host, now)
                log.drain(now)
                unsettled |= host.state != ActorState.RUNNING
                host.vitals.header["housekeeper_ns"] = now
                host.show_queue()
            self._check_threads()
            if unsettled:
                self._wake()
            if self._commanded_to_stop():
                return self._stop()
            if self._orphaned(now):
                logger.warning("the supervisor is gone: {} stops", self.process.name)
                self._stop()
                return EXIT_ORPHANED
            self._rest(unsettled)

    def _rest(self, unsettled: bool) -> None:
        """Sleeps until the next round; after a millisecond also what actors wait for ends it."""
        time.sleep(_BUSY_NS / 1e9)
        if unsettled:
            return
        poller = select.poll()
        for host in self.hosts:
            for fd in host.actor.wake_fds():
                poller.register(fd, select.POLLIN)
        poller.poll((_CALM_NS - _BUSY_NS) // 1_000_000)

    def _wake(self) -> None:
        for thread in self.threads:
            thread.wake()

    def _update_state(self, host: ActorHost, now: int) -> None:
        state = host.state
        if state == ActorState.CATCHING_UP:
            if not host.vitals.header["connected_ns"] and host.actor.connected():
                host.vitals.header["connected_ns"] = now
            if self._turning(host) and host.actor.ready():
                host.state = ActorState.RUNNING
                host.vitals.header["ready_ns"] = now
        elif state in (ActorState.RUNNING, ActorState.DEGRADED):
            if host.actor.degraded():
                host.state = ActorState.DEGRADED
            else:
                host.state = ActorState.RUNNING if host.actor.ready() else ActorState.CATCHING_UP

    def _turning(self, host: ActorHost) -> bool:
        return any(thread.record["running"] for thread in self.threads if host in thread.hosts)

    def _report_foreign(self, host: ActorHost) -> None:
        for end in host.in_ends:
            sample = end.take_sample()
            if sample is not None:
                log = self._loggers[self.hosts.index(host)]
                log.warning("wire {}: dropped a message that is not a {} of its producer: it {}",
                            end.wire.name, end.message.name,
                            f"starts {sample.hex()}" if sample else "is empty")

    def _check_threads(self) -> None:
        """ActorError if an actor's method or the start of a reactor failed on its thread."""
        for thread in self.threads:
            if thread.failure is not None:
                self._current = thread.hosts[0].name if len(thread.hosts) == 1 else None
                logger.error("{}", thread.failure)
                raise ActorError(thread.failure.strip().splitlines()[-1])

    def _orphaned(self, now: int) -> bool:
        pid = int(self._deployment["supervisor_pid"])
        if pid == 0 or now - int(self._deployment["supervisor_ns"]) < _ORPHAN_NS:
            return False
        return not is_alive(pid)

    def _commanded_to_stop(self) -> bool:
        return self._stopping or all(
            int(h.vitals.header["command"]) == Command.STOP for h in self.hosts)

    # ---- stopping ----------------------------------------------------------------------------

    def _stop(self) -> int:
        """Drains what is queued, lets the actors log out, ends the threads, closes the wires."""
        for host in self.hosts:
            host.state = ActorState.STOPPING
        grace = min(self.plan.actor(h.name).stop_grace_ns for h in self.hosts)
        deadline = monotonic_ns() + grace // 2
        while monotonic_ns() < deadline and not self._drained():
            for host in self.hosts:
                host.maintain()
                host.actor.housekeep(monotonic_ns())
            time.sleep(_BUSY_NS / 1e9)
        for host in self._each():
            host.actor.stop()
        ended = [thread.stop(grace / 2e9) for thread in self.threads]
        for host, log in zip(self.hosts, self._logs):
            host.live = False
            log.finish(monotonic_ns())
        if not all(ended):
            raise ActorError(f"process {self.process.name}: a handler did not return within "
                             f"{grace // 2_000_000} ms of the stop")
        close_inputs(end for host in self.hosts for end in host.in_ends)
        for host in self.hosts:
            host.close()
            host.state = ActorState.STOPPED
        self._zmq.destroy()
        return 0

    def _drained(self) -> bool:
        return all(h.queued() <= 0 and h.kept_back() <= 0 and h.actor.idle() for h in self.hosts)


def run_process(plan_path: str, name: str) -> int:
    """Entry point of a process of the deployment whose plan is at ``plan_path``.

    What makes it crash, and SIGQUIT, leave a traceback of all threads in its ``.crash`` file.
    """
    began_ns = monotonic_ns()
    plan = Plan.load(plan_path)
    sys.path.extend(folder for folder in plan.python_path if folder not in sys.path)
    crash = open(log_file(plan.run_dir, name).with_suffix(".crash"), "a")  # noqa: SIM115
    faulthandler.enable(crash)
    faulthandler.register(signal.SIGQUIT, crash, all_threads=True)
    open_log(plan.run_dir, name)
    return ProcessHost(plan, name, began_ns).run()


if __name__ == "__main__":
    sys.exit(run_process(sys.argv[1], sys.argv[2]))
