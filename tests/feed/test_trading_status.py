"""Whether a symbol trades: what the venue says, and what subscribers are told."""

import numpy as np
import pytest

from schemas.enums import Restriction, Side, SymbolStatus, UpdateType
from tests.feed.market import Market
from tests.feed.test_itch_book import Feed

TRADING, HALTED = SymbolStatus.TRADING, SymbolStatus.HALTED
PAUSED, QUOTATION_ONLY = SymbolStatus.PAUSED, SymbolStatus.QUOTATION_ONLY
SHORT_SALE, OPERATIONAL_HALT = Restriction.SHORT_SALE, Restriction.OPERATIONAL_HALT


@pytest.fixture
def market():
    return Market()


@pytest.fixture
def feed(market):
    feed = Feed()
    for message in market.opening():
        feed.apply(message)
    return feed


def told(updates) -> list[tuple]:
    """Symbol, status and restrictions of updates, all of which are about that."""
    assert all(u["update_type"] == UpdateType.STATUS for u in updates)
    return [(int(u["symbol_id"]), int(u["trading_status"]), int(u["restrictions"]))
            for u in updates]


def state(feed) -> list[tuple]:
    symbols = feed.tables["symbols"]
    return list(zip(symbols["trading_status"].tolist(), symbols["restrictions"].tolist()))


def test_nobody_has_said_whether_a_symbol_trades_before_the_venue_does(market):
    feed = Feed()
    assert state(feed) == [(SymbolStatus.NONE, 0)] * 2
    feed.apply(market.listing("AAPL"))
    assert told(feed.apply(market.trading_state("AAPL", "T"))) == [(0, TRADING, 0)]


def test_a_halt_a_quotation_period_and_a_resumption(feed, market):
    for letter, status in (("H", HALTED), ("Q", QUOTATION_ONLY), ("T", TRADING), ("P", PAUSED)):
        assert told(feed.apply(market.trading_state("AAPL", letter, "T1"))) == [(0, status, 0)]
    assert state(feed) == [(PAUSED, 0), (TRADING, 0)]


def test_what_is_no_news_is_not_told(feed, market):
    assert told(feed.apply(market.trading_state("AAPL", "T"))) == []
    assert told(feed.apply(market.trading_state("OTHER", "H"))) == []
    assert told(feed.apply(market.reg_sho("AAPL", "0"))) == []


def test_a_letter_nobody_knows_is_no_leave_to_trade(feed, market):
    message = bytearray(market.trading_state("AAPL", "T"))
    message[19] = ord("x")
    assert told(feed.apply(bytes(message))) == [(0, HALTED, 0)]


def test_a_halt_of_this_venue_alone_ends_with_itself_not_with_the_markets(feed, market):
    assert told(feed.apply(market.operational_halt("MSFT", "H"))) == [
        (1, HALTED, OPERATIONAL_HALT)]
    assert told(feed.apply(market.trading_state("MSFT", "T"))) == []
    assert told(feed.apply(market.operational_halt("MSFT", "T"))) == [(1, TRADING, 0)]


def test_a_short_sale_restriction_halts_nothing(feed, market):
    assert told(feed.apply(market.reg_sho("AAPL", "1"))) == [(0, TRADING, SHORT_SALE)]
    assert told(feed.apply(market.reg_sho("AAPL", "2"))) == []
    assert told(feed.apply(market.reg_sho("AAPL", "0"))) == [(0, TRADING, 0)]


def test_a_circuit_breaker_restricts_every_symbol_by_all_levels_so_far(feed, market):
    assert len(feed.apply(market.breaker("2"))) == 0
    bits = int(Restriction.BREAKER_1 | Restriction.BREAKER_2)
    assert state(feed) == [(TRADING, bits)] * 2
    assert len(feed.apply(market.breaker("?"))) == 0
    assert state(feed) == [(TRADING, bits)] * 2
    assert told(feed.apply(market.trading_state("AAPL", "H", "MWC2"))) == [(0, HALTED, bits)]


def test_every_update_says_whether_its_symbol_trades(feed, market):
    feed.apply(market.trading_state("AAPL", "H"))
    feed.apply(market.reg_sho("AAPL", "1"))
    for message in (market.add("AAPL", Side.BUY, 100, 150_0000), market.execute(1, 10),
                    market.delete(1)):
        updates = feed.apply(message)
        assert (updates["trading_status"] == HALTED).all()
        assert (updates["restrictions"] == SHORT_SALE).all()


def test_a_status_update_carries_the_best_prices_as_any_does(feed, market):
    feed.apply(market.add("AAPL", Side.BUY, 100, 150_0000))
    update, = feed.apply(market.trading_state("AAPL", "H"))
    assert (update["bid_e4"], update["bid_qty"], update["ask_e4"]) == (150_0000, 100, 0)
    assert (update["side"], update["price_e4"], update["quantity"]) == (0, 0, 0)
    assert update["exchange_ns"] > 0 and np.isscalar(update["exchange_ns"])
