"""Three small actors that the runtime's tests wire up: numbers go source -> relay -> sink."""

import numpy as np

from actors.runtime import (
    Actor, Config, Input, Output, Overflow, Priority, Table, Timer, claim, clock_ns, commit,
    context, count, crash_point, handler, observe, table,
)
from schemas.messages import Control, ExecutionReport, MarketData, OrderCommand
from schemas.views import order_command

STATE = np.dtype([("next", "i8"), ("limit", "i8"), ("per_tick", "i8"), ("refused", "i8")])
SEEN = np.dtype([("count", "i8"), ("last", "i8"), ("sum", "i8"), ("missing", "i8"),
                 ("epochs", "i8"), ("address", "i8"), ("disordered", "i8")])

SENT, REFUSED = range(2)


@handler
def emit(ctx, now):
    """Sends the next ``per_tick`` numbers until ``limit``; keeps a refused one for later."""
    state = table(ctx, 0, STATE)[0]
    for _ in range(state.per_tick):
        if state.next >= state.limit:
            return 0
        message = claim(ctx, 0)
        if message == 0:
            count(ctx, REFUSED, 1)
            return 0
        body = order_command(message)
        body.order_id = state.next + 1
        body.symbol_id = state.next % 4
        body.t1_ns = clock_ns(ctx)
        state.next += 1
        commit(ctx, 0)
        count(ctx, SENT, 1)
    return 0


@handler
def relay(ctx, message):
    order = order_command(message)
    out = claim(ctx, 0)
    if out != 0:
        body = order_command(out)
        body.order_id = order.order_id
        body.symbol_id = order.symbol_id
        body.t1_ns = order.t1_ns
        commit(ctx, 0)
    return 0


@handler
def absorb(ctx, message):
    seen = table(ctx, 0, SEEN)[0]
    order = order_command(message)
    number = np.int64(order.order_id)
    seen.count += 1
    if number <= seen.last:
        seen.disordered += 1
    seen.last = number
    seen.sum += number
    seen.missing += context(ctx).missing
    seen.epochs += context(ctx).new_epoch
    seen.address = message
    crash_point(ctx, 1)
    observe(ctx, 0, context(ctx).now_ns - order.t1_ns)
    return 0


@handler
def absorb_slowly(ctx, message):
    """Takes 20 µs for every message."""
    began = clock_ns(ctx)
    while clock_ns(ctx) - began < 20_000:
        pass
    seen = table(ctx, 0, SEEN)[0]
    seen.count += 1
    seen.sum += np.int64(order_command(message).order_id)
    return 0


class SourceConfig(Config):
    limit: int = 1000
    per_tick: int = 1


class Source(Actor):
    kind, tag = "source", "SOURCE"
    Config = SourceConfig
    outputs = {"numbers": Output(OrderCommand, burst=64)}
    timers = {"tick": Timer(emit, 100_000)}
    counters = ("sent", "refused")
    table_names = ("state",)

    def tables(self):
        state = np.zeros(1, STATE)
        state["limit"], state["per_tick"] = self.config.limit, self.config.per_tick
        return {"state": Table(state, shared=True)}


class Drip(Source):
    """A source that sends little at a time, so that a small wire has room for more than one go."""

    outputs = {"numbers": Output(OrderCommand, burst=4)}


class Relay(Actor):
    kind, tag = "relay", "RELAY"
    inputs = {"numbers": Input(OrderCommand, relay, Priority.ORDER)}
    outputs = {"numbers": Output(OrderCommand)}


class Sink(Actor):
    kind, tag = "sink", "SINK"
    inputs = {"numbers": Input(OrderCommand, absorb, Priority.ORDER, overflow=Overflow.BLOCK,
                               many=True)}
    histograms = ("delay",)
    table_names = ("seen",)
    crash_points = ("absorbed",)

    def tables(self):
        return {"seen": Table(np.zeros(1, SEEN), shared=True)}


class SlowSink(Sink):
    inputs = {"numbers": Input(OrderCommand, absorb_slowly)}


class PlainSink(Actor):
    """The same sink in plain Python."""

    kind, tag = "plain_sink", "PLAIN"
    inputs = {"numbers": Input(OrderCommand, None, many=True)}
    histograms = ("delay",)
    table_names = ("seen",)

    def tables(self):
        return {"seen": Table(np.zeros(1, SEEN), shared=True)}

    def on_numbers(self, order):
        seen = self.host.tables["seen"][0]
        seen["count"] += 1
        seen["disordered"] += int(order["order_id"]) <= seen["last"]
        seen["last"] = order["order_id"]
        seen["sum"] += int(order["order_id"])
        seen["missing"] += self.host.ctx["missing"]
        seen["epochs"] += self.host.ctx["new_epoch"]


class PlainRelay(Actor):
    """The relay in plain Python, with a timer that says how often it was called."""

    kind, tag = "plain_relay", "PLAIN"
    inputs = {"numbers": Input(OrderCommand, None)}
    outputs = {"numbers": Output(OrderCommand)}
    timers = {"tick": Timer(None, 2_000_000)}
    counters = ("ticks",)
    table_names = ("beats",)

    def tables(self):
        return {"beats": Table(np.zeros(64, np.int64), shared=True)}

    def on_numbers(self, order):
        self.out.send("numbers", order_id=order["order_id"], symbol_id=order["symbol_id"],
                      t1_ns=order["t1_ns"])

    def on_tick(self, now_ns):
        counters = self.host.vitals.counters
        self.host.tables["beats"][int(counters[0]) % 64] = now_ns
        counters[0] += 1


class PlainDesk(Actor):
    """Inputs of three priorities; it writes down in which order it was called."""

    kind, tag = "plain_desk", "PLAIN"
    inputs = {"market": Input(MarketData, None, Priority.MARKET_DATA),
              "executions": Input(ExecutionReport, None, Priority.EXECUTION),
              "control": Input(Control, None, Priority.CONTROL)}

    def start(self):
        self.calls = []

    def on_market(self, update):
        self.calls.append(("market", int(update["sequence"])))

    def on_executions(self, report):
        self.calls.append(("executions", int(report["order_id"])))

    def on_control(self, control):
        self.calls.append(("control", int(control["argument"])))


class Unlucky(PlainSink):
    """Fails at its thirteenth message."""

    def on_numbers(self, order):
        super().on_numbers(order)
        if self.host.tables["seen"][0]["count"] == 13:
            raise ValueError("thirteen is too many")


@handler
def never_return(ctx, message):
    table(ctx, 0, SEEN)[0].count += 1
    while clock_ns(ctx) > 0:
        pass
    return 0


class Stuck(Sink):
    """Its handler does not come back."""

    inputs = {"numbers": Input(OrderCommand, never_return)}


class Broken(Actor):
    """Fails in its constructor."""

    kind, tag = "broken", "BROKEN"

    def __init__(self, setup):
        raise ValueError("no such thing as a working Broken")


class BrokenLater(Sink):
    """Fails when it keeps house for the first time."""

    def housekeep(self, now_ns):
        raise KeyError("the house key")
