"""Orders meet: what the matching engine does, told step by step.

Every step is also made on the reference engine, and must come out the same.
"""

import numpy as np
import pytest

from actors.exchange import matching
from actors.exchange.engine_state import (MAX_OWNER, MAX_USER_REF, BookChange, CancelReason, Engine,
                                          EventKind, RefuseReason, Status, SymbolState, allocate)
from tests.exchange.matching_support import BUY, DAY, IOC, LIMIT, MARKET, SELL, Pair


def test_an_order_that_meets_nobody_rests():
    market = Pair()
    assert market.enter("1.1", BUY, 100, 50) == ["1.1 accepted 100@50", "1.1 rested 100@50"]
    assert market.book() == ("50x100", "")


def test_two_orders_meet_at_the_price_of_the_one_that_waited():
    market = Pair()
    market.enter("1.1", SELL, 100, 50)
    assert market.enter("2.1", BUY, 100, 53) == [
        "2.1 accepted 100@53", "1.1 executed 100@50 by 2.1"
    ]
    assert market.book() == ("", "")


def test_the_best_price_executes_first_and_at_a_price_the_oldest():
    market = Pair()
    for who, price in (("1.1", 51), ("1.2", 50), ("1.3", 50), ("1.4", 52)):
        market.enter(who, SELL, 10, price)
    assert market.enter("2.1", BUY, 35, 51) == [
        "2.1 accepted 35@51",
        "1.2 executed 10@50 by 2.1",
        "1.3 executed 10@50 by 2.1",
        "1.1 executed 10@51 by 2.1",
        "2.1 rested 5@51",
    ]
    assert market.book() == ("51x5", "52x10")


def test_an_immediate_order_takes_what_is_there_and_never_rests():
    market = Pair()
    market.enter("1.1", BUY, 10, 50)
    market.enter("1.2", BUY, 10, 49)
    assert market.enter("2.1", SELL, 30, 50, IOC) == [
        "2.1 accepted 30@50", "1.1 executed 10@50 by 2.1", "2.1 canceled 20 leaves 0"
    ]
    assert market.book() == ("49x10", "")


@pytest.mark.parametrize("time_in_force", [DAY, IOC])
def test_a_market_order_takes_any_price_and_the_rest_of_it_is_canceled(time_in_force):
    market = Pair()
    market.enter("1.1", SELL, 10, 50)
    market.enter("1.2", SELL, 10, 1_999_999_900)
    assert market.enter("2.1", BUY, 25, None, time_in_force) == [
        "2.1 accepted 25@0",
        "1.1 executed 10@50 by 2.1",
        "1.2 executed 10@1999999900 by 2.1",
        "2.1 canceled 5 leaves 0",
    ]


def test_a_cancel_takes_the_order_off():
    market = Pair()
    market.enter("1.1", BUY, 100, 50)
    assert market.cancel("1.1") == ["1.1 canceled 100 leaves 0"]
    assert market.cancel("1.1") == ["ignored"], "it is gone: silence"


def test_a_smaller_size_keeps_the_place_in_the_queue():
    market = Pair()
    market.enter("1.1", BUY, 100, 50)
    market.enter("2.1", BUY, 100, 50)
    assert market.cancel("1.1", size=30) == ["1.1 canceled 70 leaves 30"]
    assert market.enter("3.1", SELL, 40, 50)[1:] == [
        "1.1 executed 30@50 by 3.1", "2.1 executed 10@50 by 3.1"
    ]


def test_the_size_of_a_cancel_counts_what_has_executed():
    market = Pair()
    market.enter("1.1", BUY, 100, 50)
    market.enter("2.1", SELL, 60, 50)
    assert market.cancel("1.1", size=100) == ["ignored"], "no smaller than it is"
    assert market.cancel("1.1", size=90) == ["1.1 canceled 10 leaves 30"]
    assert market.cancel("1.1", size=50) == ["1.1 canceled 30 leaves 0"]


def test_a_replacement_loses_priority_even_at_the_same_price_and_size():
    market = Pair()
    market.enter("1.1", BUY, 10, 50)
    market.enter("2.1", BUY, 20, 50)
    assert market.replace("1.1", 2, 10, 50) == [
        "1.2 replaced 1.1 10@50", "1.2 rested 10@50 for number 1"
    ]
    assert market.book() == ("50x20 50x10", "")
    assert market.cancel("1.1") == ["ignored"]


def test_a_replacement_is_for_what_of_its_chain_has_not_executed():
    market = Pair()
    market.enter("1.1", BUY, 100, 50)
    market.enter("2.1", SELL, 30, 50)
    assert market.replace("1.1", 2, 120, 51)[0] == "1.2 replaced 1.1 90@51"
    market.enter("2.2", SELL, 40, 51)
    assert market.replace("1.2", 3, 80, 52)[0] == "1.3 replaced 1.2 10@52"
    assert market.replace("1.3", 4, 70, 52) == ["1.3 canceled 10 leaves 0"], "70 have executed"


def test_a_replacement_may_execute_and_then_the_public_book_first_loses_the_old_order():
    market = Pair()
    market.enter("2.1", SELL, 10, 52)
    market.enter("1.1", BUY, 30, 50)
    _, events = market.call("replace", 1, 1, 2, 52, 30, DAY, 0)
    assert [(e.kind, e.book_change) for e in events] == [
        (EventKind.REPLACED, BookChange.DELETE),
        (EventKind.EXECUTED, BookChange.EXECUTE),
        (EventKind.RESTED, BookChange.ADD),
    ]
    assert market.book() == ("52x20", "")


def test_an_immediate_replacement_takes_the_old_order_off_for_good():
    market = Pair()
    market.enter("1.1", BUY, 30, 50)
    assert market.replace("1.1", 2, 30, 51, IOC) == [
        "1.2 replaced 1.1 30@51", "1.2 canceled 30 leaves 0"
    ]


def test_an_impossible_replacement_takes_the_order_off_and_leaves_its_reference_unused():
    market = Pair()
    market.enter("1.1", BUY, 30, 50)
    status, events = market.call("replace", 1, 1, 2, -5, 30, DAY, 0)
    assert status == Status.CANCELED
    assert [(e.kind, e.reason) for e in events] == [
        (EventKind.CANCELED, CancelReason.INVALID_REPLACE)
    ]
    assert market.enter("1.2", BUY, 30, 50)[0] == "1.2 accepted 30@50"


def test_a_replacement_of_what_is_gone_or_by_a_reference_in_use_is_ignored():
    market = Pair()
    market.enter("1.1", BUY, 30, 50)
    market.enter("1.2", BUY, 30, 50)
    assert market.replace("1.9", 3, 30, 50) == ["ignored"]
    assert market.replace("1.1", 2, 30, 50) == ["ignored"]
    assert market.replace("1.1", 1, 30, 50) == ["ignored"]
    assert market.replace("1.1", -1, 30, 50) == ["ignored"]
    assert market.replace("1.1", MAX_USER_REF + 1, 30, 50) == ["ignored"]
    assert market.book() == ("50x30 50x30", "")


def test_references_are_the_owners_own():
    market = Pair()
    market.enter("1.7", BUY, 10, 50)
    market.enter("2.7", BUY, 20, 50)
    market.enter(f"{MAX_OWNER}.{MAX_USER_REF}", BUY, 30, 50)
    market.enter(f"0.{MAX_USER_REF}", BUY, 40, 50)
    assert market.cancel("2.7") == ["2.7 canceled 20 leaves 0"]
    assert market.cancel(f"{MAX_OWNER}.{MAX_USER_REF}")[0].endswith("canceled 30 leaves 0")
    assert market.book() == ("50x10 50x40", "")


@pytest.mark.parametrize(
    "terms, reason",
    [
        ((-1, 1, 0, BUY, LIMIT, 50, 10, DAY), RefuseReason.BAD_REFERENCE),
        ((MAX_OWNER + 1, 1, 0, BUY, LIMIT, 50, 10, DAY), RefuseReason.BAD_REFERENCE),
        ((1, -1, 0, BUY, LIMIT, 50, 10, DAY), RefuseReason.BAD_REFERENCE),
        ((1, MAX_USER_REF + 1, 0, BUY, LIMIT, 50, 10, DAY), RefuseReason.BAD_REFERENCE),
        ((1, 1, -1, BUY, LIMIT, 50, 10, DAY), RefuseReason.BAD_SYMBOL),
        ((1, 1, 3, BUY, LIMIT, 50, 10, DAY), RefuseReason.BAD_SYMBOL),
        ((1, 1, 2, BUY, LIMIT, 50, 10, DAY), RefuseReason.BAD_SYMBOL),
        ((1, 1, 0, 0, LIMIT, 50, 10, DAY), RefuseReason.BAD_SIDE),
        ((1, 1, 0, 3, LIMIT, 50, 10, DAY), RefuseReason.BAD_SIDE),
        ((1, 1, 0, BUY, 0, 50, 10, DAY), RefuseReason.BAD_ORDER_TYPE),
        ((1, 1, 0, BUY, 3, 50, 10, DAY), RefuseReason.BAD_ORDER_TYPE),
        ((1, 1, 0, BUY, LIMIT, 50, 10, 0), RefuseReason.BAD_TIME_IN_FORCE),
        ((1, 1, 0, BUY, LIMIT, 50, 10, 3), RefuseReason.BAD_TIME_IN_FORCE),
        ((1, 1, 0, BUY, LIMIT, 50, 0, DAY), RefuseReason.BAD_QUANTITY),
        ((1, 1, 0, BUY, MARKET, 50, 1_000_000, DAY), RefuseReason.BAD_QUANTITY),
        ((1, 1, 0, BUY, LIMIT, 0, 10, DAY), RefuseReason.BAD_PRICE),
        ((1, 1, 0, BUY, LIMIT, -50, 10, DAY), RefuseReason.BAD_PRICE),
        ((1, 1, 0, BUY, LIMIT, 53, 10, DAY), RefuseReason.BAD_PRICE),
        ((1, 1, 0, BUY, LIMIT, 2_000_000_000, 10, IOC), RefuseReason.BAD_PRICE),
        ((1, 9, 0, BUY, LIMIT, 50, 10, IOC), RefuseReason.DUPLICATE_REF),
    ],
)
def test_what_is_no_order_is_rejected_and_consumes_nothing(terms, reason):
    market = Pair(symbols=3, listed=2, tick_e4=5)
    market.enter("1.9", BUY, 10, 50)
    kernel_side = np.array(terms[3]).astype(np.uint8)
    status = matching.submit(market.address, *map(int, terms), 77, 5)
    (event,) = market.engine.pending()
    assert (status, event["kind"], event["reason"]) == (Status.REJECTED, EventKind.REJECTED, reason)
    assert (event["price_e4"], event["tag"], event["number"]) == (terms[5], 77, 0)
    assert event["side"] == kernel_side
    market.take_events()
    market.check_fingerprint()
    assert market.enter("1.10", BUY, 10, 50)[0] == "1.10 accepted 10@50"
    assert market.reference.orders[1, 10].number == 2, "the rejected order took no number"


def test_prices_reach_as_far_as_int64_arithmetic_if_the_symbol_is_listed_so():
    market = Pair()
    top = 2**62
    market.set("list_symbol", 0, 1, top, 2**32 - 1)
    market.enter("1.1", SELL, 2**32 - 1, top)
    assert market.enter("2.1", BUY, 2**32 - 1, top)[1] == f"1.1 executed {2**32 - 1}@{top} by 2.1"


def test_a_halted_symbol_takes_cancels_and_nothing_else():
    market = Pair()
    market.enter("1.1", BUY, 10, 50)
    market.enter("1.2", BUY, 10, 50)
    market.set("set_symbol_state", 0, SymbolState.HALTED)
    assert market.enter("2.1", SELL, 10, 50) == ["2.1 rejected HALTED"]
    assert market.replace("1.1", 3, 20, 50) == ["1.3 rejected HALTED"]
    assert market.cancel("1.2") == ["1.2 canceled 10 leaves 0"]
    assert market.enter("2.1", SELL, 10, 50, symbol=1)[0] == "2.1 accepted 10@50"
    market.set("set_symbol_state", 0, SymbolState.TRADING)
    assert market.enter("2.2", SELL, 10, 50)[1] == "1.1 executed 10@50 by 2.2"


def test_a_full_order_pool_refuses_what_would_rest_and_serves_what_executes():
    market = Pair(orders=2)
    market.enter("1.1", BUY, 10, 50)
    market.enter("1.2", SELL, 10, 60)
    assert market.enter("2.1", BUY, 10, 50) == ["2.1 rejected ORDERS_FULL"]
    assert market.enter("2.2", BUY, 5, 60)[1] == "1.2 executed 5@60 by 2.2"
    assert market.enter("2.3", BUY, 99, 50, IOC)[1] == "2.3 canceled 99 leaves 0"
    assert market.enter("2.4", BUY, 8, 60)[1:] == ["1.2 executed 5@60 by 2.4", "2.4 rested 3@60"]


def test_a_full_ladder_refuses_a_new_price_and_takes_those_it_has():
    market = Pair(per_side=2)
    market.enter("1.1", BUY, 10, 50)
    market.enter("1.2", BUY, 10, 51)
    assert market.enter("1.3", BUY, 10, 49) == ["1.3 rejected LEVELS_FULL"]
    assert market.enter("1.4", BUY, 10, 51)[1] == "1.4 rested 10@51"
    market.enter("2.1", SELL, 5, 52)
    assert market.enter("1.5", BUY, 10, 52) == ["1.5 rejected LEVELS_FULL"], "5 would remain"
    assert market.enter("1.6", BUY, 5, 52)[1] == "2.1 executed 5@52 by 1.6"


def test_a_full_level_pool_refuses_a_new_price_on_any_symbol():
    market = Pair(levels=2)
    market.enter("1.1", BUY, 10, 50)
    market.enter("1.2", SELL, 10, 60)
    assert market.enter("1.3", BUY, 10, 50, symbol=1) == ["1.3 rejected LEVELS_FULL"]
    assert market.enter("1.4", BUY, 15, 60)[2] == "1.4 rested 5@60", "the level it emptied"


def test_in_a_full_book_an_order_can_still_be_replaced_by_one_that_fits_its_place():
    market = Pair(orders=2, levels=2, per_side=2)
    market.enter("1.1", BUY, 10, 50)
    market.enter("1.2", BUY, 10, 49)
    assert market.replace("1.1", 3, 10, 51)[1] == "1.3 rested 10@51 for number 1"
    assert market.replace("1.3", 4, 10, 49)[1] == "1.4 rested 10@49 for number 3"
    assert market.replace("1.2", 5, 10, 48)[1] == "1.5 rested 10@48 for number 2"
    assert market.book() == ("49x10 48x10", "")


def test_a_replacement_without_room_is_rejected_and_the_order_stays():
    market = Pair(levels=1)
    market.enter("1.1", BUY, 10, 50)
    market.enter("1.2", BUY, 10, 50)
    status, (event,) = market.call("replace", 1, 2, 3, 49, 10, DAY, 0)
    assert (status, event.reason) == (Status.REJECTED, RefuseReason.LEVELS_FULL)
    assert (event.user_ref, event.contra_user_ref, event.number) == (3, 2, 2)
    assert market.book() == ("50x10 50x10", "")


def test_cancel_all_takes_an_owners_orders_in_a_symbol_or_everywhere():
    market = Pair()
    for symbol in (0, 1):
        for who, side, price in (("1.1", BUY, 50), ("1.2", SELL, 60), ("2.1", BUY, 51)):
            ref = who.replace(".", f".{symbol}")
            market.enter(ref, side, 10, price, symbol=symbol)
    assert market.tell("cancel_all", 1, 1, CancelReason.DISCONNECTED) == [
        "1.11 canceled 10 leaves 0 DISCONNECTED", "1.12 canceled 10 leaves 0 DISCONNECTED"
    ]
    assert len(market.tell("cancel_all", 1, -1, CancelReason.USER)) == 2
    assert market.book(0) == market.book(1) == ("51x10", "")
    assert market.tell("cancel_all", -1, 9, CancelReason.USER) == ["ignored"]
    assert len(market.tell("cancel_all", -1, -1, CancelReason.CLOSED)) == 2
    assert market.engine.book.resting == 0


def test_an_order_with_more_executions_than_events_have_room_pauses_and_goes_on():
    market = Pair(events=4)
    for ref in range(1, 11):
        market.enter(f"1.{ref}", SELL, 10, 50)
    told = market.enter("2.1", BUY, 105, 50)
    assert told[-1] == "2.1 rested 5@50"
    assert len(told) == 12
    assert market.pauses > 2


def test_while_an_order_waits_to_go_on_nothing_else_begins():
    engine = allocate(symbols=1, orders=8, events=4)
    engine.list_symbol(0)
    at = engine.address
    for ref in range(1, 5):
        matching.submit(at, 1, ref, 0, SELL, LIMIT, 50, 10, DAY, 0, 0)
        matching.clear_events(at)
    assert matching.submit(at, 2, 1, 0, BUY, LIMIT, 50, 40, DAY, 0, 0) == Status.PAUSED
    assert matching.resume(at) == Status.PAUSED, "the events are still there"
    matching.clear_events(at)
    assert matching.submit(at, 2, 2, 0, BUY, LIMIT, 50, 40, DAY, 0, 0) == Status.BUSY
    assert matching.cancel(at, 1, 4, 0, 0) == Status.BUSY
    assert matching.replace(at, 1, 4, 9, 50, 1, DAY, 0, 0) == Status.BUSY
    assert matching.cancel_all(at, 1, 0, CancelReason.USER.value, 0) == Status.BUSY
    assert matching.resume(at) == Status.DONE
    assert matching.resume(at) == Status.IGNORED


def test_full_events_put_calls_off_without_a_trace():
    engine = allocate(symbols=1, orders=8, events=4)
    engine.list_symbol(0)
    at = engine.address
    matching.submit(at, 1, 1, 0, SELL, LIMIT, 50, 10, DAY, 0, 0)
    before = matching.engine_hash(at)
    assert matching.submit(at, 1, 2, 0, SELL, LIMIT, 50, 10, DAY, 0, 0) == Status.EVENTS_FULL
    assert matching.cancel(at, 1, 1, 0, 0) == Status.EVENTS_FULL
    assert matching.replace(at, 1, 1, 2, 51, 10, DAY, 0, 0) == Status.EVENTS_FULL
    assert matching.engine_hash(at) == before
    assert engine.pending().size == 2


def test_a_copy_of_the_memory_is_the_engine_at_that_moment():
    market = Pair()
    market.enter("1.1", BUY, 10, 50)
    memory = np.empty(market.engine.memory.size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    copy = memory[start : start + market.engine.memory.size]
    copy[:] = market.engine.memory
    twin = Engine(copy)
    market.enter("1.2", SELL, 10, 50)
    assert matching.engine_hash(twin.address) != matching.engine_hash(market.address)
    matching.submit(twin.address, 1, 2, 0, SELL, LIMIT, 50, 10, DAY, 0, 2)
    assert matching.engine_hash(twin.address) == matching.engine_hash(market.address)


def test_memory_that_is_no_engine_is_refused():
    memory = allocate(symbols=1, orders=4).memory
    with pytest.raises(ValueError, match="starts on a cache line"):
        Engine(memory[8:])
    memory[:8] = 0
    with pytest.raises(ValueError, match="not a matching engine"):
        Engine(memory)


def test_a_listing_that_makes_no_sense_is_refused():
    engine = allocate(symbols=1, orders=4)
    with pytest.raises(ValueError, match="call list_symbol first"):
        engine.set_symbol_state(0, SymbolState.HALTED)
    with pytest.raises(ValueError, match="has 0 to 0"):
        engine.list_symbol(1)
    with pytest.raises(ValueError, match="tick_e4=0"):
        engine.list_symbol(0, tick_e4=0)
    with pytest.raises(ValueError, match="max_quantity"):
        engine.list_symbol(0, max_quantity=2**32)
    with pytest.raises(ValueError, match="4 events"):
        allocate(symbols=1, orders=4, events=3)
