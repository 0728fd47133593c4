"""An actor whose state is a function of its journal: it adds up the orders it is sent."""

import numpy as np

from actors.runtime import (
    Actor, Config, Input, Output, Table, Timer, claim, commit, context, count, handler, log, table,
)
from actors.runtime.journal.actor_journal import ActorJournal
from actors.runtime.journal.config import JournalConfig
from actors.runtime.journal.inputs import (
    begin_input, carry_out, checkpoint_if_due, is_replaying, payload_of, record_kind,
)
from actors.runtime.journal.replaying import on_replay
from actors.runtime.native import load_i64, store_i64
from schemas.messages import OrderCommand
from schemas.views import order_command

__all__ = ["TOTAL", "Adder", "AdderConfig"]

#: ``address`` is none of the state.
TOTAL = np.dtype([("sum", "i8"), ("count", "i8"), ("address", "i8")])
_ORDER, _FULL = 1, 1


@handler
def apply(ctx, record):
    if record_kind(record) == _ORDER:
        totals = table(ctx, 0, TOTAL)[0]
        totals.sum += load_i64(payload_of(record))
        totals.count += 1
        count(ctx, 0, 1)
        log(ctx, 1, totals.sum, is_replaying(ctx), 0, 0, 0, 0)
        if claim(ctx, 0) != 0:
            commit(ctx, 0)
    return 0


@handler
def on_order(ctx, message):
    payload = begin_input(ctx, _ORDER, np.int64(8), context(ctx).now_ns)
    if payload == 0:
        count(ctx, _FULL, 1)
        return 0
    store_i64(payload, np.int64(order_command(message).order_id))
    carry_out(ctx, payload)
    return 0


@handler
def on_clock(ctx, now_ns):
    checkpoint_if_due(ctx)
    return 0


class AdderConfig(Config):
    journal: JournalConfig = JournalConfig(segment_mib=1)
    unit: int = 1


class Adder(Actor):
    """Adds up order ids; sends a message for each."""

    kind, tag = "adder", "ADDER"
    Config = AdderConfig
    inputs = {"numbers": Input(OrderCommand, on_order)}
    outputs = {"numbers": Output(OrderCommand)}
    timers = {"clock": Timer(on_clock, 1)}
    counters = ("added", "full", "elsewhere")
    table_names = ("totals", "durability")

    @classmethod
    def handlers(cls):
        return [*super().handlers(), apply, on_replay]

    def tables(self):
        self.journal = ActorJournal(self, apply, ("totals",), self.config.journal,
                                    transient={"totals": ("address",)}, counted=("added",),
                                    terms={"unit": self.config.unit})
        return self.journal.declare({"totals": Table(np.zeros(1, TOTAL), shared=True)})

    def start(self):
        self.host.tables["totals"]["address"] = self.host.tables["totals"].ctypes.data
        self.journal.start()

    def housekeep(self, now_ns):
        self.journal.keep(now_ns)
        self.journal.announce()

    def stop(self):
        self.journal.end()
