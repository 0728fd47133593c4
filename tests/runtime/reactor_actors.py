"""Actors for the tests of the reactor: each writes down what was called, in order."""

import numpy as np

from actors.runtime import (
    Actor, Input, Output, Poller, Priority, Table, Timer, abort, claim, clock_ns, commit, context,
    count, handler, kernel, log, observe, request_resync, table,
)
from actors.runtime.native import read
from schemas.enums import Flag
from schemas.messages import Control, ExecutionReport, MarketData, OrderCommand
from schemas.views import control, execution_report, market_data, order_command

CALL = np.dtype([("what", "i8"), ("number", "i8"), ("now_ns", "i8")])
CALLS = np.dtype([("n", "i8"), ("after_ns", "i8"), ("wanted", "i8")])
ROWS = 4096

CONTROL, EXECUTION, ORDER, MARKET, STEADY, CHOSEN, FD, RESYNC = range(8)
_SNAPSHOT_LAST = int(Flag.SNAPSHOT | Flag.LAST)


@kernel
def note(ctx, what, number):
    """Appends to the actor's list of calls."""
    calls = table(ctx, 0, CALLS)[0]
    row = table(ctx, 1, CALL)[calls.n % ROWS]
    row.what, row.number, row.now_ns = what, number, clock_ns(ctx)
    calls.n += 1


@handler
def on_control(ctx, message):
    note(ctx, CONTROL, np.int64(control(message).argument))
    return 0


@handler
def on_execution(ctx, message):
    note(ctx, EXECUTION, np.int64(execution_report(message).order_id))
    return 0


@handler
def on_order(ctx, message):
    note(ctx, ORDER, np.int64(order_command(message).order_id))
    return 0


@handler
def on_market(ctx, message):
    note(ctx, MARKET, np.int64(market_data(message).sequence))
    return 0


@handler
def on_steady(ctx, now):
    note(ctx, STEADY, now)
    return 0


@handler
def on_chosen(ctx, now):
    """Fires again when the test said."""
    note(ctx, CHOSEN, now)
    return now + table(ctx, 0, CALLS)[0].after_ns


@handler
def on_fd(ctx, fd):
    """Reads what is there; the first byte is noted."""
    row = table(ctx, 1, CALL)[ROWS - 1]
    row.number = 0
    if read(np.int32(fd), table(ctx, 1, CALL)[ROWS - 1:].ctypes.data + 8, 8) <= 0:
        return 0
    note(ctx, FD, row.number)
    return 1


class Noting(Actor):
    """Base: the list of calls, in shared memory."""

    table_names = ("calls", "rows")

    def tables(self):
        return {"calls": Table(np.zeros(1, CALLS), shared=True),
                "rows": Table(np.zeros(ROWS, CALL), shared=True)}

    def calls(self) -> list[tuple[int, int]]:
        """(what, number) of every call so far."""
        rows = self.host.tables["rows"][:int(self.host.tables["calls"][0]["n"])]
        return [(int(r["what"]), int(r["number"])) for r in rows]


class Everything(Noting):
    """An input of every priority."""

    kind, tag = "everything", "ALL"
    inputs = {"market": Input(MarketData, on_market, Priority.MARKET_DATA, many=True,
                              optional=True),
              "orders": Input(OrderCommand, on_order, Priority.ORDER, many=True, optional=True),
              "executions": Input(ExecutionReport, on_execution, Priority.EXECUTION, optional=True),
              "control": Input(Control, on_control, Priority.CONTROL, optional=True)}


class Venue(Actor):
    """An output for every input of :class:`Everything`."""

    kind, tag = "venue", "VENUE"
    outputs = {"market": Output(MarketData), "orders": Output(OrderCommand),
               "executions": Output(ExecutionReport), "control": Output(Control)}


@handler
def trade(ctx, message):
    """Answers market data with an order of the same number."""
    number = np.int64(market_data(message).sequence)
    note(ctx, MARKET, number)
    order_command(claim(ctx, 0)).order_id = number
    commit(ctx, 0)
    return 0


class Trader(Noting):
    kind, tag = "trader", "TRADER"
    inputs = {"market": Input(MarketData, trade, Priority.MARKET_DATA, many=True)}
    outputs = {"orders": Output(OrderCommand)}


class Clockwork(Noting):
    """Two timers and a descriptor."""

    kind, tag = "clockwork", "CLOCK"
    timers = {"steady": Timer(on_steady, 2_000_000), "chosen": Timer(on_chosen, 1)}
    pollers = {"pipe": Poller(on_fd)}

    def tables(self):
        tables = super().tables()
        tables["calls"].array["after_ns"] = 3_000_000
        return tables


@handler
def on_resync(ctx, wire):
    """Sends a snapshot of one message."""
    note(ctx, RESYNC, wire)
    order = order_command(claim(ctx, 0))
    order.order_id = 1000 + table(ctx, 0, CALLS)[0].n
    order.header.flags = _SNAPSHOT_LAST
    commit(ctx, 0)
    return 0


@handler
def send_wanted(ctx, now):
    """Sends what the test wants sent."""
    calls = table(ctx, 0, CALLS)[0]
    while calls.wanted > 0:
        calls.wanted -= 1
        order_command(claim(ctx, 0)).order_id = 1
        commit(ctx, 0)
    return 0


class Publisher(Noting):
    """Sends a snapshot to whoever asks for one."""

    kind, tag = "publisher", "PUBLISH"
    outputs = {"orders": Output(OrderCommand)}
    timers = {"wanted": Timer(send_wanted, 1)}
    resync = {"orders": on_resync}


@handler
def follow(ctx, message):
    """Asks for a snapshot when something is missing."""
    order = order_command(message)
    note(ctx, ORDER, np.int64(order.order_id))
    if context(ctx).missing > 0:
        request_resync(ctx)
    return 0


@handler
def ask_anyway(ctx, now):
    request_resync(ctx)
    return now + 3_600_000_000_000


class Subscriber(Noting):
    kind, tag = "subscriber", "SUBSCR"
    inputs = {"orders": Input(OrderCommand, follow, Priority.ORDER)}


class Hasty(Subscriber):
    """Asks for a snapshot before anybody has sent it anything."""

    timers = {"ask": Timer(ask_anyway, 1)}


@handler
def talk(ctx, message):
    """Counts, observes and logs what it is told: order_id times quantity."""
    order = order_command(message)
    n = np.int64(order.quantity)
    count(ctx, 1, n)
    observe(ctx, 0, order.price_e4)
    for i in range(n):
        log(ctx, 7, np.int64(order.order_id), i, -i, order.price_e4, 1 << 62, 0)
    abort(ctx, 0)  # nothing is claimed: nothing happens
    return 0


class Talkative(Actor):
    kind, tag = "talkative", "TALK"
    inputs = {"orders": Input(OrderCommand, talk, Priority.ORDER, optional=True)}
    outputs = {"orders": Output(OrderCommand)}
    counters = ("silence", "talk")
    histograms = ("prices",)

    def describe_event(self, code, values):
        return "WARNING", f"code {code} values {values}"


class HalfCompiled(Actor):
    """Declares one input with a handler and one without."""

    kind, tag = "half", "HALF"
    inputs = {"orders": Input(OrderCommand, on_order, optional=True),
              "control": Input(Control, None, optional=True)}
