"""The Python reactor: actors written in plain Python on the same ports, pages and counters.

An input port ``orders`` calls ``actor.on_orders(message)`` with the body as a NumPy record that is
valid during the call; a timer ``tick`` calls ``actor.on_tick(now_ns)``. Outputs are sent with
:meth:`Sender.send` or built in place between :meth:`Sender.claim` and :meth:`Sender.commit`.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
import traceback
import weakref

import numpy as np
import zmq
from numba import types

from actors.runtime import reactor, ring, wire
from actors.runtime.clock import monotonic_ns
from actors.runtime.endpoint import InEndpoint
from actors.runtime.host import ActorHost, slow_after_ns
from actors.runtime.layout import THREAD
from actors.runtime.plan import ThreadPlan
from schemas.messages import PREFIX_SIZE, MessageType

__all__ = ["PlainThread", "Sender", "body_at", "is_plain"]

_MESSAGES_PER_TURN = 64
_BLOCKED_SLEEP_S = 0.001  # room on a full wire is announced by no descriptor


def is_plain(host: ActorHost) -> bool:
    """Whether the actor gives no compiled handlers and so runs in a Python reactor."""
    return not host.cls.handlers()


def warm() -> None:
    """Compiles the kernels that the Python reactor calls, or loads them from the cache."""
    word = types.int64
    for kernel in (reactor.serve_outputs, reactor.is_blocked, wire.adopt_producer, wire.release,
                   ring.doze):
        kernel.compile((word,))
    for kernel in (wire.take, wire.claim, wire.commit, wire.abort):
        kernel.compile((word, word))
    ring.wake_up.compile((word, types.boolean))
    reactor.beat_after.compile((word, word, word))


def body_at(address: int, message: MessageType) -> np.ndarray:
    """A view, shape (), of the body of the message at ``address``; valid until it is released."""
    memory = (ctypes.c_uint8 * message.dtype.itemsize).from_address(address + PREFIX_SIZE)
    return np.frombuffer(memory, message.dtype)[0:1].reshape(())


class Sender:
    """Sends on the output ports of one actor."""

    def __init__(self, host: ActorHost):
        self._ctx = host.ctx.ctypes.data
        self._ports = {name: (i, output.message)
                       for i, (name, output) in enumerate(host.cls.outputs.items())}

    def claim(self, port: str) -> np.ndarray | None:
        """A body to fill, or None if the wire refuses; :meth:`commit` or :meth:`abort` follows."""
        index, message = self._ports[port]
        address = wire.claim(self._ctx, index)
        return body_at(address, message) if address else None

    def commit(self, port: str) -> None:
        """Sends what was claimed; the header is filled in."""
        wire.commit(self._ctx, self._ports[port][0])

    def abort(self, port: str) -> None:
        """Gives back what was claimed."""
        wire.abort(self._ctx, self._ports[port][0])

    def send(self, port: str, **fields) -> bool:
        """Sends a message with these fields, the others 0. False if the wire refused it."""
        body = self.claim(port)
        if body is None:
            return False
        for name, value in fields.items():
            body[name] = value
        self.commit(port)
        return True


class PlainThread:
    """A Python reactor for the actors of one ThreadPlan; the counterpart of ReactorThread."""

    def __init__(self, plan: ThreadPlan, hosts: list[ActorHost]):
        self.plan, self.hosts = plan, hosts
        self.record = np.zeros((), THREAD)
        self.failure: str | None = None
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        weakref.finalize(self, os.close, self._wake_fd)
        self._thread: threading.Thread | None = None
        self._began_ns = self._worked = 0
        self._slow_ns = slow_after_ns(hosts)

    def build(self) -> None:
        ends = [(host, end) for host in self.hosts for end in host.in_ends]
        self._ins = sorted(ends, key=lambda pair: int(pair[1].record["priority"]))
        self._poller = zmq.Poller()
        self._poller.register(self._wake_fd, zmq.POLLIN)
        for _, end in self._ins:
            self._poller.register(end.wakes_by, zmq.POLLIN)
        warm()
        self._due = {(id(host), name): 0 for host in self.hosts for name in host.cls.timers}
        for host in self.hosts:
            host.actor.out = Sender(host)
        self._outs = np.array([(end.address, int(host.ctx["ports"][self._port_index(host, end)]),
                                host.ctx.ctypes.data)
                               for host in self.hosts for end in host.out_ends], np.int64)
        self.record["n_out"] = len(self._outs)
        self.record["outs"] = self._outs.ctypes.data if len(self._outs) else 0

    @staticmethod
    def _port_index(host: ActorHost, end) -> int:
        return list(host.cls.outputs).index(end.wire.source_port)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self.plan.name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        if self.plan.core is not None:
            os.sched_setaffinity(0, {self.plan.core})
        for host in self.hosts:
            host.vitals.header["thread_id"] = threading.get_native_id()
        self.record["running"] = 1
        try:
            while not self.record["stop"]:
                if not self._turn():
                    self._sleep()
        except Exception:  # an actor's method failed: the process ends and is restarted
            self.failure = traceback.format_exc()
        self.record["running"] = 0

    def _turn(self) -> int:
        now = monotonic_ns()
        if self._worked and now - self._began_ns > self._slow_ns:
            self._note_slow_turn(now - self._began_ns)
        self._began_ns = now
        work = reactor.serve_outputs(self.record.ctypes.data)
        for host in self.hosts:
            host.ctx["now_ns"] = now
            host.vitals.header["heartbeat_ns"] = now
        for host, end in self._ins:
            if host.live:
                work += self._serve(host, end)
        for host in self.hosts:
            if host.live:
                work += self._fire(host, now)
        self._worked = work
        if work:
            for host in self.hosts:
                host.vitals.header["progress"] += 1
        return work

    def _note_slow_turn(self, took_ns: int) -> None:
        for host in self.hosts:
            host.vitals.header["slow_turn_ns"] = took_ns
            host.vitals.header["slow_turns"] += 1

    def _serve(self, host: ActorHost, end: InEndpoint) -> int:
        handle = getattr(host.actor, f"on_{end.wire.target_port}")
        served = 0
        while served < _MESSAGES_PER_TURN:
            if reactor.is_blocked(host.ctx.ctypes.data):
                break
            address = wire.take(end.address, 1 if served == 0 else 0)
            if not address:
                if wire.adopt_producer(end.address):
                    continue
                break
            handle(body_at(address, end.message))
            wire.release(end.address)
            host.vitals.header["handled"] += 1
            served += 1
        return served

    def _fire(self, host: ActorHost, now: int) -> int:
        fired = 0
        for name, timer in host.cls.timers.items():
            due = self._due[(id(host), name)]
            if now >= due and not reactor.is_blocked(host.ctx.ctypes.data):
                host.ctx["cause"] = 0
                getattr(host.actor, f"on_{name}")(now)
                self._due[(id(host), name)] = reactor.beat_after(due, timer.every_ns, now)
                fired += 1
        return fired

    def _sleep(self) -> None:
        if not all(h.live and not reactor.is_blocked(h.ctx.ctypes.data) for h in self.hosts):
            time.sleep(_BLOCKED_SLEEP_S)  # unread input would end every other sleep at once
            return
        now = monotonic_ns()
        until = min(self._due.values(), default=now + 10_000_000)
        timeout = min(max((until - now) / 1e6, 0), 10)
        rings = [end.address for _, end in self._ins if end.ring is not None]
        if any([ring.doze(address) for address in rings]):  # every one, not up to the first
            timeout = 0
        woken = self._poller.poll(timeout)
        for address in rings:
            ring.wake_up(address, bool(woken))
        for socket, _ in woken:
            if socket == self._wake_fd:
                os.eventfd_read(self._wake_fd)

    def wake(self) -> None:
        os.eventfd_write(self._wake_fd, 1)

    def stop(self, timeout: float = 1.0) -> bool:
        self.record["stop"] = 1
        self.wake()
        if self._thread is not None:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True
