"""Risk, strategies and gateway killed in turn while they trade: nothing lost, doubled, forgotten."""

import pathlib
import tempfile

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from actors.risk import RiskManager
from schemas.enums import Side
from tests.risk.neighbours import Obedient
from tests.risk.trading import STRATEGIES, Trading


@pytest.fixture(scope="module", autouse=True)
def compiled():
    for handler in (*RiskManager.handlers(), *Obedient.handlers()):
        handler.compile()


@pytest.fixture
def trading(tmp_path):
    trading = Trading(tmp_path)
    yield trading
    trading.close()


def check(trading):
    """All agree with what the gateway has; a gateway that forgets nothing is right."""
    trading.settle()
    risk = trading.desk.hosts["risk"].tables
    assert trading.positions("risk") == trading.traded()
    working = {}
    for number, name in enumerate(STRATEGIES):
        assert trading.positions(name) == trading.traded(number + 2), name
        working |= trading.open_orders(name)
    assert trading.open_orders("gateway") == trading.open_orders("risk") == working
    for side, column in ((Side.BUY, "open_buy"), (Side.SELL, "open_sell")):
        for symbol_id in range(4):
            assert risk["positions"][column][symbol_id] == sum(
                o.leaves for o in trading.live() if (o.side, o.symbol_id) == (side, symbol_id))


def all_turn(trading):
    for name in (*STRATEGIES, "risk", "gateway", "risk", *STRATEGIES):
        trading.turn(name)


def test_an_order_in_flight_to_a_risk_manager_that_dies_is_asked_about_and_over(trading):
    trading.signal("first", 0, Side.BUY, 100)
    trading.kill("risk")
    assert trading.open_orders("first"), "nothing is given up by guess"
    all_turn(trading)
    check(trading)
    assert not trading.orders and not trading.open_orders("first")


def test_an_order_in_flight_to_a_gateway_that_dies_is_asked_about_by_risk(trading):
    trading.signal("first", 0, Side.BUY, 100)
    trading.turn("risk")
    trading.kill("gateway")
    assert trading.open_orders("risk")
    check(trading)
    assert not trading.orders and not trading.open_orders("first")


def test_reports_that_die_with_risk_come_again_to_it_and_through_it(trading):
    trading.signal("second", 1, Side.SELL, 100)
    all_turn(trading)
    trading.fill(0, 30)
    trading.turn("risk")  # has it, and passes it on
    trading.fill(0, 70)   # is on its way
    trading.kill("risk", "second")
    check(trading)
    assert trading.positions("second") == [0, -100, 0, 0]


def test_a_strategy_that_was_not_there_gets_what_it_missed_and_the_other_takes_it_once(trading):
    for name in STRATEGIES:
        trading.signal(name, 0, Side.BUY, 10)
    all_turn(trading)
    trading.fill(0, 5)
    trading.fill(1, 5)
    trading.turn("risk")
    trading.turn("second")
    trading.kill("first")
    check(trading)
    fills = [int(trading.desk.hosts[name].vitals.counters[4]) for name in STRATEGIES]
    assert fills == [1, 1]


def test_everything_in_one_process_dies_at_once(trading):
    trading.signal("first", 0, Side.BUY, 10)
    all_turn(trading)
    trading.signal("first", 1, Side.BUY, 10)
    trading.turn("risk")
    trading.fill(0, 4)
    trading.kill("first", "second", "risk", "gateway")
    check(trading)
    assert trading.positions("first") == [4, 0, 0, 0]


SIDES = st.sampled_from([Side.BUY, Side.SELL])
EVENTS = st.one_of(
    st.tuples(st.just("signal"), st.sampled_from(STRATEGIES), st.integers(0, 3), SIDES,
              st.integers(1, 50)),
    st.tuples(st.just("fill"), st.integers(0, 9), st.integers(1, 50)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("turn"), st.sampled_from((*STRATEGIES, "risk", "risk", "gateway",
                                                "gateway"))))
KILLS = st.tuples(st.just("kill"), st.sampled_from([
    ("risk",), ("first",), ("second",), ("gateway",), ("risk", "first"), ("risk", "gateway"),
    ("first", "second", "risk", "gateway")]))
LOOSE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow],
         "phases": (Phase.explicit, Phase.reuse, Phase.generate)}  # shrinking takes minutes


def play(trading, event):
    kind, *arguments = event
    if kind == "kill":
        trading.kill(*arguments[0])
    else:
        getattr(trading, kind)(*arguments)


@settings(max_examples=25, **LOOSE)
@given(st.lists(st.one_of(EVENTS, EVENTS, EVENTS, KILLS), max_size=60))
def test_whoever_dies_whenever_all_agree_in_the_end(events):
    with tempfile.TemporaryDirectory() as folder:
        trading = Trading(pathlib.Path(folder))
        try:
            for event in events:
                play(trading, event)
            check(trading)
        finally:
            trading.close()
