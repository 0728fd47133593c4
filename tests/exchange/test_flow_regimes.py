"""Regimes of the synthetic flow: trends drift, shocks jump and wear off, and turns are seeded."""

import statistics

import numpy as np
import pytest

from actors.exchange.flow_config import time_of_day_ns
from actors.exchange.venue import Counter
from tests.exchange.test_flow import SYMBOLS, Market, without_times

QUIET = {"volatility": 0.0, "displacement": 0.0}


def values(market):
    return market.venue.flow.symbols["value_e4"].copy()


def spread_and_orders(market, symbol=SYMBOLS[0]):
    book = market.follow()
    bid, ask = book.best(symbol)
    return ask - bid, sum(o.symbol == symbol for o in book.orders.values())


def test_a_trend_moves_the_value_by_its_drift_and_the_book_follows():
    market = Market(SYMBOLS[:1], rate=2_000, regimes=[{"kind": "trend", "seconds": 60,
                                                       "drift": 0.001}], **QUIET)
    (before,) = values(market)
    market.run(5.0, calls=20)
    (after,) = values(market)
    assert after / before == pytest.approx(1.001**5, rel=0.0005)
    bid, ask = market.follow().best(SYMBOLS[0])
    assert (bid + ask) / 2 == pytest.approx(after, rel=0.0003)


def test_trends_follow_each_other_in_order():
    up_and_down = [{"kind": "trend", "seconds": 2, "drift": 0.002},
                   {"kind": "trend", "seconds": 2, "drift": -0.002}]
    market = Market(SYMBOLS[:1], rate=2_000, regimes=up_and_down, **QUIET)
    path = [values(market)[0]]
    for _ in range(8):
        market.run(1.0)
        path.append(values(market)[0])
    signs = np.sign(np.diff(path)).tolist()
    assert signs == [1, 1, -1, -1, 1, 1, -1, -1]
    assert market.counters[Counter.REGIME_CHANGES] == 4


def test_a_mean_reverting_price_strays_and_returns_to_a_value_that_stands_still():
    market = Market(SYMBOLS[:1], rate=2_000, volatility=0.01, regimes=[
        {"kind": "mean_reverting", "seconds": 100, "displacement": 0.002, "reversion_ms": 100}])
    (before,) = values(market)
    strayed = []
    for _ in range(400):
        market.run(0.05)
        strayed.append(market.venue.flow.symbols["displacement"][0])
    assert values(market)[0] == before
    assert statistics.pstdev(strayed) == pytest.approx(0.002, rel=0.25)
    assert abs(statistics.fmean(strayed)) < 0.0006


def test_a_shock_jumps_widens_and_thins_and_wears_off():
    calm, shock = {"kind": "trend", "seconds": 2, "drift": 0}, {
        "kind": "shock", "seconds": 60, "jump": 0.01, "spread_factor": 8, "depth_factor": 0.25,
        "recovery_ms": 500}
    market = Market(SYMBOLS[:1], rate=4_000, cross_fraction=0.02, spread_ticks=4,
                    regimes=[calm, shock], **QUIET)
    market.run(1.9, calls=10)
    (before,), (calm_spread, calm_orders) = values(market), spread_and_orders(market)
    market.run(0.2)
    (after,), (wide, few) = values(market), spread_and_orders(market)
    assert abs(after / before - 1) == pytest.approx(0.01)
    assert wide >= 3 * calm_spread and few <= 0.6 * calm_orders
    market.run(6.0, calls=20)
    spread, orders = spread_and_orders(market)
    assert spread <= 2 * calm_spread and orders >= 0.75 * calm_orders
    assert market.venue.flow.state["stress"][0] == 0
    bid, ask = market.follow().best(SYMBOLS[0])
    assert (bid + ask) / 2 == pytest.approx(after, rel=0.001)


def test_zero_intelligence_needs_no_value():
    """The price emerges: it wanders with the book, which stays two-sided."""
    market = Market(SYMBOLS[:1], rate=1_000, cross_fraction=0.2, volatility=0.05, regimes=[
        {"kind": "zero_intelligence", "seconds": 1_000}])
    mids = []
    for _ in range(30):
        market.run(0.5)
        bid, ask = market.follow().best(SYMBOLS[0])
        assert 0 < bid < ask
        mids.append((bid + ask) / 2)
    assert len(set(mids)) > 5
    assert max(mids) / min(mids) < 1.05  # a value with that volatility would be far away by now


MIXED = [{"kind": "trend", "seconds": 0.2, "drift": 0.01, "weight": 3},
         {"kind": "mean_reverting", "seconds": 0.1}, {"kind": "shock", "seconds": 0.1},
         {"kind": "zero_intelligence", "seconds": 0.1}]


@pytest.mark.parametrize("switching", ["in_order", "markov"])
def test_turns_are_a_function_of_the_seed_however_time_is_cut(switching):
    how = {"rate": 2_000, "regimes": MIXED, "switching": switching}
    one, other, different = (Market(seed=seed, **how) for seed in (5, 5, 6))
    one.run(0.99)
    other.run(0.99, calls=90)
    different.run(0.99)
    assert without_times(one.stream()) == without_times(other.stream())
    assert without_times(one.stream()) != without_times(different.stream())


def test_markov_switching_stays_as_long_and_goes_where_it_should():
    regimes = [{"kind": "trend", "seconds": 0.05, "weight": w, "drift": 0} for w in (1, 1, 3)]
    market = Market(SYMBOLS[:1], rate=5_000, regimes=regimes, switching="markov", **QUIET)
    seen = []
    for _ in range(60_000):
        market.run(0.001)
        changes, now = market.counters[Counter.REGIME_CHANGES], market.venue.flow.state["regime"][0]
        if not seen or changes != seen[-1][0]:
            seen.append((changes, int(now)))
    assert market.counters[Counter.REGIME_CHANGES] == pytest.approx(60 / 0.05, rel=0.12)
    after_0 = [b for (c, a), (d, b) in zip(seen, seen[1:]) if a == 0 and d == c + 1]
    assert 0 not in after_0
    assert after_0.count(2) / len(after_0) == pytest.approx(0.75, abs=0.09)


def test_times_of_day():
    assert time_of_day_ns("09:30") == 34_200 * 10**9
    assert time_of_day_ns("9:30:15.25") == 34_215_250_000_000
    for wrong in ("24:00", "9.30", "09:60", "noon"):
        with pytest.raises(ValueError, match="time of day"):
            time_of_day_ns(wrong)
