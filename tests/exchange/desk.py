"""An exchange's kernels and nothing else: no process, no sockets, the time of day by hand."""

import ctypes

import numpy as np

from actors.exchange.config import AccountConfig, ExchangeConfig
from actors.exchange.engine_state import allocate
from actors.exchange.flow_config import SyntheticFlowConfig
from actors.exchange.flow_state import allocate_flow
from actors.exchange.market_data import announce_open
from actors.exchange.order_entry import handle_request
from actors.exchange.rules import apply_rules
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import allocate_sessions
from actors.exchange.venue import Phase, build_venue
from schemas.venue import itch50, ouch50, soupbintcp

__all__ = ["Desk", "MAKER", "NOON_NS", "SYMBOLS", "TAKER"]

SYMBOLS = ("AAPL", "MSFT")
NOON_NS = 12 * 3600 * 10**9
MAKER, TAKER = 0, 1


class Desk:
    """Two accounts at an exchange in this process; what they ask for, and what is said to them."""

    def __init__(self, **config):
        accounts = (AccountConfig(username="MAKER"),
                    AccountConfig(username="TAKER", self_match="both"))
        self.config = ExchangeConfig(accounts=accounts, flow=SyntheticFlowConfig(rate=0),
                                     **config)
        flow = allocate_flow(self.config.flow, SYMBOLS, self.config.prices_e4, 100)
        self.venue = build_venue(SYMBOLS, 100, 2, allocate(2, 1_000), flow,
                                 allocate_logs([1 << 22] * 3), allocate_sessions(2))
        apply_rules(self.venue.engine, self.config, SYMBOLS)
        self.counters = np.zeros(64, np.int64)
        self.venue.record[0]["counters"] = self.counters.ctypes.data
        self.venue.record[0]["phase"] = Phase.OPEN
        self.venue.sessions.sessions["account"] = [0, 1]
        self.read = [0, 0, 0]  # bytes of each log
        announce_open(self.venue.address, NOON_NS)
        self.opening = self.public()

    def ask(self, account: int, kind: str, **fields) -> list[bytes]:
        """What the account hears in answer to a request."""
        request = ouch50.encode_in(kind, **fields)
        raw = np.frombuffer(request, np.uint8).copy()
        handle_request(self.venue.address, account, raw.ctypes.data, raw.size, NOON_NS)
        return self.heard(account)

    def enter(self, account, user_ref, side, quantity, price, **fields) -> list[bytes]:
        values = dict(user_ref_num=user_ref, side=side, quantity=quantity, symbol="AAPL",
                      price=price, time_in_force="0", display="Y", capacity="P",
                      intermarket_sweep_eligibility="N", cross_type="N", cl_ord_id="CLIENT ORDER 1",
                      appendage=[])
        return self.ask(account, "O", **{**values, **fields})

    def heard(self, account: int) -> list[bytes]:
        return self._new(account + 1)

    def public(self) -> list[dict]:
        """What the public heard since the last call, decoded."""
        return [itch50.decode(message) for message in self._new(0)]

    def _new(self, number: int) -> list[bytes]:
        log, begin = self.venue.logs.logs[number], self.read[number]
        self.read[number] = int(log["end"])
        assert log["end"] <= log["capacity"]
        raw = ctypes.string_at(int(log["base"]) + begin, int(log["end"]) - begin)
        return [payload for _, payload in soupbintcp.split(raw)[0]]
