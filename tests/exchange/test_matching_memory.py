"""Millions of operations later the engine's memory is as it was: nothing leaks, nothing grows."""

import pathlib

import numpy as np

from actors.book.integrity import check_integrity
from actors.book.memory import kernel
from actors.exchange.engine_state import (Attribute, CancelReason, RefuseReason, SelfMatch, Status,
                                          allocate)
from actors.exchange.matching import (cancel, cancel_all, clear_events, enter, replace_with,
                                      resume)
from schemas.enums import OrderType, TimeInForce

OPERATIONS = 1_000_000
REFS = 6_000  # more than the book holds: it runs full, and empties again
LIMIT = np.int64(OrderType.LIMIT)
DAY, IOC = np.int64(TimeInForce.DAY), np.int64(TimeInForce.IOC)
HIDDEN = np.int64(Attribute.HIDDEN)
PAUSED = int(Status.PAUSED)


@kernel
def churn(engine, operations, symbols, state):
    """Random entries, replacements and cancels of owners 1 to 3, of every kind of order."""
    for n in range(operations):
        x = state[0]
        x ^= x << np.uint64(13)
        x ^= x >> np.uint64(7)
        x ^= x << np.uint64(17)
        state[0] = x
        bits = np.int64(x >> np.uint64(1))
        owner, ref = 1 + bits % 3, (bits >> 8) % REFS
        side, symbol = 1 + (bits >> 24) % 2, (bits >> 25) % symbols
        price = 10_000 + (bits >> 32) % 60 + (side - 1) * 50
        quantity, kind = 1 + (bits >> 40) % 300, (bits >> 50) % 8
        hidden = HIDDEN if kind == 1 else np.int64(0)
        display = np.int64(20) if kind == 2 else np.int64(0)
        time_in_force = IOC if kind == 3 else DAY
        if kind < 4:
            status = enter(engine, owner, ref, symbol, side, LIMIT, price, quantity, time_in_force,
                           hidden, np.int64(0), display, np.int64(0), n)
        elif kind == 4:
            status = replace_with(engine, owner, ref, (ref + 1) % REFS, price, quantity, DAY,
                                  hidden, np.int64(0), display, np.int64(0), n)
        else:
            status = cancel(engine, owner, ref, np.int64(0), n)
        clear_events(engine)
        while status == PAUSED:
            status = resume(engine)
            clear_events(engine)


@kernel
def fill(engine, first, count, symbols):
    """Rest ``count`` orders with references from ``first``; the status of the last."""
    status = np.int64(0)
    for ref in range(first, first + count):
        side = 1 + ref % 2
        price = 10_000 + (2 * side - 3) * (1 + (ref // 2) % 40)
        status = np.int64(enter(engine, np.int64(1), ref, (ref // 80) % symbols, side, LIMIT, price,
                                np.int64(100), DAY, np.int64(0), np.int64(0), np.int64(0),
                                np.int64(0), ref))
        if ref + 1 < first + count:
            clear_events(engine)
    return status


def resident_kib() -> int:
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4


def test_three_million_operations_leave_no_trace_in_memory():
    engine = allocate(symbols=50, orders=4_000, levels=3_000, levels_per_side=80, events=64)
    for symbol in range(50):
        engine.list_symbol(symbol)
    engine.set_self_match(2, SelfMatch.CANCEL_OLDEST)
    engine.set_self_match(3, SelfMatch.CANCEL_BOTH)
    size = engine.memory.size
    state = np.array([88172645463325252], np.uint64)
    orders, levels = engine.book.book["available"], engine.book.ladders["available"]
    at_first, fullest, resident = (int(orders[0]), int(levels[0])), 4_000, 0
    for _ in range(3):
        churn(engine.address, OPERATIONS, 50, state)
        fullest = min(fullest, int(orders[0]))
        assert check_integrity(engine.book) == []
        while cancel_all(engine.address, -1, -1, int(CancelReason.CLOSED), 0) != Status.DONE:
            clear_events(engine.address)
        clear_events(engine.address)
        assert (int(orders[0]), int(levels[0])) == at_first
        assert (int(engine.book.index["count"][0]), engine.book.resting) == (0, 0)
        assert check_integrity(engine.book) == []
        resident = resident or resident_kib()
    assert fullest < 1_000, "the book was never near full"
    assert engine.state["next_match"][0] > 100_000
    assert engine.memory.size == size
    assert resident_kib() - resident < 2_048


def test_a_million_orders_rest_in_thousands_of_symbols_and_the_next_is_refused():
    symbols, orders = 5_000, 1_000_000
    engine = allocate(symbols, orders, levels=symbols * 80, levels_per_side=40, hidden_levels=1)
    for symbol in range(symbols):
        engine.list_symbol(symbol)
    assert fill(engine.address, 0, orders, symbols) == Status.DONE
    assert engine.book.resting == orders
    assert engine.book.ladders["available"][0] == 0, "every price of every symbol is in use"
    clear_events(engine.address)
    assert fill(engine.address, orders, 1, symbols) == Status.REJECTED
    assert engine.pending()[0]["reason"] == RefuseReason.ORDERS_FULL
    clear_events(engine.address)
    while cancel_all(engine.address, 1, -1, int(CancelReason.CLOSED), 0) != Status.DONE:
        clear_events(engine.address)
    assert engine.book.resting == 0
    assert engine.book.ladders["available"][0] == symbols * 80
