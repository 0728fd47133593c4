"""An exchange's kernels and its journal in this process: abandoned at will, recovered at will."""

import ctypes
import pathlib

import numpy as np

from actors.exchange.accounts import apply_accounts
from actors.exchange.config import AccountConfig, ExchangeConfig
from actors.exchange.durability import Durability
from actors.exchange.engine_state import allocate
from actors.exchange.flow_config import HistoricalFlowConfig, SyntheticFlowConfig
from actors.exchange.flow_state import allocate_flow
from actors.exchange.inputs import InputType, carry_out
from actors.exchange.ouch42_state import allocate_ouch42
from actors.exchange.recordings import allocate_history, load_recording
from actors.exchange.rules import apply_rules
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import SessionKind, allocate_sessions
from actors.exchange.state_blocks import state_hash
from actors.exchange.venue import build_venue
from actors.runtime.journal.state_copy import GIVEN, WANTED, give_snapshot
from schemas.venue import ouch42, ouch50

__all__ = ["DurableVenue", "NOON_NS", "SYMBOLS"]

SYMBOLS = ("AAPL", "MSFT", "GOOG")
NOON_NS = 12 * 3600 * 10**9


class _Log:
    def __init__(self):
        self.texts = []

    def _note(self, text, *values):
        self.texts.append(text.format(*values))

    debug = info = warning = error = _note


class DurableVenue:
    """Three accounts on two protocols (3 to 5 speak OUCH 4.2), some flow, a journal in
    ``folder``; a second one there recovers the first, which is abandoned as if killed."""

    def __init__(self, folder: pathlib.Path, epoch: int = 2, flow=None,
                 on_restart: str = "recover", **journal):
        accounts = tuple(AccountConfig(username=f"DESK{n}", self_match=mode,
                                       max_orders_per_second=limit)
                         for n, (mode, limit) in enumerate((("none", None), ("oldest", None),
                                                            ("both", 20))))
        flow = flow or SyntheticFlowConfig(rate=10_000, depth_levels=4)
        self.config = ExchangeConfig(
            accounts=accounts, order_entry_ouch42="127.0.0.1:0", flow=flow,
            collar=0.2, on_restart=on_restart,
            journal={"segment_mib": 1, "checkpoint_every": 1_000_000, **journal},
            capacity={"orders": 2_000, "levels_per_side": 64, "market_data_log_mib": 1,
                      "order_entry_log_mib": 1})
        tick = self.config.ticks_e4(SYMBOLS)
        history = None
        synthetic = flow
        if isinstance(flow, HistoricalFlowConfig):
            synthetic = SyntheticFlowConfig(rate=0)
            history = allocate_history(flow, load_recording(flow, SYMBOLS, self.config.capacity))
        self.venue = build_venue(
            SYMBOLS, tick, 6, allocate(3, 2_000, levels_per_side=64),
            allocate_flow(synthetic, SYMBOLS, {}, tick), allocate_logs([1 << 20] * 7),
            allocate_sessions(2), history)._replace(ouch42=allocate_ouch42(3, 2_000))
        self.venue.record[0]["ouch42"] = self.venue.ouch42.state.ctypes.data
        self._allowed = apply_accounts(self.venue, accounts, SYMBOLS)
        apply_rules(self.venue.engine, self.config, SYMBOLS)
        self.counters, self.log = np.zeros(64, np.int64), _Log()
        self.venue.record[0]["counters"] = self.counters.ctypes.data
        self.durability = Durability(self.venue, self.config, SYMBOLS)
        self.durability.begin(folder, True, epoch, "SESSION001", self.counters, self.log)
        self.now_ns, self.next_ref = int(self.venue.record[0]["flow_ns"]) or 10**9, [1] * 6

    def carry_out(self, kind: InputType, number: int = 0, message: bytes = b"") -> bool:
        raw = np.frombuffer(message + b"\0", np.uint8).copy()
        self.durability.keep(0)
        return carry_out(self.venue.address, int(kind), number, raw.ctypes.data, len(message),
                         NOON_NS + self.now_ns % NOON_NS)

    def open(self) -> None:
        self.carry_out(InputType.OPEN)
        for _ in SYMBOLS:
            self.flow(0)

    def flow(self, ns: int) -> None:
        self.now_ns += ns
        self.carry_out(InputType.FLOW, self.now_ns)

    def ask(self, account: int, kind: str, **fields) -> None:
        self.carry_out(InputType.REQUEST, account, ouch50.encode_in(kind, **fields))

    def enter(self, account: int, **fields) -> int:
        reference = self.next_ref[account]
        self.next_ref[account] += 1
        values = dict(user_ref_num=reference, side="B", quantity=100, symbol="AAPL",
                      price=1_000_000, time_in_force="0", display="Y", capacity="P",
                      intermarket_sweep_eligibility="N", cross_type="N", cl_ord_id="A",
                      appendage=[])
        self.ask(account, "O", **{**values, **fields})
        return reference

    def enter42(self, account: int, **fields) -> None:
        values = dict(order_token=f"T{self.next_ref[account]}", buy_sell_indicator="B",
                      shares=100, stock="MSFT",
                      price=1_000_000, time_in_force=99_998, firm="FIRM", display="Y",
                      capacity="P", intermarket_sweep_eligibility="N", minimum_quantity=0,
                      cross_type="N", customer_type=" ")
        self.next_ref[account] += 1
        self.carry_out(InputType.REQUEST, account | SessionKind.OUCH42 << 32,
                       ouch42.encode_in("O", **{**values, **fields}))

    def checkpoint(self) -> None:
        snapshot, record = self.durability._snapshot, self.venue.record[0]
        snapshot.stage = WANTED
        give_snapshot(snapshot.address, int(record["journal"]), int(record["scratch_at"]))
        assert snapshot.stage == GIVEN
        self.durability.keep(0)

    def hash(self) -> int:
        return state_hash(self.venue)

    def output(self) -> list[bytes]:
        """What each log still has, as it goes over the wire."""
        streams = []
        for log in self.venue.logs.logs:
            base, end, capacity = int(log["base"]), int(log["end"]), int(log["capacity"])
            ring = ctypes.string_at(base, capacity)
            begin = max(end - capacity, 0)
            at = begin % capacity
            streams.append((ring[at:] + ring[:at])[:end - begin])
        return streams
