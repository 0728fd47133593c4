"""The matching engine alone: operations a second, and what one takes, beside plain Python.

The mix is 45% new limit orders that rest, 45% cancels of a random resting order, 10% small market
orders that execute; orders are known by client references through the order map, and every event
is read. With many symbols the engine looks ahead, as it does for requests that have come together
(:mod:`actors.exchange.request_ahead`). The flows are made beforehand with the
engine itself, so that every cancel finds its order; a run replays one on a fresh engine and must end in the same state. Rates are by the thread's own
time, so that another process on the core does not count; latencies are by the wall clock.

What the engine remembers must not grow: a long run fills a book, trades on it and empties it again,
over and over, and asks the system what the process holds and the engine what is in use.
"""

from __future__ import annotations

import pathlib
import resource
import time
from dataclasses import dataclass

import numpy as np

from actors.book.ahead import AHEAD, LOOK_AHEAD_FROM, RING, start_looking
from actors.book.memory import aligned_zeros, kernel
from actors.exchange.engine_state import CancelReason, Engine, EventKind, Status, allocate
from actors.exchange.matching import (cancel, cancel_all, clear_events, engine_hash, event_at, find,
                                      pending_events, submit)
from actors.exchange.matching_ahead import look_at_entry, look_at_nothing, look_at_reference
from actors.exchange.reference import ReferenceEngine
from actors.runtime import kernel as clock_kernel
from actors.runtime.clock import now_ns
from bench.table import Row
from schemas.enums import OrderType, TimeInForce

__all__ = ["NAME", "run"]

NAME = "matching"
ROUNDS = 5
OPERATIONS = 200_000
REFERENCE_OPERATIONS = 4_000
TARGET_PER_S = 10_000_000
TARGET_P99_NS = 500
LONG_RUN, LONG_RUN_QUICK = 100_000_000, 5_000_000
CHUNK = 1_000_000
TARGET_GROWTH_KIB = 1_024

OWNER = 1
ADD, CANCEL, MATCH = 0, 1, 2
LIMIT, MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
DAY, IOC = int(TimeInForce.DAY), int(TimeInForce.IOC)
KINDS = max(EventKind) + 1

COMMAND = np.dtype(
    [("user_ref", "i8"), ("price_e4", "i8"), ("quantity", "i4"), ("symbol", "i4"),
     ("operation", "u1"), ("side", "u1")],
    align=True,
)


@kernel
def _random(state):
    """xorshift64 (Marsaglia, 2003): the next of 63 random bits."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64(x >> np.uint64(1))


@kernel
def _execute(engine, command, now):
    """One command on the engine."""
    operation = command.operation
    if operation == CANCEL:
        cancel(engine, OWNER, command.user_ref, 0, now)
    elif operation == ADD:
        submit(engine, OWNER, command.user_ref, command.symbol, command.side, LIMIT,
               command.price_e4, command.quantity, DAY, 0, now)
    else:
        submit(engine, OWNER, command.user_ref, command.symbol, command.side, MARKET, 0,
               command.quantity, IOC, 0, now)


@kernel
def _take_events(engine, counts):
    """Read every event, as a consumer would, and count it by kind."""
    for n in range(pending_events(engine)):
        counts[event_at(engine, n).kind] += 1
    clear_events(engine)


@kernel
def _make_flow(engine, operations, commands, live, symbols, spread, state):
    """Fill ``commands``, whose kinds are ``operations``, executing each. ``live``: scratch.

    Prices lie behind the middle by some 1 to ``spread`` cents, mostly near.
    """
    n_live = 0
    for i in range(commands.size):
        command = commands[i]
        command.operation = operations[i]
        command.user_ref = i
        command.symbol = _random(state) % symbols
        command.side = 1 + _random(state) % 2
        if operations[i] == ADD:
            distance = 1 + _random(state) % 8
            while distance < spread and _random(state) % 4 != 0:
                distance += 1 + _random(state) % 8
            step = -100 if command.side == 1 else 100
            command.price_e4 = 1_000_000 + step * distance
            command.quantity = 100 + _random(state) % 256
            live[n_live] = i
            n_live += 1
        elif operations[i] == CANCEL:
            found = False
            while not found:
                chosen = _random(state) % n_live
                command.user_ref = live[chosen]
                n_live -= 1
                live[chosen] = live[n_live]
                found = find(engine, OWNER, command.user_ref) >= 0
        else:
            command.quantity = 1 + _random(state) % 20
        _execute(engine, command, i)
        clear_events(engine)


@kernel
def _look(ring, engine, commands, i):
    """Look at command ``i``, if there are so many."""
    if i >= commands.size:
        look_at_nothing(ring, engine)
        return
    command = commands[i]
    if command.operation == CANCEL:
        look_at_reference(ring, engine, OWNER, command.user_ref)
    elif command.operation == ADD:
        look_at_entry(ring, engine, OWNER, command.user_ref, command.symbol, command.side, LIMIT,
                      command.price_e4, DAY)
    else:
        look_at_entry(ring, engine, OWNER, command.user_ref, command.symbol, command.side, MARKET,
                      0, IOC)


@kernel
def _begin_looking(ring, engine, commands):
    start_looking(ring)
    for i in range(AHEAD):
        _look(ring, engine, commands, i)


@kernel
def _replay(engine, commands, counts, ring):
    """``ring``: the address of a RING, or 0: without looking ahead."""
    if ring != 0:
        _begin_looking(ring, engine, commands)
    for i in range(commands.size):
        if ring != 0:
            _look(ring, engine, commands, i + AHEAD)
        _execute(engine, commands[i], i)
        _take_events(engine, counts)


@clock_kernel
def _replay_timed(engine, commands, counts, ring, taken_ns, scratch):
    if ring != 0:
        _begin_looking(ring, engine, commands)
    for i in range(commands.size):
        start = now_ns(scratch)
        if ring != 0:
            _look(ring, engine, commands, i + AHEAD)
        _execute(engine, commands[i], i)
        taken_ns[i] = now_ns(scratch) - start
        _take_events(engine, counts)


@clock_kernel
def _time_nothing(taken_ns, scratch):
    for i in range(taken_ns.size):
        start = now_ns(scratch)
        taken_ns[i] = now_ns(scratch) - start


@dataclass(frozen=True)
class Flow:
    """Commands for a book of ``resting`` orders over ``symbols``; the first so many build it."""

    symbols: int
    resting: int
    operations: int
    spread: int = 100

    def engine(self) -> Engine:
        engine = allocate(self.symbols, self.resting + self.resting // 4 + 1024,
                          self.symbols * 4 * self.spread, 2 * self.spread)
        for symbol in range(self.symbols):
            engine.list_symbol(symbol)
        return engine

    def make(self, seed: int = 1) -> tuple[np.ndarray, int]:
        """The commands, and the fingerprint of the engine after them."""
        rng = np.random.default_rng(seed)
        blocks = [np.zeros(self.resting, np.int64)]
        block = np.repeat([ADD, CANCEL, MATCH], [450, 450, 100])
        blocks += [rng.permutation(block) for _ in range(self.operations // block.size)]
        operations = np.concatenate(blocks)
        commands = aligned_zeros(operations.size, COMMAND)
        engine = self.engine()
        _make_flow(engine.address, operations, commands, np.zeros(operations.size, np.int64),
                   self.symbols, self.spread, np.array([88172645463325252 + seed], np.uint64))
        return commands, int(engine_hash(engine.address))


def _rounds(flow: Flow, rounds: int) -> list[Row]:
    """Throughput and latency of the engine on a flow."""
    commands, expected = flow.make()
    before, measured = commands[: flow.resting], commands[flow.resting :]
    counts = np.zeros(KINDS, np.int64)
    taken = np.zeros(measured.size, np.int64)
    scratch, memory = aligned_zeros(2, np.dtype("i8")), aligned_zeros(1, RING)
    ring = memory.ctypes.data if flow.symbols >= LOOK_AHEAD_FROM else 0
    rates, p50, p99 = [], [], []
    for _ in range(rounds):
        for timed in (False, True):
            engine = flow.engine()
            _replay(engine.address, before, counts, ring)
            start = time.thread_time()
            if timed:
                _replay_timed(engine.address, measured, counts, ring, taken,
                              scratch.ctypes.data)
                p50.append(float(np.percentile(taken, 50)))
                p99.append(float(np.percentile(taken, 99)))
            else:
                _replay(engine.address, measured, counts, ring)
                rates.append(measured.size / (time.thread_time() - start))
            if engine_hash(engine.address) != expected:
                raise RuntimeError("the replay did not end in the state that the flow was made in")
    name = f"{flow.symbols:,} symbol{'s' * (flow.symbols > 1)}, {flow.resting:,} orders"
    return [
        Row(f"{name}: operations", "1/s", rates, TARGET_PER_S, "above"),
        Row(f"{name}: one, p50", "ns", p50),
        Row(f"{name}: one, p99", "ns", p99, TARGET_P99_NS),
    ]


def _clock(rounds: int) -> Row:
    """What two clock readings take: part of every latency above."""
    taken = np.zeros(20_000, np.int64)
    scratch = aligned_zeros(2, np.dtype("i8"))
    values = []
    for _ in range(rounds):
        _time_nothing(taken, scratch.ctypes.data)
        values.append(float(np.percentile(taken, 50)))
    return Row("of each of these, the clock", "ns", values)


def _resident_kib() -> int:
    """What the process holds in memory now."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def _empty(engine: Engine) -> None:
    while cancel_all(engine.address, -1, -1, int(CancelReason.CLOSED), 0) != Status.DONE:
        clear_events(engine.address)
    clear_events(engine.address)


def _long_run(flow: Flow, operations: int) -> list[Row]:
    """What is left behind by many operations, made a chunk at a time. The first chunk may touch
    memory for the first time; it does not count."""
    rng = np.random.default_rng(1)
    block = np.repeat([ADD, CANCEL, MATCH], [450, 450, 100])
    engine, state = flow.engine(), np.array([88172645463325252], np.uint64)
    free = engine.book.book["available"], engine.book.ladders["available"]
    at_first = [int(pool[0]) for pool in free]
    resident, done = 0, 0
    kinds = np.zeros(flow.resting + CHUNK, np.int64)
    commands, live = aligned_zeros(kinds.size, COMMAND), np.zeros(kinds.size, np.int64)
    while done < operations:
        for start in range(flow.resting, kinds.size, block.size):
            kinds[start : start + block.size] = rng.permutation(block)
        _make_flow(engine.address, kinds, commands, live, flow.symbols, flow.spread, state)
        _empty(engine)
        done += kinds.size
        resident = resident or _resident_kib()
    lost = sum(was - int(pool[0]) for was, pool in zip(at_first, free))
    name = f"after {operations:,} operations"
    return [
        Row(f"{name}: memory grown by", "KiB", [float(_resident_kib() - resident)],
            TARGET_GROWTH_KIB, "below"),
        Row(f"{name}: places not given back", "", [float(lost)], 0, "equal"),
    ]


def _reference_rates(flow: Flow, rounds: int) -> list[float]:
    """Operations a second of the plain Python engine, each round on the next part of a flow."""
    commands, _ = flow.make()
    engine = ReferenceEngine(flow.symbols, flow.resting * 2, flow.symbols * 4 * flow.spread,
                             2 * flow.spread)
    for symbol in range(flow.symbols):
        engine.list_symbol(symbol)
    rates, done = [], 0
    for end in range(flow.resting, flow.resting + (rounds + 1) * REFERENCE_OPERATIONS,
                     REFERENCE_OPERATIONS):
        part = commands[done:end].tolist()
        start = time.thread_time()
        for user_ref, price_e4, quantity, symbol, operation, side in part:
            if operation == CANCEL:
                engine.cancel(OWNER, user_ref, 0, 0)
            elif operation == ADD:
                engine.submit(OWNER, user_ref, symbol, side, LIMIT, price_e4, quantity, DAY, 0, 0)
            else:
                engine.submit(OWNER, user_ref, symbol, side, MARKET, 0, quantity, IOC, 0, 0)
            engine.events.clear()
        rates.append(len(part) / (time.thread_time() - start))
        done = end
    return rates[1:]


def run(quick: bool = False) -> list[Row]:
    """Rows: the engine on a small and a large book, and the reference engine on the small one."""
    rounds = 3 if quick else ROUNDS
    operations = OPERATIONS // 4 if quick else OPERATIONS
    small = Flow(symbols=1, resting=1_000, operations=operations)
    large = Flow(symbols=1_000, resting=100_000, operations=operations)
    rows = _rounds(small, rounds) + _rounds(large, rounds) + [_clock(rounds)]
    plain = _reference_rates(small, rounds)
    ratios = [compiled / python for compiled, python in zip(rows[0].values, plain)]
    rows += _long_run(large, LONG_RUN_QUICK if quick else LONG_RUN)
    return rows + [
        Row("1 symbol, 1,000 orders: plain Python", "1/s", plain),
        Row("1 symbol, 1,000 orders: faster by", "times", ratios),
    ]
