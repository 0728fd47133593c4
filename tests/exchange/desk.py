"""An exchange's kernels and nothing else: no process, no sockets, the time of day by hand."""

import ctypes

import numpy as np

from actors.exchange.config import AccountConfig, ExchangeConfig
from actors.exchange.engine_state import allocate
from actors.exchange.flow_config import SyntheticFlowConfig
from actors.exchange.flow_state import allocate_flow
from actors.exchange.market_data import announce_open
from actors.exchange.order_ports import take_request
from actors.exchange.ouch42_state import allocate_ouch42
from actors.exchange.rules import apply_rules
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import SessionState, allocate_sessions
from actors.exchange.venue import Counter, Phase, build_venue
from schemas.venue import itch50, ouch42, ouch50, soupbintcp

__all__ = ["Desk", "MAKER", "MAKER_42", "NOON_NS", "SYMBOLS", "TAKER", "TAKER_42"]

SYMBOLS = ("AAPL", "MSFT")
NOON_NS = 12 * 3600 * 10**9
MAKER, TAKER, MAKER_42, TAKER_42 = range(4)


class Desk:
    """Two accounts at an exchange in this process; what they ask for, and what is said to them.

    With ``tokens``, so many each, there are two more, MAKER_42 and TAKER_42, who speak OUCH 4.2.
    """

    def __init__(self, tokens: int = 0, **config):
        accounts = (AccountConfig(username="MAKER"),
                    AccountConfig(username="TAKER", self_match="both"))
        self.config = ExchangeConfig(accounts=accounts, flow=SyntheticFlowConfig(rate=0),
                                     **config)
        flow = allocate_flow(self.config.flow, SYMBOLS, self.config.prices_e4,
                             self.config.ticks_e4(SYMBOLS))
        n = 4 if tokens else 2
        self.venue = build_venue(SYMBOLS, self.config.ticks_e4(SYMBOLS), n, allocate(2, 1_000), flow,
                                 allocate_logs([1 << 22] * (1 + n)), allocate_sessions(n))
        if tokens:
            self._ouch42 = allocate_ouch42(2, tokens, seed=1)
            self.venue.record[0]["ouch42"] = self._ouch42.state.ctypes.data
            self.config = self.config.model_copy(update={"order_entry_ouch42": "127.0.0.1:0"})
        apply_rules(self.venue.engine, self.config, SYMBOLS)
        self.counters = np.zeros(64, np.int64)
        self.venue.record[0]["counters"] = self.counters.ctypes.data
        self.venue.record[0]["phase"] = Phase.OPEN
        self.venue.sessions.sessions["account"] = range(n)
        self.venue.sessions.sessions["state"] = SessionState.ACTIVE
        self.read = [0] * (1 + n)  # bytes of each log
        announce_open(self.venue.address, NOON_NS)
        self.opening = self.public()

    def ask(self, account: int, kind: str, **fields) -> list[bytes]:
        """What the account hears in answer to a request."""
        protocol = ouch50 if account < 2 else ouch42
        return self.send(account, protocol.encode_in(kind, **fields))

    def send(self, account: int, request: bytes) -> list[bytes]:
        """What the account hears in answer to these bytes."""
        raw = np.frombuffer(request, np.uint8).copy()
        take_request(self.venue.address, account, raw.ctypes.data, raw.size, NOON_NS)
        return self.heard(account)

    def counter(self, counter: Counter) -> int:
        return int(self.counters[counter])

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
