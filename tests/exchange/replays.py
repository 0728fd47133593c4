"""A recording played by the exchange's kernels alone: no process, no sockets, a clock by hand."""

import ctypes

import numpy as np

from actors.book.book_view import first_order, next_order
from actors.exchange.engine_state import USER_REF_BITS, allocate
from actors.exchange.flow_config import SyntheticFlowConfig
from actors.exchange.flow_recorded import play_event, run_history, seed_history
from actors.exchange.flow_state import allocate_flow
from actors.exchange.history_state import HISTORY, History
from actors.exchange.market_data import announce_open
from actors.exchange.matching import cancel, cancel_all, submit
from actors.exchange.order_replies import settle
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import allocate_sessions
from actors.exchange.venue import Counter, build_venue
from schemas.enums import OrderType, Side, TimeInForce
from schemas.recorded import EVENT
from schemas.venue import itch50, ouch50, soupbintcp
from tests.book.recordings import rows_of

__all__ = ["BUY", "CLIENT", "Replay", "SELL", "event", "events_table", "used_slots"]

BUY, SELL = int(Side.BUY), int(Side.SELL)
CLIENT = 1
NOON_NS = 12 * 3600 * 10**9


def event(action, reference=0, side=BUY, price=0, quantity=0, ends=0, new=0, time_ns=0, symbol=0):
    """One EVENT record as following makes it, an array of one."""
    return np.array([(time_ns, reference, new, price, quantity, symbol, int(action), side, ends,
                      (0, 0, 0))], EVENT)


def events_table(*events):
    return np.concatenate([np.empty(0, EVENT), *events])


class Replay:
    """A venue whose flow is the given EVENT records, and a client who trades in it."""

    def __init__(self, events=(), seeds=0, speed=1.0, loop=False, waits=False, symbols=("AAPL",),
                 orders=20_000, begins_ns=0):
        self.events = events_table(*[np.atleast_1d(e) for e in events]) \
            if not isinstance(events, np.ndarray) else events
        state = np.zeros(1, HISTORY)
        state["events"], state["count"] = self.events.ctypes.data, self.events.size
        state["seeds"], state["speed"], state["loop"] = seeds, speed, loop
        state["waits"], state["begins_ns"] = waits, begins_ns
        self.engine = allocate(len(symbols), orders)
        flow = allocate_flow(SyntheticFlowConfig(rate=0), symbols, {}, 100)
        self.venue = build_venue(symbols, 100, 1, self.engine, flow,
                                 allocate_logs([1 << 24, 1 << 20]), allocate_sessions(1),
                                 History(state, self.events))
        self.counters = np.zeros(64, np.int64)
        self.venue.record[0]["counters"] = self.counters.ctypes.data
        self._request = np.zeros(128, np.uint8)
        self._reference = 0
        announce_open(self.venue.address, NOON_NS)

    @property
    def history(self):
        return self.venue.history.state[0]

    def count(self, counter: Counter) -> int:
        return int(self.counters[counter])

    # --- the recording ---------------------------------------------------------------------------

    def play(self, *events) -> None:
        """Plays events right away, whatever their time."""
        for one in events:
            one = np.ascontiguousarray(np.atleast_1d(one))
            for n in range(one.size):
                play_event(self.venue.address, one[n:].ctypes.data, NOON_NS)

    def seed(self) -> None:
        seed_history(self.venue.address, NOON_NS, 1 << 30)

    def run(self, now_ns: int, limit: int = 1 << 30) -> int:
        """What is due; returns when the next is."""
        return run_history(self.venue.address, now_ns, NOON_NS, limit)

    # --- the client ------------------------------------------------------------------------------

    def enter(self, side, price, quantity, time_in_force=TimeInForce.DAY, symbol=0) -> int:
        """Enters the client's order; returns its reference."""
        self._reference += 1
        status = submit(self.engine.address, CLIENT, self._reference, symbol, side,
                        int(OrderType.LIMIT), price, quantity, int(time_in_force), 0, NOON_NS)
        settle(self.venue.address, status, self._request.ctypes.data)
        return self._reference

    def take(self, side, price, quantity, symbol=0) -> None:
        self.enter(side, price, quantity, TimeInForce.IOC, symbol)

    def cancel(self, reference) -> None:
        status = cancel(self.engine.address, CLIENT, reference, 0, NOON_NS)
        settle(self.venue.address, status, self._request.ctypes.data)

    def cancel_everything(self) -> None:
        settle(self.venue.address, cancel_all(self.engine.address, CLIENT, -1, 1, NOON_NS),
               self._request.ctypes.data)

    def fills(self) -> list[tuple[int, int, int]]:
        """(reference, quantity, price) of the client's executions so far."""
        return [(m["user_ref_num"], m["quantity"], m["price"])
                for m in map(ouch50.decode_out, self._log(1)) if m["type"] == "E"]

    # --- what everybody sees ---------------------------------------------------------------------

    def published(self, kinds="AEXDUP") -> list[dict]:
        return [m for m in map(itch50.decode, self._log(0)) if m["type"] in kinds]

    def _log(self, number) -> list[bytes]:
        log = self.venue.logs.logs[number]
        assert log["end"] <= log["capacity"]
        packets, _ = soupbintcp.split(ctypes.string_at(int(log["base"]), int(log["end"])))
        return [payload for _, payload in packets]

    def rows(self, levels=10) -> list[int]:
        return rows_of(self.engine.book, levels)

    def book(self) -> str:
        """``bids | asks``, best first: shares@price of each recorded (r) or client's (c) order."""
        sides = []
        for side in (BUY, SELL):
            orders = self.engine.book.orders[used_slots(self.engine.book, side)]
            sides.append(" ".join(
                f"{o['quantity']}@{o['price_e4']}{'c' if o['key'] >> USER_REF_BITS else 'r'}"
                for o in orders))
        return " | ".join(sides)


def used_slots(book, *sides) -> list[int]:
    """Where the book's orders are, of both sides unless told which, as they would execute."""
    slots = []
    for side in sides or (BUY, SELL):
        slot = first_order(book.address, 0, side)
        while slot >= 0:
            slots.append(slot)
            slot = next_order(book.address, slot)
    return slots
