"""The synthetic market: a function of its seed, always two-sided, bounded, worth trading in."""

import ctypes
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.exchange.flow_config import SyntheticFlowConfig
from actors.exchange.engine_state import CancelReason, allocate
from actors.exchange.flow import populate, run_flow
from actors.exchange.flow_state import allocate_flow
from actors.exchange.market_data import announce_open
from actors.exchange.matching import cancel_all
from actors.exchange.order_replies import settle
from actors.exchange.random_numbers import below, exponential, gaussian, next_bits, uniform
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import allocate_sessions
from actors.exchange.venue import Counter, build_venue
from schemas.venue import itch50, soupbintcp
from tests.exchange.itch_book import ItchBook
from tests.exchange.venues import SYMBOLS, RunningExchange

TICK = 100
NOON_NS = 12 * 3600 * 10**9
SECOND = 10**9


class Market:
    """An exchange's kernels and nothing else: no process, no sockets, a clock by hand."""

    def __init__(self, symbols=SYMBOLS, prices=None, orders=10_000, **config):
        self.config = SyntheticFlowConfig(**{"rate": 1_000, **config})
        self.venue = build_venue(
            symbols, TICK, 1, allocate(len(symbols), orders),
            allocate_flow(self.config, symbols, prices or {}, TICK), allocate_logs([1 << 24, 0]),
            allocate_sessions(1))
        self.counters = np.zeros(64, np.int64)
        self.venue.record[0]["counters"] = self.counters.ctypes.data
        self.now_ns = SECOND
        announce_open(self.venue.address, NOON_NS)
        for _ in symbols:
            populate(self.venue.address, NOON_NS)
        self._read = 0
        self.book = ItchBook()
        self.run(0)  # the first gap begins

    def run(self, seconds: float, calls: int = 1) -> None:
        """Lets time pass, in ``calls`` steps."""
        for _ in range(calls):
            self.now_ns += round(seconds / calls * SECOND)
            run_flow(self.venue.address, self.now_ns, NOON_NS + self.now_ns, 1 << 30)

    def stream(self) -> bytes:
        """Everything published, as it goes over the wire."""
        log = self.venue.logs.logs[0]
        assert log["end"] <= log["capacity"]
        return ctypes.string_at(int(log["base"]), int(log["end"]))

    def published(self) -> list[dict]:
        packets, _ = soupbintcp.split(self.stream())
        return [itch50.decode(payload) for _, payload in packets]

    def follow(self, each=lambda book: None) -> ItchBook:
        """Applies what was published since the last call; calls ``each`` after every message."""
        messages = self.published()
        for message in messages[self._read:]:
            self.book.apply(message)
            each(self.book)
        self._read = len(messages)
        return self.book


def without_times(stream: bytes) -> list[bytes]:
    return [payload[:5] + payload[11:] for _, payload in soupbintcp.split(stream)[0]]


def test_the_same_seed_gives_the_same_market_however_time_is_cut():
    one, other, different = Market(seed=5), Market(seed=5), Market(seed=6)
    one.run(0.9)
    other.run(0.9, calls=100)
    different.run(0.9)
    assert without_times(one.stream()) == without_times(other.stream())
    assert without_times(one.stream()) != without_times(different.stream())


def test_the_rate_is_kept_and_gaps_are_those_of_a_poisson_process():
    market = Market(rate=4_000)
    market.run(2.0, calls=4_000)
    assert market.counters[Counter.FLOW_EVENTS] == pytest.approx(8_000, rel=0.05)
    per_slice = []
    for _ in range(500):
        before = int(market.counters[Counter.FLOW_EVENTS])
        market.run(0.002)
        per_slice.append(int(market.counters[Counter.FLOW_EVENTS]) - before)
    assert statistics.mean(per_slice) == pytest.approx(8, rel=0.1)
    assert statistics.variance(per_slice) == pytest.approx(8, rel=0.3)  # as its mean


def test_events_that_are_too_late_are_left_out_and_counted():
    market = Market(rate=1_000)
    market.run(0.5)
    done = int(market.counters[Counter.FLOW_EVENTS])
    market.run(100.0)
    assert market.counters[Counter.FLOW_EVENTS] - done < 100
    assert market.counters[Counter.LATE_FLOW] == pytest.approx(100_000, rel=0.02)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), spread=st.integers(1, 6), depth=st.integers(1, 12),
       per_level=st.integers(1, 4), cross=st.floats(0, 0.5), volatility=st.floats(0, 0.003))
def test_the_book_is_a_market_at_all_times(seed, spread, depth, per_level, cross, volatility):
    market = Market(SYMBOLS[:2], seed=seed, spread_ticks=spread, depth_levels=depth,
                    orders_per_level=per_level, cross_fraction=cross, volatility=volatility)
    target = 2 * depth * per_level

    def is_sound(book):
        assert len(book.orders) <= 2 * 2 * target
        for symbol in SYMBOLS[:2]:
            bid, ask = book.best(symbol)
            assert bid < ask or ask == 0

    market.follow(is_sound)
    assert len(market.book.orders) == 2 * target
    market.run(0.5)
    book = market.follow(is_sound)
    assert all(o.price > 0 and o.price % TICK == 0 and o.shares > 0 for o in book.orders.values())
    assert not market.venue.engine.pending().size


def test_the_book_stays_populated_on_both_sides_and_close_to_its_price():
    market = Market(rate=2_000)
    seen = []
    for _ in range(20):
        market.run(0.25)
        book = market.follow()
        for symbol in SYMBOLS:
            of = [o for o in book.orders.values() if o.symbol == symbol]
            bid, ask = book.best(symbol)
            seen.append((sum(o.side == "B" for o in of), sum(o.side == "S" for o in of),
                         (ask - bid) // TICK if bid and ask else None))
    bids, asks, spreads = zip(*seen)
    assert min(bids) > 0 and min(asks) > 0
    assert 30 < statistics.mean(bids) + statistics.mean(asks) < 70
    assert statistics.median(spreads) <= 4


def test_a_market_that_is_swept_comes_back():
    market = Market(SYMBOLS[:1], rate=1_000)
    engine = market.venue.engine.address
    status = cancel_all(engine, 0, -1, int(CancelReason.SUPERVISORY), NOON_NS)
    settle(market.venue.address, status, 0)
    assert market.follow().orders == {}
    market.run(0.5)
    bid, ask = market.follow().best(SYMBOLS[0])
    assert 0 < bid < ask


def test_prices_start_where_the_config_says_or_where_the_seed_draws_them():
    market = Market(prices={"MSFT": 4_321_000}, seed=9)
    middle = {s: sum(market.follow().best(s)) / 2 for s in SYMBOLS}
    assert middle["MSFT"] == pytest.approx(4_321_000, abs=3 * TICK)
    for symbol in SYMBOLS:
        if symbol != "MSFT":
            assert 1_000_000 <= middle[symbol] <= 3_000_000
    assert len(set(middle.values())) == len(SYMBOLS)


def test_the_price_strays_and_returns_often_enough_to_trade_on():
    """The rule of the shipped strategy: a hundred mid prices, two deviations away from their mean.
    It must find signals, and the price must come back more often than not."""
    market = Market(SYMBOLS[:1], rate=500, seed=2)
    mids = []

    def note(book):
        bid, ask = book.best(SYMBOLS[0])
        if bid and ask and (not mids or mids[-1] != (bid + ask) / 2):
            mids.append((bid + ask) / 2)

    market.follow()
    for _ in range(60):
        market.run(0.25)
        market.follow(note)
    signals = returned = 0
    for n in range(100, len(mids) - 50):
        window = mids[n - 100:n]
        mean, deviation = statistics.fmean(window), statistics.pstdev(window)
        if deviation and abs(mids[n] - mean) > 2 * deviation:
            signals += 1
            ahead = statistics.fmean(mids[n + 1:n + 50])
            returned += abs(ahead - mean) < abs(mids[n] - mean)
    assert signals > 20
    assert returned / signals > 0.5


def test_a_flow_of_rate_0_does_nothing():
    market = Market(rate=0)
    before = market.stream()
    market.run(10.0)
    assert market.stream() == before


def test_two_exchanges_of_one_seed_publish_the_same(tmp_path):
    streams = []
    for n in range(2):
        with RunningExchange(tmp_path / str(n), flow={"rate": 5_000, "seed": 11}) as exchange:
            viewer = exchange.viewer(1)
            streams.append([viewer.message() for _ in range(3_000)])
    one, other = ([m[:5] + m[11:] for m in stream] for stream in streams)
    assert one == other


RANDOM = np.dtype([("random", "u8")])


def test_random_numbers_have_the_distributions_they_name():
    state = np.zeros(1, RANDOM)[0]
    units = np.array([uniform(state) for _ in range(20_000)])
    assert units.min() >= 0 and units.max() < 1
    assert units.mean() == pytest.approx(0.5, abs=0.01)
    normals = np.array([gaussian(state) for _ in range(20_000)])
    assert normals.mean() == pytest.approx(0, abs=0.03)
    assert normals.std() == pytest.approx(1, abs=0.02)
    gaps = np.array([exponential(state) for _ in range(20_000)])
    assert gaps.mean() == pytest.approx(1, abs=0.03)
    assert gaps.std() == pytest.approx(1, abs=0.05)
    dice = np.array([below(state, 6) for _ in range(20_000)])
    assert set(dice) == set(range(6))
    assert np.bincount(dice).min() > 3_000


def test_splitmix64_is_the_published_generator():
    """First outputs for seed 1234567, from the generator's reference implementation."""
    state = np.zeros(1, RANDOM)[0]
    state["random"] = 1_234_567
    assert [int(next_bits(state)) for _ in range(3)] == [
        6457827717110365317, 3203168211198807973, 9817491932198370423]
