"""Order entry as its users see it: OUCH 5.0 in, OUCH 5.0 out, through the real port."""

import pytest

from schemas.venue import ouch50
from tests.exchange.soup_client import Disconnected

Reject = ouch50.RejectReason
Tag = ouch50.OptionTag


@pytest.fixture
def buyer(exchange):
    return exchange.trader("DESK01")


@pytest.fixture
def seller(exchange):
    return exchange.trader("DESK02")


def test_an_order_is_accepted_as_it_was_entered(buyer):
    reference = buyer.enter("B", 300, "AAPL", 1_502_500, cl_ord_id="MY ORDER 00001", capacity="A",
                            intermarket_sweep_eligibility="Y", display="A")
    accepted = buyer.expect("A")
    assert accepted["user_ref_num"] == reference
    assert (accepted["side"], accepted["quantity"], accepted["symbol"]) == ("B", 300, "AAPL")
    assert (accepted["price"], accepted["time_in_force"]) == (1_502_500, "0")
    assert (accepted["display"], accepted["capacity"], accepted["cross_type"]) == ("A", "A", "N")
    assert accepted["intermarket_sweep_eligibility"] == "Y"
    assert (accepted["order_state"], accepted["cl_ord_id"]) == ("L", "MY ORDER 00001")
    assert 0 < accepted["timestamp"] < 86_400 * 10**9


def test_two_orders_that_agree_trade_at_the_price_of_the_older(buyer, seller):
    bid = buyer.enter("B", 100, "AAPL", 1_000_000)
    buyer.expect("A")
    ask = seller.enter("S", 60, "AAPL", 990_000)
    seller.expect("A")
    taken, given = seller.expect("E"), buyer.expect("E")
    assert (taken["user_ref_num"], taken["liquidity_flag"]) == (ask, "R")
    assert (given["user_ref_num"], given["liquidity_flag"]) == (bid, "A")
    for fill in (taken, given):
        assert (fill["quantity"], fill["price"]) == (60, 1_000_000)
    assert taken["match_number"] == given["match_number"]
    buyer.cancel(bid)
    assert buyer.expect("C")["quantity"] == 40


def test_better_prices_then_older_orders_go_first(buyer, seller):
    first = buyer.enter("B", 10, "GOOG", 1_000_000)
    second = buyer.enter("B", 10, "GOOG", 1_000_000)
    better = buyer.enter("B", 10, "GOOG", 1_000_100)
    buyer.expect("A", "A", "A")
    seller.enter("S", 30, "GOOG", 1_000_000)
    fills = [buyer.expect("E")["user_ref_num"] for _ in range(3)]
    assert fills == [better, first, second]


def test_what_an_immediate_order_does_not_get_is_canceled(buyer, seller):
    seller.enter("S", 40, "MSFT", 2_000_000)
    seller.expect("A")
    reference = buyer.enter("B", 100, "MSFT", 2_000_000, time_in_force="3")
    buyer.expect("A", "E")
    canceled = buyer.expect("C")
    assert (canceled["user_ref_num"], canceled["quantity"], canceled["reason"]) == (
        reference, 60, "I")


def test_the_widest_prices_take_whatever_there_is(buyer, seller):
    seller.enter("S", 10, "MSFT", 9_999_900)
    seller.expect("A")
    buyer.enter("B", 10, "MSFT", 1_999_999_900, time_in_force="3")
    buyer.expect("A")
    assert buyer.expect("E")["price"] == 9_999_900
    buyer.enter("B", 10, "MSFT", 100)
    buyer.expect("A")
    seller.expect("E")
    seller.enter("S", 10, "MSFT", 1, time_in_force="3")
    seller.expect("A")
    assert seller.expect("E")["price"] == 100


def test_short_sales_keep_their_letter_also_when_replaced(seller):
    for letter in "TE":
        original = seller.enter(letter, 50, "AMZN", 3_000_000, capacity="R")
        assert seller.expect("A")["side"] == letter
        replacement = seller.replace(original, 50, 3_000_100)
        replaced = seller.expect("U")
        assert (replaced["side"], replaced["capacity"]) == (letter, "R")
        assert (replaced["orig_user_ref_num"], replaced["user_ref_num"]) == (original, replacement)


def test_a_partial_cancel_says_how_large_the_order_may_get_in_all(buyer, seller):
    reference = buyer.enter("B", 100, "AAPL", 1_000_000)
    seller.enter("S", 30, "AAPL", 1_000_000)
    buyer.expect("A", "E")
    buyer.cancel(reference, 50)  # of which 30 were executed
    assert buyer.expect("C")["quantity"] == 50
    seller.enter("S", 100, "AAPL", 1_000_000, time_in_force="3")
    assert buyer.expect("E")["quantity"] == 20


def test_a_replacement_counts_what_was_executed_before(buyer, seller):
    original = buyer.enter("B", 100, "AAPL", 1_000_000)
    seller.enter("S", 30, "AAPL", 1_000_000)
    buyer.expect("A", "E")
    replacement = buyer.replace(original, 80, 1_000_100, cl_ord_id="NEW TERMS")
    replaced = buyer.expect("U")
    assert (replaced["quantity"], replaced["price"]) == (50, 1_000_100)
    assert replaced["cl_ord_id"] == "NEW TERMS"
    buyer.cancel(original)  # gone: no answer
    buyer.cancel(replacement)
    assert buyer.expect("C")["user_ref_num"] == replacement


def test_a_replacement_may_trade_at_once(buyer, seller):
    original = buyer.enter("B", 100, "AAPL", 1_000_000)
    seller.enter("S", 100, "AAPL", 1_010_000)
    buyer.expect("A")
    buyer.replace(original, 100, 1_010_000)
    buyer.expect("U")
    assert buyer.expect("E")["liquidity_flag"] == "R"


def test_an_impossible_replacement_takes_the_order_off_and_uses_no_number(buyer):
    for change in (dict(price_e4=0), dict(quantity=0), dict(price_e4=1_000_050),
                   dict(display="Z"), dict(time_in_force="6"),
                   dict(appendage=[(Tag.MIN_QTY, 50)])):
        original = buyer.enter("B", 100, "AAPL", 1_000_000)
        buyer.expect("A")
        number = buyer.next_ref
        buyer.replace(original, **{"quantity": 100, "price_e4": 1_000_100, **change})
        assert buyer.expect("C")["user_ref_num"] == original, change
        assert buyer.sync() == [] and buyer.next_ref == number


def test_a_replacement_this_venue_cannot_do_is_rejected_and_the_order_stays(buyer):
    original = buyer.enter("B", 100, "AAPL", 1_000_000)
    buyer.expect("A")
    replacement = buyer.replace(original, 50, 1_000_000, appendage=[(Tag.ROUTE, "SCAN")])
    rejected = buyer.expect("J")
    assert (rejected["user_ref_num"], rejected["reason"]) == (
        replacement, Reject.ROUTING_NOT_ALLOWED)
    buyer.sync()
    assert buyer.next_ref == replacement + 1
    buyer.cancel(original)
    assert buyer.expect("C")["quantity"] == 100


def test_a_number_that_was_used_is_ignored(exchange, buyer):
    reference = buyer.enter("B", 100, "AAPL", 1_000_000)
    buyer.expect("A")
    ignored = exchange.counter("ignored")
    buyer.enter("B", 100, "AAPL", 1_000_000, user_ref_num=reference)
    buyer.enter("B", 100, "AAPL", 1_000_000, user_ref_num=0)
    buyer.replace(reference, 50, 1_000_000, user_ref_num=reference)
    assert buyer.sync() == []
    assert exchange.counter("ignored") == ignored + 3
    assert buyer.next_ref == reference + 1


def test_numbers_may_be_left_out(buyer):
    buyer.enter("B", 100, "AAPL", 1_000_000, user_ref_num=buyer.next_ref + 1_000)
    last = buyer.expect("A")["user_ref_num"]
    buyer.sync()
    assert buyer.next_ref == last + 1


def test_what_is_asked_of_a_dead_order_is_answered_with_silence(buyer):
    reference = buyer.enter("B", 100, "AAPL", 1_000_000, time_in_force="3")
    buyer.expect("A", "C")
    number = buyer.next_ref
    buyer.cancel(reference)
    buyer.replace(reference, 100, 1_000_000)
    buyer.cancel(123_456_789)
    assert buyer.sync() == []
    assert buyer.next_ref == number


def test_nobody_touches_another_accounts_orders(buyer, seller):
    reference = buyer.enter("B", 100, "AAPL", 1_000_000)
    buyer.expect("A")
    seller.cancel(reference)
    seller.replace(reference, 10, 1_000_000, user_ref_num=reference + 10**6)
    assert seller.sync() == []
    buyer.cancel(reference)
    assert buyer.expect("C")["quantity"] == 100


@pytest.mark.parametrize("change, reason", [
    (dict(symbol="NOSUCH"), Reject.INVALID_SYMBOL),
    (dict(symbol=""), Reject.INVALID_SYMBOL),
    (dict(side="X"), Reject.INVALID_SIDE),
    (dict(quantity=0), Reject.INVALID_QUANTITY),
    (dict(quantity=1_000_000), Reject.INVALID_QUANTITY),
    (dict(price_e4=0), Reject.INVALID_PRICE),
    (dict(price_e4=1_000_001), Reject.INVALID_PRICE),
    (dict(price_e4=0x7FFFFFFF), Reject.INVALID_PRICE),
    (dict(price_e4=2**63), Reject.INVALID_PRICE),
    (dict(price_e4=2**64 - 1), Reject.INVALID_PRICE),
    (dict(display="Z"), Reject.INVALID_DISPLAY),
    (dict(cross_type="O"), Reject.INVALID_CROSS_ORDER),
    (dict(time_in_force="6"), Reject.OTHER),
    (dict(appendage=[(Tag.MIN_QTY, 100)]), Reject.INVALID_MIN_QUANTITY),
    (dict(appendage=[(Tag.MIN_QTY, 101)], time_in_force="3"), Reject.INVALID_MIN_QUANTITY),
    (dict(appendage=[(Tag.MAX_FLOOR, 50)]), Reject.INVALID_MAX_FLOOR),
    (dict(appendage=[(Tag.MAX_FLOOR, 100)], display="N"), Reject.INVALID_MAX_FLOOR),
    (dict(appendage=[(Tag.MAX_FLOOR, 100)], time_in_force="3"), Reject.INVALID_MAX_FLOOR),
    (dict(appendage=[(Tag.RANDOM_RESERVES, 100)]), Reject.INVALID_MAX_FLOOR),
    (dict(appendage=[(Tag.POST_ONLY, "P")], time_in_force="3"), Reject.OTHER),
    (dict(appendage=[(Tag.PRICE_TYPE, "P")]), Reject.PEGGING_NOT_ALLOWED),
    (dict(appendage=[(Tag.PEG_OFFSET, -100)]), Reject.PEGGING_NOT_ALLOWED),
    (dict(appendage=[(Tag.FIRM, "ABCD"), (Tag.POST_ONLY, "X")]), Reject.OTHER),
], ids=str)
def test_what_cannot_be_an_order_here_is_rejected_with_the_reason(buyer, change, reason):
    fields = {"side": "B", "quantity": 100, "symbol": "AAPL", "price_e4": 1_000_000, **change}
    reference = buyer.enter(**fields, cl_ord_id="REFUSED")
    rejected = buyer.expect("J")
    assert (rejected["user_ref_num"], rejected["reason"]) == (reference, reason)
    assert rejected["cl_ord_id"] == "REFUSED"
    buyer.sync()
    assert buyer.next_ref == reference + 1


def test_options_that_change_nothing_here_are_taken(buyer):
    buyer.enter("B", 100, "AAPL", 1_000_000,
                appendage=[(Tag.FIRM, "ABCD"), (Tag.MIN_QTY, 0), (Tag.PRICE_TYPE, "L"),
                           (Tag.POST_ONLY, "N"), (99, b"unknown")])
    buyer.expect("A")


def test_below_one_a_price_may_be_in_ten_thousandths(buyer):
    buyer.enter("B", 100, "AAPL", 9_999)
    buyer.expect("A")


def test_a_mass_cancel_is_answered_then_carried_out(buyer, seller):
    apples = [buyer.enter("B", 10, "AAPL", price) for price in (900_000, 910_000)]
    others = [buyer.enter("S", 10, "MSFT", 9_000_000)]
    buyer.expect("A", "A", "A")
    seller.enter("B", 10, "AAPL", 900_000)
    seller.expect("A")
    number = buyer.take_ref()
    buyer.send(ouch50.encode_in("C", user_ref_num=number, firm="FIRM", symbol="AAPL", appendage=[]))
    response = buyer.expect("X")
    assert (response["user_ref_num"], response["firm"], response["symbol"]) == (
        number, "FIRM", "AAPL")
    assert {buyer.expect("C")["user_ref_num"] for _ in apples} == set(apples)
    assert buyer.sync() == [] and seller.sync() == []
    buyer.cancel(others[0])
    buyer.expect("C")


def test_a_mass_cancel_of_more_orders_than_the_engine_reports_at_once(buyer):
    for n in range(5_000):
        buyer.enter("B", 1, "AMZN", 10_000 + 100 * (n % 500))
    replies = buyer.sync()
    assert len(replies) == 5_000
    buyer.send(ouch50.encode_in("C", user_ref_num=buyer.take_ref(), firm="", symbol="",
                                appendage=[]))
    replies = buyer.sync()
    assert [r["type"] for r in replies] == ["X"] + ["C"] * 5_000


def test_an_order_that_sweeps_thousands_is_reported_to_the_last(buyer, seller):
    for n in range(5_000):
        seller.enter("S", 1, "GOOG", 1_000_000 + 100 * (n % 700))
    assert len(seller.sync()) == 5_000
    buyer.enter("B", 6_000, "GOOG", 2_000_000)
    replies = buyer.sync()
    assert [r["type"] for r in replies] == ["A"] + ["E"] * 5_000
    prices = [r["price"] for r in replies[1:]]
    assert prices == sorted(prices)
    assert len(seller.sync()) == 5_000


def test_a_cancel_with_an_empty_appendage_is_a_cancel(buyer):
    reference = buyer.enter("B", 100, "AAPL", 1_000_000)
    buyer.expect("A")
    buyer.send(ouch50.encode_in("X", user_ref_num=reference, quantity=0, appendage=[]))
    buyer.expect("C")


def test_logout_ends_the_session_and_leaves_the_orders(exchange, buyer, seller):
    reference = buyer.enter("B", 100, "AAPL", 1_000_000)
    buyer.expect("A")
    buyer.logout()
    seller.enter("S", 100, "AAPL", 1_000_000)
    seller.expect("A", "E")
    again = exchange.order_client()
    again.login(sequence=buyer.next_sequence)
    assert again.expect("E")["user_ref_num"] == reference  # while nobody was logged in
    with pytest.raises((Disconnected, OSError)):
        buyer.send(b"Q")
        buyer.packet()


def test_acknowledgements_are_timed(exchange, buyer):
    before = int(exchange.vitals("exchange").histogram("order_ack")["total"])
    buyer.enter("B", 100, "AAPL", 1_000_000)
    buyer.expect("A")
    buyer.sync()
    after = int(exchange.vitals("exchange").histogram("order_ack")["total"])
    assert after >= before + 1
