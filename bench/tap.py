"""What a tap costs the sender: one message over inproc, sender and receiver on one thread."""

from __future__ import annotations

import pathlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import zmq

from actors.runtime import Actor, Input, Output, kernel, reactor, wire
from actors.runtime.host import ActorHost, ReactorThread
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan, WirePlan
from actors.runtime.tap import TapReader
from actors.runtime.vitals import map_deployment, map_wires
from bench.table import Row
from schemas.messages import MarketData

__all__ = ["NAME", "Listener", "Talker", "run"]

NAME = "tap"

_MESSAGES = 20_000


class Talker(Actor):
    """Sends when the benchmark does."""

    kind, tag = "talker", "TALKER"
    outputs = {"market": Output(MarketData)}


class Listener(Actor):
    """Takes when the benchmark does."""

    kind, tag = "listener", "LISTEN"
    inputs = {"market": Input(MarketData)}


@kernel
def round_trips(ctx, end, n):
    """Sends and takes ``n`` messages, one after the other; returns how many arrived."""
    taken = 0
    for _ in range(n):
        if wire.claim(ctx, 0) != 0:
            wire.commit(ctx, 0)
        if wire.take(end, 0) != 0:
            wire.release(end)
            taken += 1
    return taken


@dataclass
class _Pair:
    plan: Plan
    talker: ActorHost
    listener: ActorHost

    def message_ns(self) -> float:
        """Time for one message, from claim to release, in ns."""
        ctx, end = self.talker.ctx.ctypes.data, self.listener.in_ends[0].address
        round_trips(ctx, end, 100)
        began = time.perf_counter_ns()
        if round_trips(ctx, end, _MESSAGES) != _MESSAGES:
            raise RuntimeError("a message did not arrive")
        return (time.perf_counter_ns() - began) / _MESSAGES


def run(quick: bool = False) -> list[Row]:
    """Rows: ns a message while nobody taps and while somebody does, in turn, and their ratio."""
    alone, tapped = [], []
    with _connected_pair() as pair:
        for _ in range(20 if quick else 100):
            alone.append(pair.message_ns())
            tap = TapReader(pair.plan.shm_dir, "talker", "market", MarketData)
            TapReader.request(pair.talker.vitals)
            pair.talker.maintain()
            tapped.append(pair.message_ns())
            if len(tap.read()) == 0:
                raise RuntimeError("the tap saw nothing")
            tap.close()
            pair.talker.maintain()
    return [Row("a message, nobody taps", "ns", alone), Row("a message, tapped", "ns", tapped),
            Row("tapped / not tapped", "", [b / a for a, b in zip(alone, tapped, strict=True)])]


@contextmanager
def _connected_pair() -> Iterator[_Pair]:
    context = zmq.Context()
    with tempfile.TemporaryDirectory(prefix="pitwire-bench-") as folder:
        plan = _plan(pathlib.Path(folder))
        wires = map_wires(folder, 1, create=True)
        deployment = map_deployment(folder, create=True)
        talker, listener = (ActorHost(plan, actor, context, wires, deployment)
                            for actor in plan.actors)
        threads = []
        for host in (talker, listener):
            host.build()
            host.warm()
            host.open_wires()
            threads.append(ReactorThread(ThreadPlan(host.name, (host.name,)), [host]))
            threads[-1].build()
        while not talker.out_ends[0].connected:
            talker.maintain()
            wire.adopt_producer(listener.in_ends[0].address)
            reactor.serve_outputs(threads[0].record.ctypes.data)
        try:
            yield _Pair(plan, talker, listener)
        finally:
            for host in (listener, talker):
                host.close()
            context.destroy(linger=0)


def _plan(folder: pathlib.Path) -> Plan:
    actors = tuple(ActorPlan(cls.kind, i, f"{__name__}:{cls.__name__}", {}, "bench", cls.kind)
                   for i, cls in enumerate((Talker, Listener)))
    threads = tuple(ThreadPlan(actor.name, (actor.name,)) for actor in actors)
    joined = WirePlan(0, "talker", "market", "listener", "market", MarketData.name, "inproc",
                      "bench", 1024, "block")
    return Plan("bench", "", str(folder), str(folder), ("AAPL",), actors,
                (ProcessPlan("bench", threads),), (joined,))
