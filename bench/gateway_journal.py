"""What the gateway's journal costs: an order through its state, and a recovery.

An order is a command, the note that it was sent, and the venue's Accepted and Executed: four
records, two reports. Sending is not included. With and without a journal, in turn.
"""

from __future__ import annotations

import pathlib
import tempfile
import time

import numpy as np
import zmq
from loguru import logger

from actors.gateway.inputs import InputType
from actors.gateway.state import control_of, gateway_of
from actors.runtime.host import ActorHost
from actors.runtime.journal.inputs import begin_input, carry_out, checkpoint_if_due
from actors.runtime.native import kernel, memcpy, store_i64
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan
from actors.runtime.vitals import map_deployment, map_wires
from bench.table import Row
from schemas.enums import Command, OrderType, Side, TimeInForce
from schemas.messages import ORDER_COMMAND
from schemas.pointer import record_at
from schemas.venue import ouch50
from schemas.venue.big_endian import put_u32

__all__ = ["NAME", "run"]

NAME = "gateway_journal"
SYMBOLS = ("AAPL", "MSFT", "GOOG", "AMZN")
RECORDS_PER_ORDER, ORDERS, RECORDS = 4, 5_000, 1_000_000

_COMMAND, _SENT, _VENUE = (np.int64(t) for t in (InputType.COMMAND, InputType.SENT,
                                                 InputType.VENUE))
_COMMAND_SIZE = ORDER_COMMAND.itemsize
_REF = ouch50.ACCEPTED_USER_REF_NUM
_NOW = np.int64(1_000_000)


@kernel
def _answer(ctx, message, length):
    payload = begin_input(ctx, _VENUE, 8 + length, _NOW)
    if payload == 0:
        return False
    store_i64(payload, gateway_of(ctx).next_sequence)
    memcpy(payload + 8, message, length)
    carry_out(ctx, payload)
    return True


@kernel
def trade_many(ctx, command, accepted, accepted_length, executed, executed_length, first, n):
    """Enters ``n`` orders, each accepted and filled. Returns how many went into the journal."""
    gateway, control = gateway_of(ctx), control_of(ctx)
    for done in range(n):
        ref = gateway.next_ref
        payload = begin_input(ctx, _COMMAND, 16 + _COMMAND_SIZE, _NOW)
        if payload == 0:
            return done
        store_i64(payload, 0)
        store_i64(payload + 8, _NOW)
        memcpy(payload + 16, command, _COMMAND_SIZE)
        record_at(payload + 16, 0, ORDER_COMMAND).order_id = first + done
        carry_out(ctx, payload)
        control.requests_from = control.requests_to
        payload = begin_input(ctx, _SENT, 8, _NOW)
        if payload == 0:
            return done
        store_i64(payload, ref)
        carry_out(ctx, payload)
        put_u32(accepted, _REF, ref)
        put_u32(executed, _REF, ref)
        if not _answer(ctx, accepted, accepted_length):
            return done
        if not _answer(ctx, executed, executed_length):
            return done
        control.sent = gateway.report_seq
    checkpoint_if_due(ctx)
    return n


class _Gateway:
    """A gateway that is connected to nothing, with a journal in ``folder``."""

    def __init__(self, root: pathlib.Path, name: str, **journal):
        home = root / name
        (home / "shm").mkdir(parents=True, exist_ok=True)
        config = {"venue": "127.0.0.1:9000", "journal": {
            "folder": str(home / "journal"), "segment_mib": 16, **journal}}
        plan = Plan("bench", "", str(home), str(home / "shm"), SYMBOLS,
                    (ActorPlan("gateway", 0, "actors.gateway:Gateway", config, "all", "all"),),
                    (ProcessPlan("all", (ThreadPlan("all", ("gateway",)),)),), ())
        self.host = ActorHost(plan, plan.actors[0], zmq.Context.instance(),
                              map_wires(plan.shm_dir, 0, create=True),
                              map_deployment(plan.shm_dir, create=True))
        self.host.build()
        self.journal = self.host.actor._journal
        began = time.perf_counter_ns()
        self.journal.start()
        self.start_ms = (time.perf_counter_ns() - began) / 1e6
        self._first = 1 + int(self.host.tables["gateway"]["next_ref"][0])
        self._command = np.zeros(1, ORDER_COMMAND)
        for field, value in dict(command=Command.NEW, side=Side.BUY, order_type=OrderType.LIMIT,
                                 time_in_force=TimeInForce.DAY, price_e4=150_0000,
                                 quantity=100, strategy_id=1).items():
            self._command[field] = value
        self._accepted = _bytes("A", user_ref_num=1, side="B", quantity=100, symbol="AAPL",
                                price=150_0000, time_in_force="0", display="Y", capacity="P",
                                intermarket_sweep_eligibility="N", cross_type="N",
                                cl_ord_id="1", order_reference_number=1, order_state="L")
        self._executed = _bytes("E", user_ref_num=1, quantity=100, price=150_0000,
                                liquidity_flag="R", match_number=1)

    def order_ns(self, n: int) -> float:
        """Time for one order, in ns. Between rounds the housekeeper has its turn."""
        began = time.perf_counter_ns()
        done = trade_many(self.host.ctx.ctypes.data, self._command.ctypes.data,
                          self._accepted.ctypes.data, self._accepted.size,
                          self._executed.ctypes.data, self._executed.size, self._first, n)
        took = time.perf_counter_ns() - began
        if done != n:
            raise RuntimeError("the journal was full")
        self._first += n
        self.journal.keep(0)
        return took / n

    def write(self, records: int) -> None:
        for _ in range(records // (RECORDS_PER_ORDER * ORDERS)):
            self.order_ns(ORDERS)

    def close(self) -> None:
        self.journal.end()
        self.journal.journal.close()


def _bytes(kind: str, **fields) -> np.ndarray:
    message = ouch50.encode_out(type=kind, timestamp=1, **fields)
    return np.frombuffer(message, np.uint8).copy()


def run(quick: bool = False) -> list[Row]:
    """Rows: ns an order without a journal and with each durability; ms of a recovery."""
    rounds = 10 if quick else 40
    logger.disable("actors")
    with tempfile.TemporaryDirectory(prefix="pitwire-bench-") as scratch:
        root = pathlib.Path(scratch)
        return [*_orders(root, rounds), *_recoveries(root)]


def _orders(root: pathlib.Path, rounds: int) -> list[Row]:
    gateways = {name: _Gateway(root, name, durability=name)
                for name in ("none", "process", "disk")}
    found = {name: [] for name in gateways}
    for _ in range(rounds + 1):
        for name, gateway in gateways.items():
            found[name].append(gateway.order_ns(ORDERS))
    for gateway in gateways.values():
        gateway.close()
    rows = [Row(f"an order's four records, {name}", "ns", values[1:])
            for name, values in found.items()]
    for name in ("process", "disk"):
        rows.append(Row(f"  what {name} adds to an order", "ns", [
            b - a for a, b in zip(found["none"][1:], found[name][1:], strict=True)]))
    return rows


def _recoveries(root: pathlib.Path) -> list[Row]:
    rows = []
    for what, every in (("the default checkpoints", 100_000), ("no checkpoint", 10**9)):
        name = f"recovery{every}"
        journal = dict(checkpoint_every=every, keep=True)
        gateway = _Gateway(root, name, **journal)
        gateway.write(RECORDS)
        gateway.close()
        again = _Gateway(root, name, **journal)
        row = again.journal.table[0]
        again.close()
        rows.append(Row(f"recovery, {int(row['recovered']):,} records, {what}", "ms",
                        [again.start_ms], 100 if every < RECORDS else None))
        rows.append(Row(f"  load, then replay of {int(row['replayed']):,}", "ms",
                        [row["load_ns"] / 1e6, row["replay_ns"] / 1e6]))
    return rows
