"""Orders that are more than a price and a quantity, told step by step; see also the plain stories.

Every step is also made on the reference engine, and must come out the same.
"""

import numpy as np
import pytest

from actors.book.book_view import best_ask, best_bid
from actors.book.integrity import check_integrity
from actors.exchange import matching
from actors.exchange.engine_state import (BOOK_AT, BookChange, EventKind, RefuseReason, SelfMatch,
                                          Status, SymbolState, allocate)
from tests.exchange.matching_support import (BUY, DAY, GTC, HIDDEN, IOC, LIMIT, MARKET, POST_ONLY,
                                             SELL, Pair)

# --- hidden orders ----------------------------------------------------------------------------


def test_a_hidden_order_is_in_nobodys_sight():
    market = Pair()
    _, events = market.call("enter", 1, 1, 0, BUY, LIMIT, 50, 100, DAY, HIDDEN, 0, 0, 0)
    assert [e.book_change for e in events] == [BookChange.NONE, BookChange.NONE]
    assert best_bid(market.address + BOOK_AT, 0) == (0, 0)
    assert market.book() == ("", "") and market.book(hidden=True) == ("50x100", "")


def test_at_a_price_displayed_orders_go_first_however_late_they_came():
    market = Pair()
    market.enter("1.1", SELL, 10, 50, attributes=HIDDEN)
    market.enter("1.2", SELL, 10, 50)
    market.enter("1.3", SELL, 10, 50, attributes=HIDDEN)
    market.enter("1.4", SELL, 10, 49, attributes=HIDDEN)
    assert market.enter("2.1", BUY, 35, 50)[1:] == [
        "1.4 executed 10@49 by 2.1",
        "1.2 executed 10@50 by 2.1",
        "1.1 executed 10@50 by 2.1",
        "1.3 executed 5@50 by 2.1",
    ]


def test_an_execution_of_a_hidden_order_is_a_trade_and_no_change_of_the_book():
    market = Pair()
    market.enter("1.1", SELL, 10, 50, attributes=HIDDEN)
    _, (_, executed) = market.call("submit", 2, 1, 0, BUY, LIMIT, 51, 4, DAY, 0)
    assert (executed.book_change, executed.price_e4, executed.shown) == (BookChange.TRADE, 50, 0)
    _, (canceled,) = market.call("cancel", 1, 1, 0)
    assert (canceled.book_change, canceled.quantity) == (BookChange.NONE, 6)


def test_hidden_orders_have_bounds_of_their_own_on_prices_and_share_that_on_orders():
    market = Pair(per_side=1, orders=3)
    market.enter("1.1", BUY, 10, 50, attributes=HIDDEN)
    assert market.enter("1.2", BUY, 10, 49, attributes=HIDDEN) == ["1.2 rejected LEVELS_FULL"]
    assert market.enter("1.3", BUY, 10, 49)[1] == "1.3 rested 10@49"
    assert market.enter("1.4", BUY, 10, 50, attributes=HIDDEN)[1] == "1.4 rested 10@50"
    assert market.enter("1.5", BUY, 10, 49) == ["1.5 rejected ORDERS_FULL"]


def test_a_displayed_order_leaves_no_room_behind_for_a_hidden_one():
    market = Pair(per_side=1, orders=8)
    market.enter("1.1", BUY, 10, 50, attributes=HIDDEN)
    market.enter("1.2", BUY, 10, 49)
    assert market.replace("1.2", 3, 10, 48, attributes=HIDDEN) == ["1.3 rejected LEVELS_FULL"]
    assert market.replace("1.1", 3, 10, 48, attributes=HIDDEN)[1] == "1.3 rested 10@48"
    assert market.replace("1.2", 4, 10, 48, attributes=HIDDEN)[1] == "1.4 rested 10@48"


def test_a_book_without_hidden_rows_refuses_hidden_orders_that_would_rest():
    engine = allocate(symbols=1, orders=8, hidden_levels=0)
    engine.list_symbol(0)
    terms = (0, BUY, LIMIT, 50, 10)
    assert matching.enter(engine.address, 1, 1, *terms, DAY, HIDDEN, 0, 0, 0, 0) == Status.REJECTED
    assert engine.pending()[0]["reason"] == RefuseReason.LEVELS_FULL
    assert matching.enter(engine.address, 1, 1, *terms, IOC, HIDDEN, 0, 0, 0, 0) == Status.DONE


@pytest.mark.parametrize("before, after, changes", [
    (0, HIDDEN, [BookChange.DELETE, BookChange.NONE]),
    (HIDDEN, 0, [BookChange.NONE, BookChange.ADD]),
    (HIDDEN, HIDDEN, [BookChange.NONE, BookChange.NONE]),
    (0, 0, [BookChange.NONE, BookChange.REPLACE]),
])
def test_a_replacement_may_go_into_hiding_and_come_out(before, after, changes):
    market = Pair()
    market.enter("1.1", BUY, 10, 50, attributes=before)
    _, events = market.call("replace_with", 1, 1, 2, 51, 10, DAY, after, 0, 0, 0)
    assert [e.book_change for e in events] == changes


# --- orders with a reserve --------------------------------------------------------------------


def test_a_reserve_comes_out_piece_by_piece_and_queues_anew_each_time():
    market = Pair()
    assert market.enter("1.1", SELL, 25, 50, display=10)[1] == "1.1 rested 25@50 showing 10"
    market.enter("1.2", SELL, 10, 50)
    assert market.book() == ("", "50x10+15 50x10")
    assert market.enter("2.1", BUY, 12, 50)[1:] == [
        "1.1 executed 10@50 by 2.1",
        "1.1 refreshed 15@50 showing 10",
        "1.2 executed 2@50 by 2.1",
    ]
    assert market.book() == ("", "50x8 50x10+5")
    assert market.enter("2.2", BUY, 30, 50)[1:] == [
        "1.2 executed 8@50 by 2.2",
        "1.1 executed 10@50 by 2.2",
        "1.1 refreshed 5@50 showing 5",
        "1.1 executed 5@50 by 2.2",
        "2.2 rested 7@50",
    ]


def test_each_piece_of_a_reserve_has_a_number_of_its_own():
    market = Pair()
    market.enter("1.1", SELL, 20, 50, display=10)
    _, (_, executed, refreshed) = market.call("submit", 2, 1, 0, BUY, LIMIT, 50, 10, IOC, 0)
    assert (executed.number, executed.shown, executed.leaves) == (1, 10, 10)
    assert (refreshed.number, refreshed.contra_number) == (3, 1)
    assert (refreshed.book_change, refreshed.shown) == (BookChange.ADD, 10)
    assert market.enter("1.2", BUY, 5, 40)[1] == "1.2 rested 5@40"
    assert market.reference.orders[1, 2].number == 4


def test_a_piece_that_is_not_used_up_is_not_refreshed():
    market = Pair()
    market.enter("1.1", SELL, 20, 50, display=10)
    assert market.enter("2.1", BUY, 9, 50)[1:] == ["1.1 executed 9@50 by 2.1"]
    assert market.book() == ("", "50x1+10")


def test_what_is_taken_off_comes_off_the_reserve_first():
    market = Pair()
    market.enter("1.1", SELL, 30, 50, display=10)
    _, (event,) = market.call("cancel", 1, 1, 12)
    assert (event.quantity, event.leaves) == (18, 12)
    assert (event.book_change, event.shown) == (BookChange.NONE, 0)
    _, (event,) = market.call("cancel", 1, 1, 7)
    assert (event.quantity, event.leaves) == (5, 7)
    assert (event.book_change, event.shown) == (BookChange.REDUCE, 3)
    _, (event,) = market.call("cancel", 1, 1, 0)
    assert (event.book_change, event.shown, event.leaves) == (BookChange.DELETE, 7, 0)


def test_an_order_no_larger_than_its_display_has_no_reserve():
    market = Pair()
    assert market.enter("1.1", SELL, 10, 50, display=10)[1] == "1.1 rested 10@50"
    assert market.enter("2.1", BUY, 10, 50)[1:] == ["1.1 executed 10@50 by 2.1"]


def test_what_an_order_with_a_reserve_takes_on_entry_is_not_held_back():
    market = Pair()
    market.enter("1.1", SELL, 30, 50)
    assert market.enter("2.1", BUY, 45, 50, display=10)[1:] == [
        "1.1 executed 30@50 by 2.1", "2.1 rested 15@50 showing 10"
    ]


# --- minimum quantity, fill or kill -----------------------------------------------------------


def test_an_immediate_order_with_a_minimum_has_at_least_that_or_nothing():
    market = Pair()
    market.enter("1.1", SELL, 10, 50)
    market.enter("1.2", SELL, 10, 51)
    assert market.enter("2.1", BUY, 40, 51, IOC, minimum=21)[1:] == ["2.1 canceled 40 leaves 0"]
    assert market.enter("2.2", BUY, 40, 51, IOC, minimum=20)[1:] == [
        "1.1 executed 10@50 by 2.2", "1.2 executed 10@51 by 2.2", "2.2 canceled 20 leaves 0"
    ]


def test_fill_or_kill_is_a_minimum_of_everything():
    market = Pair()
    market.enter("1.1", SELL, 10, 50)
    market.enter("1.2", SELL, 30, 50, display=5)
    market.enter("1.3", SELL, 10, 50, attributes=HIDDEN)
    assert market.enter("2.1", BUY, 51, 50, IOC, minimum=51)[1:] == ["2.1 canceled 51 leaves 0"]
    told = market.enter("2.2", BUY, 50, 50, IOC, minimum=50)
    assert told[-1] == "1.3 executed 10@50 by 2.2", "reserves and hidden orders count"


def test_a_market_order_may_have_a_minimum():
    market = Pair()
    market.enter("1.1", SELL, 10, 50)
    assert market.enter("2.1", BUY, 20, None, IOC, minimum=11)[1:] == ["2.1 canceled 20 leaves 0"]
    assert market.enter("2.2", BUY, 20, None, IOC, minimum=10)[1] == "1.1 executed 10@50 by 2.2"


def test_small_orders_pass_a_hidden_order_with_a_minimum_by():
    market = Pair()
    market.enter("1.1", BUY, 100, 50, attributes=HIDDEN, minimum=40)
    market.enter("1.2", BUY, 10, 50, attributes=HIDDEN)
    assert market.enter("2.1", SELL, 20, 50, IOC)[1:] == [
        "1.2 executed 10@50 by 2.1", "2.1 canceled 10 leaves 0"
    ]
    assert market.enter("2.2", SELL, 70, 50, IOC)[1] == "1.1 executed 70@50 by 2.2"
    assert market.enter("2.3", SELL, 30, 50)[1:] == ["1.1 executed 30@50 by 2.3"], "all it has"


def test_a_hidden_order_that_cannot_have_its_minimum_waits_even_at_a_price_that_meets():
    market = Pair()
    market.enter("1.1", SELL, 10, 50)
    assert market.enter("2.1", BUY, 100, 50, attributes=HIDDEN, minimum=50)[1] == (
        "2.1 rested 100@50")
    assert market.enter("1.2", SELL, 60, 50)[1:] == ["2.1 executed 60@50 by 1.2"]
    assert market.book() == ("", "50x10"), "the displayed book is never crossed"


# --- post only --------------------------------------------------------------------------------


@pytest.mark.parametrize("resting", [0, HIDDEN])
def test_a_post_only_order_that_would_execute_is_canceled(resting):
    market = Pair()
    market.enter("1.1", SELL, 10, 50, attributes=resting)
    assert market.enter("2.1", BUY, 10, 50, attributes=POST_ONLY) == [
        "2.1 accepted 10@50", "2.1 canceled 10 leaves 0 POST_ONLY"
    ]
    assert market.enter("2.2", BUY, 10, 49, attributes=POST_ONLY)[1] == "2.2 rested 10@49"


def test_a_post_only_replacement_that_would_execute_costs_the_order_its_place_and_itself():
    market = Pair()
    market.enter("1.1", SELL, 10, 50)
    market.enter("2.1", BUY, 10, 49)
    assert market.replace("2.1", 2, 10, 50, attributes=POST_ONLY) == [
        "2.2 replaced 2.1 10@50", "2.2 canceled 10 leaves 0 POST_ONLY"
    ]
    assert market.book() == ("", "50x10")


# --- self-trade prevention --------------------------------------------------------------------


def a_market_of_one_owner(mode):
    market = Pair()
    market.set("set_self_match", 1, mode)
    market.enter("2.1", SELL, 10, 50)
    market.enter("1.1", SELL, 20, 50)
    market.enter("2.2", SELL, 10, 50)
    return market


def test_without_prevention_an_owner_trades_with_itself():
    market = a_market_of_one_owner(SelfMatch.NONE)
    assert market.enter("1.2", BUY, 35, 50)[1:] == [
        "2.1 executed 10@50 by 1.2", "1.1 executed 20@50 by 1.2", "2.2 executed 5@50 by 1.2"
    ]


def test_cancel_newest_ends_the_order_where_it_would_meet_one_of_its_owner():
    market = a_market_of_one_owner(SelfMatch.CANCEL_NEWEST)
    assert market.enter("1.2", BUY, 35, 51)[1:] == [
        "2.1 executed 10@50 by 1.2", "1.2 canceled 25 leaves 0 SELF_MATCH"
    ]
    assert market.book() == ("", "50x20 50x10")


def test_cancel_oldest_clears_the_way():
    market = a_market_of_one_owner(SelfMatch.CANCEL_OLDEST)
    assert market.enter("1.2", BUY, 35, 50)[1:] == [
        "2.1 executed 10@50 by 1.2",
        "1.1 canceled 20 leaves 0 SELF_MATCH",
        "2.2 executed 10@50 by 1.2",
        "1.2 rested 15@50",
    ]


def test_cancel_both_cancels_both():
    market = a_market_of_one_owner(SelfMatch.CANCEL_BOTH)
    assert market.enter("1.2", BUY, 35, 50)[1:] == [
        "2.1 executed 10@50 by 1.2",
        "1.1 canceled 20 leaves 0 SELF_MATCH",
        "1.2 canceled 25 leaves 0 SELF_MATCH",
    ]


def test_a_prevented_match_says_what_it_would_have_been():
    market = a_market_of_one_owner(SelfMatch.CANCEL_BOTH)
    _, events = market.call("submit", 1, 2, 0, BUY, LIMIT, 53, 35, DAY, 0)
    oldest, newest = events[2:]
    for event in (oldest, newest):
        assert (event.price_e4, event.contra_leaves) == (50, 20)
    assert (oldest.number, oldest.contra_number) == (2, 4)
    assert (newest.number, newest.contra_number) == (4, 2)


def test_shares_that_would_be_prevented_do_not_count_for_a_minimum():
    market = a_market_of_one_owner(SelfMatch.CANCEL_OLDEST)
    assert market.enter("1.2", BUY, 35, 50, IOC, minimum=21)[1:] == ["1.2 canceled 35 leaves 0"]
    assert market.book() == ("", "50x10 50x20 50x10")
    assert market.enter("1.3", BUY, 35, 50, IOC, minimum=20)[-1] == "1.3 canceled 15 leaves 0"


def test_other_owners_are_not_concerned():
    market = a_market_of_one_owner(SelfMatch.CANCEL_BOTH)
    assert market.enter("2.3", BUY, 15, 50)[1] == "2.1 executed 10@50 by 2.3"


# --- collars and halts ------------------------------------------------------------------------


def test_a_limit_beyond_the_collar_is_refused_and_the_last_price_moves_the_collar():
    market = Pair(collar_bps=1_000, reference_e4=1_000)
    assert market.enter("1.1", BUY, 10, 1_101) == ["1.1 rejected COLLAR"]
    assert market.enter("1.2", SELL, 10, 899) == ["1.2 rejected COLLAR"]
    assert market.enter("1.3", BUY, 10, 1)[1] == "1.3 rested 10@1", "far, but not aggressive"
    market.enter("1.4", SELL, 10, 1_100)
    assert market.enter("2.1", BUY, 10, 1_100)[1] == "1.4 executed 10@1100 by 2.1"
    assert market.enter("2.2", BUY, 10, 1_210)[1] == "2.2 rested 10@1210"
    assert market.replace("2.2", 3, 10, 1_211) == ["2.3 rejected COLLAR"]
    assert market.enter("2.4", BUY, 10, 1_210, symbol=1) == ["2.4 rejected COLLAR"], "each its own"


def test_without_a_price_to_count_from_there_is_no_collar():
    market = Pair(collar_bps=1_000)
    market.enter("1.1", SELL, 10, 1_000_000)
    assert market.enter("2.1", BUY, 10, 1_999_999)[1] == "1.1 executed 10@1000000 by 2.1"
    assert market.enter("2.2", BUY, 10, 1_100_001) == ["2.2 rejected COLLAR"]


def test_a_market_order_stops_at_the_collar():
    market = Pair(collar_bps=1_000, reference_e4=1_000)
    market.enter("1.1", SELL, 10, 1_100)
    market.enter("1.2", SELL, 10, 1_300)
    assert market.enter("2.1", BUY, 30, None, IOC)[1:] == [
        "1.1 executed 10@1100 by 2.1", "2.1 canceled 20 leaves 0 COLLAR"
    ]
    market.cancel("1.2")
    assert market.enter("2.2", BUY, 30, None, IOC)[1:] == ["2.2 canceled 30 leaves 0"], "no seller"


def test_the_widest_collar_on_the_highest_price_does_not_overflow():
    top = 2**62
    market = Pair()
    market.set("list_symbol", 0, 1, top, 1_000, 9_999, top)
    assert market.enter("1.1", BUY, 10, top)[1] == f"1.1 rested 10@{top}"
    assert market.enter("1.2", SELL, 10, top // 10_001) == ["1.2 rejected COLLAR"]
    assert market.enter("1.3", SELL, 10, None, IOC)[1] == f"1.1 executed 10@{top} by 1.3"


def test_an_operator_halts_a_symbol_and_lets_it_trade_again():
    market = Pair(symbols=3, listed=2)
    at = market.address
    assert matching.set_state(at, 0, SymbolState.HALTED.value) == Status.DONE
    assert matching.set_state(at, 0, SymbolState.HALTED.value) == Status.IGNORED
    market.reference.set_symbol_state(0, SymbolState.HALTED)
    assert market.enter("1.1", BUY, 10, 50, attributes=HIDDEN) == ["1.1 rejected HALTED"]
    assert matching.set_state(at, 0, SymbolState.TRADING.value) == Status.DONE
    market.reference.set_symbol_state(0, SymbolState.TRADING)
    assert market.enter("1.2", BUY, 10, 50)[1] == "1.2 rested 10@50"
    for unknown in (-1, 2, 3):
        assert matching.set_state(at, unknown, SymbolState.TRADING.value) == Status.IGNORED


# --- modify, and what is no order -------------------------------------------------------------


def test_a_modification_keeps_the_place_and_only_makes_smaller():
    market = Pair()
    market.enter("1.1", BUY, 100, 50)
    market.enter("2.1", BUY, 100, 50)
    _, (event,) = market.call("modify", 1, 1, 60, 77)
    assert (event.kind, event.tag, event.quantity, event.leaves) == (EventKind.MODIFIED, 77, 40, 60)
    assert event.book_change == BookChange.REDUCE
    _, (event,) = market.call("modify", 1, 1, 500, 78)
    assert (event.tag, event.quantity, event.leaves) == (78, 0, 60)
    assert event.book_change == BookChange.NONE
    assert market.enter("3.1", SELL, 30, 50)[1] == "1.1 executed 30@50 by 3.1", "still first"
    assert market.modify("1.1", 30) == ["1.1 canceled 30 leaves 0"], "30 have executed"
    assert market.modify("1.1", 30) == ["ignored"]


def test_good_till_canceled_is_kept_in_the_order():
    market = Pair()
    market.enter("1.1", BUY, 10, 50, attributes=GTC)
    slot = matching.find(market.address, 1, 1)
    assert market.engine.book.orders[slot]["attributes"] == GTC


@pytest.mark.parametrize("terms, reason", [
    ((LIMIT, 50, 10, DAY, 8, 0, 0), RefuseReason.BAD_ATTRIBUTES),
    ((LIMIT, 50, 10, DAY, -1, 0, 0), RefuseReason.BAD_ATTRIBUTES),
    ((LIMIT, 50, 10, IOC, POST_ONLY, 0, 0), RefuseReason.BAD_ATTRIBUTES),
    ((MARKET, 0, 10, DAY, POST_ONLY, 0, 0), RefuseReason.BAD_ATTRIBUTES),
    ((LIMIT, 50, 10, IOC, GTC, 0, 0), RefuseReason.BAD_ATTRIBUTES),
    ((LIMIT, 50, 10, IOC, 0, -1, 0), RefuseReason.BAD_MINIMUM),
    ((LIMIT, 50, 10, IOC, 0, 11, 0), RefuseReason.BAD_MINIMUM),
    ((LIMIT, 50, 10, DAY, 0, 5, 0), RefuseReason.BAD_MINIMUM),
    ((LIMIT, 50, 10, DAY, 0, 0, -1), RefuseReason.BAD_DISPLAY),
    ((LIMIT, 50, 10, DAY, HIDDEN, 0, 5), RefuseReason.BAD_DISPLAY),
    ((LIMIT, 50, 10, IOC, 0, 0, 5), RefuseReason.BAD_DISPLAY),
])
def test_attributes_that_contradict_each_other_make_no_order(terms, reason):
    market = Pair()
    assert market.tell("enter", 1, 1, 0, BUY, *terms, 0) == [f"1.1 rejected {reason.name}"]


def test_a_replacement_with_contradicting_attributes_takes_the_order_off():
    market = Pair()
    market.enter("1.1", BUY, 10, 50)
    assert market.replace("1.1", 2, 10, 50, minimum=5) == [
        "1.1 canceled 10 leaves 0 INVALID_REPLACE"]


def test_listings_and_owners_that_make_no_sense_are_refused():
    engine = allocate(symbols=1, orders=4)
    with pytest.raises(ValueError, match="collar_bps < 10000"):
        engine.list_symbol(0, collar_bps=10_000)
    with pytest.raises(ValueError, match="reference_e4"):
        engine.list_symbol(0, reference_e4=-1)
    with pytest.raises(ValueError, match="owner 65536"):
        engine.set_self_match(65_536, SelfMatch.CANCEL_BOTH)


# --- memory -----------------------------------------------------------------------------------


def test_a_market_that_empties_gives_all_its_memory_back():
    """Used and free places return to where they were, however much has passed through."""
    market = Pair(symbols=2, orders=200, levels=60, per_side=30)
    rng = np.random.default_rng(4)
    pools = [market.engine.book.book["available"], market.engine.book.ladders["available"]]
    at_first = [int(pool[0]) for pool in pools]
    for day in range(3):
        for n in range(400):
            symbol, side = int(rng.integers(2)), int(rng.choice([BUY, SELL]))
            attributes = int(rng.choice([0, HIDDEN]))
            market.call("enter", 1, 1_000 * day + n, symbol, side, LIMIT,
                        100 + int(rng.integers(-5, 6)), int(rng.integers(1, 50)), DAY, attributes,
                        0, 0 if attributes else int(rng.integers(0, 9)), 0)
        market.call("cancel_all", -1, -1, 4)
        assert [int(pool[0]) for pool in pools] == at_first
        assert market.engine.book.index["count"][0] == 0
        assert best_ask(market.address + BOOK_AT, 0) == (0, 0)
        assert check_integrity(market.engine.book) == []
