"""Actors of a plan in the test's own thread: nothing moves unless the test moves it."""

from __future__ import annotations

import gc
import os
import socket
import time

import numpy as np
import zmq

from actors.runtime import reactor, wire
from actors.runtime.host import ActorHost, ReactorThread
from actors.runtime.ledger import WireLedger, wire_ledger
from actors.runtime.plain import PlainThread, Sender, body_at, is_plain
from actors.runtime.plan import Plan, ThreadPlan
from actors.runtime.vitals import map_deployment, map_wires
from schemas.messages import HEADER
from tests.runtime.deployments import eventually

_MANY_DESCRIPTORS = 400


class InProcess:
    """The actors of ``plan``, each with a reactor of its own that is never started.

    ``hosts``, ``threads``: by actor. ``wires``: the pages. As a context manager it cleans up.
    """

    def __init__(self, plan: Plan):
        self.plan = plan
        self.context = zmq.Context()
        self.wires = map_wires(plan.shm_dir, len(plan.wires), create=True)
        self.deployment = map_deployment(plan.shm_dir, create=True)
        self.deployment["trading_enabled"] = 1
        self.hosts: dict[str, ActorHost] = {}
        self.threads: dict[str, ReactorThread | PlainThread] = {}
        self._strangers: list[zmq.Socket] = []  # collected, one would take its messages along
        for actor in plan.actors:
            self.start(actor.name)

    def __enter__(self) -> InProcess:
        self.connect()
        return self

    def __exit__(self, *exc) -> None:
        for name in list(self.hosts):
            self.crash(name)
        self.context.destroy(linger=0)
        if len(os.listdir("/proc/self/fd")) > _MANY_DESCRIPTORS:
            gc.collect()  # hosts and actors know each other, and keep their pages open

    # ---- incarnations ------------------------------------------------------------------------

    def start(self, name: str) -> None:
        """Brings up the next incarnation of an actor; its wires are open, not yet connected."""
        host = ActorHost(self.plan, self.plan.actor(name), self.context, self.wires,
                         self.deployment)
        host.build()
        host.warm()
        host.open_wires()
        kind = PlainThread if is_plain(host) else ReactorThread
        thread = kind(ThreadPlan(name, (name,)), [host])
        thread.build()
        host.actor.start()
        host.live = True
        host.actor.out = Sender(host)
        self.hosts[name], self.threads[name] = host, thread

    def crash(self, name: str, told: bool = True) -> None:
        """Ends an incarnation without a word: its sockets go, and what they held. Unless ``told``
        is
        false, the wires' pages say so, as they do when the supervisor has noticed."""
        host = self.hosts.pop(name)
        del self.threads[name]
        for end in host.in_ends:
            if told:
                end.page["c_epoch"] = 0
            end.close()
            if end.wire.transport == "tcp":  # libzmq closes later; a dead process has closed
                eventually(lambda: _is_free(end.wire.address), what="a free port")  # noqa: B023
        for end in host.out_ends:
            if told:
                end.page["p_connected"] = 0
            for connected in end._links.values():
                connected.close(linger_ms=0)
            if end._prepared is not None:
                end._prepared[1].close(linger_ms=0)

    def restart(self, name: str) -> None:
        self.crash(name)
        self.start(name)

    # ---- moving ------------------------------------------------------------------------------

    def serve_outputs(self, name: str) -> None:
        """What both ends do between messages: follow their peers, flush, answer resyncs."""
        self.hosts[name].maintain()
        reactor.serve_outputs(self.threads[name].record.ctypes.data)

    def connect(self) -> list[int]:
        """Lets all wires find their peers. What a consumer must take first, as it does before it
        accepts a producer's next incarnation, is taken: returns those order_ids."""
        taken: list[int] = []

        def connected() -> bool:
            for name, host in self.hosts.items():
                for n, end in enumerate(host.in_ends):
                    while end.page["p_epoch"] != end.record["p_epoch"]:
                        body = self.take(name, n, force=1)
                        if body is None:
                            wire.adopt_producer(end.address)
                        else:
                            taken.append(int(body["order_id"]))
            for name in self.hosts:
                self.serve_outputs(name)
            return all(end.connected for host in self.hosts.values() for end in host.out_ends)

        eventually(connected, what="connections")
        return taken

    def turn(self, name: str, force: int = 0) -> int:
        """One turn of a compiled actor's reactor, after its housekeeper's turn."""
        self.hosts[name].maintain()
        return reactor.turn(self.threads[name].record.ctypes.data, force)

    # ---- single messages ---------------------------------------------------------------------

    def send(self, number: int, symbol_id: int = 0, actor: str = "talker",
             port: str = "numbers") -> bool:
        """Sends an order command whose order_id is ``number``; False if it was refused."""
        return self.hosts[actor].actor.out.send(port, order_id=number, symbol_id=symbol_id)

    def in_end(self, actor: str = "listener", n: int = 0):
        return self.hosts[actor].in_ends[n]

    def take(self, actor: str = "listener", n: int = 0, force: int = 0) -> np.ndarray | None:
        """A copy of the next message's body on the actor's input wire ``n``, which is released."""
        end = self.in_end(actor, n)
        address = wire.take(end.address, force)
        if not address:
            return None
        body = body_at(address, end.message).copy()
        wire.release(end.address)
        return body

    def take_all(self, actor: str = "listener", n: int = 0, count: int | None = None) -> list[int]:
        """The order_ids that wait on a wire; ``count``: as many as will come."""
        numbers: list[int] = []
        deadline = time.monotonic() + 20
        while True:
            body = self.take(actor, n)
            if body is not None:
                numbers.append(int(body["order_id"]))
            elif count is None or len(numbers) >= count:
                return numbers
            elif time.monotonic() > deadline:
                raise AssertionError(f"{len(numbers)} messages came, {count} were expected")

    def stranger(self, n: int = 0, actor: str = "listener") -> zmq.Socket:
        """A PUSH socket of somebody else's, connected to where the wire's consumer listens."""
        end = self.in_end(actor, n)
        stranger = self.context.socket(zmq.PUSH)
        stranger.setsockopt(zmq.LINGER, 0)
        self._strangers.append(stranger)
        stranger.connect(end.socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0"))
        return stranger

    def ledger(self, n: int = 0, quiescent: bool = False) -> WireLedger:
        return wire_ledger(self.wires[n], quiescent)


def _is_free(address: str) -> bool:
    """Whether nobody listens at ``host:port``."""
    host, port = address.split(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            return False
        return True


def header_of(body: np.ndarray) -> np.ndarray:
    """The HEADER record of a message body."""
    return body["header"].view(HEADER)
