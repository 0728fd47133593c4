"""What journaling costs: a record, an order through the exchange, a group of records on the disk.

Orders go the way a client's do once its bytes are in: written down, checked, matched, answered,
published; sending is not included. Each is an Enter Order and, 64 orders later, its Cancel, so that
the book stays small. With and without a journal, in turn.
"""

from __future__ import annotations

import pathlib
import tempfile
import time

import numpy as np

from actors.exchange.config import ExchangeConfig
from actors.exchange.durability import Durability
from actors.exchange.engine_state import allocate
from actors.exchange.flow_config import SyntheticFlowConfig
from actors.exchange.flow_state import allocate_flow
from actors.exchange.inputs import InputType, carry_out
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import allocate_sessions
from actors.exchange.venue import build_venue
from actors.runtime.journal import Journal, JournalOptions, claim_record, commit_record
from actors.runtime.journal.state_copy import WANTED, give_snapshot
from actors.runtime.native import kernel, store_i64
from bench.order_rate import OrderRate
from bench.table import Row
from schemas.venue import ouch50
from schemas.venue.big_endian import put_u32

__all__ = ["NAME", "run"]

NAME = "journal"
SYMBOLS = ("AAPL", "MSFT", "GOOG", "AMZN")
NOON_NS = 12 * 3600 * 10**9
PAYLOAD, RECORDS, ORDERS, OPEN_ORDERS, SENT = 64, 50_000, 20_000, 64, 50_000

_REQUEST, _ACCOUNT = np.int64(InputType.REQUEST), np.int64(0)
_ENTER_REF, _CANCEL_REF = ouch50.ENTER_ORDER_USER_REF_NUM, ouch50.CANCEL_ORDER_USER_REF_NUM


@kernel
def append_many(journal, n, length):
    """Appends ``n`` records built in place; returns how many there was room for."""
    for done in range(n):
        payload = claim_record(journal, np.int64(1), length, np.int64(done))
        if payload == 0:
            return done
        for at in range(0, length, 8):
            store_i64(payload + at, done)
        commit_record(journal)
    return n


@kernel
def trade_many(venue, enter, enter_length, cancel, cancel_length, first_ref, n):
    """``n`` orders entered, and as many cancelled; returns how many the journal took."""
    for done in range(n):
        put_u32(enter, _ENTER_REF, first_ref + done)
        if not carry_out(venue, _REQUEST, _ACCOUNT, enter, enter_length, np.int64(NOON_NS)):
            return done
        put_u32(cancel, _CANCEL_REF, max(first_ref + done - OPEN_ORDERS, np.int64(1)))
        if not carry_out(venue, _REQUEST, _ACCOUNT, cancel, cancel_length, np.int64(NOON_NS)):
            return done
    return n


class _Silent:
    def _nothing(self, *_):
        pass

    debug = info = warning = error = _nothing


class _Exchange:
    """A venue of the default capacity with a journal of the given durability."""

    def __init__(self, folder: pathlib.Path, durability: str):
        self.config = ExchangeConfig(flow=SyntheticFlowConfig(rate=0), journal={
            "durability": durability, "segment_mib": 64})
        tick = self.config.ticks_e4(SYMBOLS)
        capacity = self.config.capacity
        self.venue = build_venue(
            SYMBOLS, tick, 1, allocate(len(SYMBOLS), capacity.orders,
                                       levels_per_side=capacity.levels_per_side),
            allocate_flow(self.config.flow, SYMBOLS, {}, tick), allocate_logs([1 << 24, 1 << 24]),
            allocate_sessions(1))
        self.counters = np.zeros(64, np.int64)
        self.venue.record[0]["counters"] = self.counters.ctypes.data
        self.durability = Durability(self.venue, self.config, SYMBOLS)
        self.durability.begin(folder, True, 2, "BENCHMARK1", self.counters, _Silent())
        carry_out(self.venue.address, int(InputType.OPEN), 0, 0, 0, NOON_NS)
        self._ref = 1
        self._enter = np.frombuffer(ouch50.encode_in(
            "O", user_ref_num=1, side="B", quantity=100, symbol="AAPL", price=1_000_000,
            time_in_force="0", display="Y", capacity="P", intermarket_sweep_eligibility="N",
            cross_type="N", cl_ord_id="BENCH", appendage=[]), np.uint8).copy()
        self._cancel = np.frombuffer(ouch50.encode_in("X", user_ref_num=1, quantity=0),
                                     np.uint8).copy()

    def request_ns(self, n: int) -> float:
        """Time for one request, in ns."""
        self.durability.journal.maintain(0)
        enter, cancel = self._enter, self._cancel
        began = time.perf_counter_ns()
        done = trade_many(self.venue.address, enter.ctypes.data, enter.size, cancel.ctypes.data,
                          cancel.size, self._ref, n)
        took = time.perf_counter_ns() - began
        if done != n:
            raise RuntimeError("the journal was full")
        self._ref += n
        return took / (2 * n)

    def copy_ms(self) -> float:
        """How long the market stands still for a checkpoint of it."""
        snapshot, record = self.durability._snapshot, self.venue.record[0]
        snapshot.stage = WANTED
        give_snapshot(snapshot.address, int(record["journal"]), int(record["scratch_at"]))
        took = float(snapshot.record["took_ns"][0]) / 1e6
        self.durability.keep(0)
        return took


def run(quick: bool = False) -> list[Row]:
    """Rows: ns a record and a request with and without a journal; the disk; a recovery."""
    rounds = 5 if quick else 20
    with tempfile.TemporaryDirectory(prefix="pitwire-bench-") as scratch:
        folder = pathlib.Path(scratch)
        return [*_records(folder, rounds), *_orders(folder, rounds), *_disk(folder, rounds),
                *_rates(rounds)]


def _records(folder: pathlib.Path, rounds: int) -> list[Row]:
    none = Journal(None, JournalOptions("bench", durability="none"))
    mapped = Journal(folder / "records", JournalOptions("bench", 64 << 20))
    costs = {"no journal": (none, []), "process": (mapped, [])}
    for _ in range(rounds + 1):
        for journal, found in costs.values():
            journal.maintain(0)
            began = time.perf_counter_ns()
            if append_many(journal.address, RECORDS, PAYLOAD) != RECORDS:
                raise RuntimeError("the journal was full")
            found.append((time.perf_counter_ns() - began) / RECORDS)
            if journal.folder:
                journal.write_checkpoint(journal.position, {"nothing": np.zeros(1)})
    return [Row(f"a record of {PAYLOAD} bytes, {name}", "ns", found[1:])
            for name, (_, found) in costs.items()]


def _orders(folder: pathlib.Path, rounds: int) -> list[Row]:
    venues = {name: _Exchange(folder / name, name) for name in ("none", "process")}
    found = {name: [] for name in venues}
    copies = []
    for _ in range(rounds + 1):
        for name, venue in venues.items():
            found[name].append(venue.request_ns(ORDERS))
        copies.append(venues["process"].copy_ms())
    plain, kept = found["none"][1:], found["process"][1:]
    venues["process"].request_ns(ORDERS)
    began = time.perf_counter_ns()
    again = _Exchange(folder / "process", "process")
    took_ms = (time.perf_counter_ns() - began) / 1e6
    row = again.durability.table[0]
    replay_ns = float(row["replay_ns"]) / max(int(row["replayed"]), 1)
    return [Row("a request, no journal", "ns", plain), Row("a request, process", "ns", kept),
            Row("process / no journal", "", [b / a for a, b in zip(plain, kept, strict=True)]),
            Row("the market stands still for a checkpoint", "ms", copies),
            Row(f"recovery with {int(row['replayed']):,} records to replay", "ms", [took_ms], 1000),
            Row("  of which a record", "ns", [replay_ns])]


def _rates(rounds: int) -> list[Row]:
    """Orders a second over a connection, in turn, and how much longer each takes when journaled."""
    exchanges = {name: OrderRate(durability=name) for name in ("none", "process", "disk")}
    found = {name: [] for name in exchanges}
    try:
        for _ in range(rounds + 1):
            for name, exchange in exchanges.items():
                found[name].append(exchange.measure(SENT))
    finally:
        for exchange in exchanges.values():
            exchange.close()
    rows = [Row(f"orders over a connection, {name}", "1/s", rates[1:])
            for name, rates in found.items()]
    for name in ("process", "disk"):
        cost = [100 * (1 - b / a) for a, b in zip(found["none"][1:], found[name][1:], strict=True)]
        rows.append(Row(f"  throughput that {name} costs", "%", cost,
                        20 if name == "process" else None))
    return rows


def _disk(folder: pathlib.Path, rounds: int) -> list[Row]:
    rows = []
    for group in (1, 100, 10_000):
        journal = Journal(folder / f"disk{group}", JournalOptions("bench", 64 << 20, "disk"))
        journal.stop_syncing()
        waits = []
        for _ in range(rounds):
            append_many(journal.address, group, PAYLOAD)
            began = time.perf_counter_ns()
            if not journal.sync():
                raise RuntimeError("there was nothing to sync")
            waits.append((time.perf_counter_ns() - began) / 1e6)
        rows.append(Row(f"{group:,} records to the disk together", "ms", waits))
    return rows
