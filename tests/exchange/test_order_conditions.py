"""What OUCH 5.0 can ask beyond a price and a size, through the real port; what the public sees."""

import pytest

from schemas.venue import ouch50
from tests.exchange.test_market_data import public_book
from tests.exchange.venues import PASSWORDS, RunningExchange

Reject = ouch50.RejectReason
Tag = ouch50.OptionTag


@pytest.fixture
def buyer(exchange):
    return exchange.trader("DESK01")


@pytest.fixture
def seller(exchange):
    return exchange.trader("DESK02")


def modify(trader, reference, side, quantity):
    trader.send(ouch50.encode_in("M", user_ref_num=reference, side=side, quantity=quantity))


# --- hidden orders ----------------------------------------------------------------------------


def test_a_hidden_order_trades_after_displayed_ones_and_in_secret(exchange, buyer, seller):
    viewer = exchange.viewer()
    hidden = seller.enter("S", 100, "AAPL", 1_000_000, display="N")
    assert seller.expect("A")["display"] == "N"
    shown = seller.enter("S", 100, "AAPL", 1_000_000)
    seller.expect("A")
    buyer.enter("B", 150, "AAPL", 1_000_000)
    fills = [seller.expect("E"), seller.expect("E")]
    assert [(f["user_ref_num"], f["quantity"], f["liquidity_flag"]) for f in fills] == [
        (shown, 100, "A"), (hidden, 50, "J")]
    added, executed, traded = viewer.updates(3)
    assert [m["type"] for m in (added, executed, traded)] == ["A", "E", "P"]
    assert added["order_reference_number"] == executed["order_reference_number"]
    assert (traded["order_reference_number"], traded["buy_sell_indicator"]) == (0, "B")
    assert (traded["shares"], traded["price"], traded["stock"]) == (50, 1_000_000, "AAPL")
    assert traded["match_number"] == fills[1]["match_number"]
    seller.cancel(hidden)
    assert seller.expect("C")["quantity"] == 50
    buyer.enter("B", 7, "AAPL", 900_000)
    assert viewer.update()["shares"] == 7, "nothing was said of the hidden order's end"


def test_an_order_may_be_replaced_into_hiding_and_out_again(exchange, buyer):
    viewer = exchange.viewer()
    first = buyer.enter("B", 100, "AAPL", 1_000_000)
    second = buyer.replace(first, 100, 1_000_000, display="N")
    third = buyer.replace(second, 100, 1_000_100)
    assert [buyer.expect("A")["display"], buyer.expect("U")["display"],
            buyer.expect("U")["display"]] == ["Y", "N", "Y"]
    assert [m["type"] for m in viewer.updates(3)] == ["A", "D", "A"]
    buyer.cancel(third)
    buyer.expect("C")


# --- orders with a reserve --------------------------------------------------------------------


def test_a_reserve_is_displayed_piece_by_piece(exchange, buyer, seller):
    viewer = exchange.viewer()
    reference = seller.enter("S", 250, "AAPL", 1_000_000, appendage=[(Tag.MAX_FLOOR, 100)])
    accepted = seller.expect("A")
    assert (accepted["quantity"], accepted["appendage"]) == (250, [(Tag.MAX_FLOOR, 100)])
    buyer.enter("B", 230, "AAPL", 1_000_000)
    told = [seller.reply() for _ in range(5)]
    assert [m["type"] for m in told] == ["E", "R", "E", "R", "E"]
    assert [m["quantity"] for m in told[::2]] == [100, 100, 30]
    assert {m["user_ref_num"] for m in told} == {reference}
    for restated, shown in zip(told[1::2], (100, 50)):
        assert restated["reason"] == "R"
        assert dict(restated["appendage"])[Tag.DISPLAY_QUANTITY] == shown
    numbers = [accepted["order_reference_number"]] + [
        dict(m["appendage"])[Tag.SECONDARY_ORD_REF_NUM] for m in told[1::2]]
    seen = viewer.updates(6)
    assert [m["type"] for m in seen] == ["A", "E", "A", "E", "A", "E"]
    assert [m["shares"] for m in seen[::2]] == [100, 100, 50]
    assert [m["order_reference_number"] for m in seen[::2]] == numbers
    book = public_book(exchange)
    assert book.orders[numbers[-1]].shares == 20
    seller.cancel(reference)
    assert seller.expect("C")["quantity"] == 20


def test_a_cancel_takes_the_reserve_first(exchange, seller):
    viewer = exchange.viewer()
    reference = seller.enter("S", 250, "AAPL", 1_000_000, appendage=[(Tag.MAX_FLOOR, 100)])
    seller.cancel(reference, 120)
    seller.cancel(reference, 80)
    seller.cancel(reference)
    seller.expect("A")
    assert [seller.expect("C")["quantity"] for _ in range(3)] == [130, 40, 80]
    added, reduced, deleted = viewer.updates(3)
    assert (added["shares"], reduced["type"], reduced["cancelled_shares"]) == (100, "X", 20)
    assert deleted["type"] == "D"


# --- minimum quantity, fill or kill, post only ------------------------------------------------


def test_fill_or_kill_fills_or_kills(buyer, seller):
    seller.enter("S", 60, "AAPL", 1_000_000)
    seller.enter("S", 50, "AAPL", 1_000_100, display="N")
    seller.expect("A", "A")
    killed = dict(time_in_force="3", appendage=[(Tag.MIN_QTY, 111)])
    buyer.enter("B", 111, "AAPL", 1_000_100, **killed)
    assert buyer.expect("A")["appendage"] == [(Tag.MIN_QTY, 111)]
    canceled = buyer.expect("C")
    assert (canceled["quantity"], canceled["reason"]) == (111, "I")
    buyer.enter("B", 110, "AAPL", 1_000_100, time_in_force="3", appendage=[(Tag.MIN_QTY, 110)])
    buyer.expect("A")
    assert [buyer.expect("E")["quantity"] for _ in range(2)] == [60, 50]


def test_a_hidden_order_with_a_minimum_lets_small_ones_pass(buyer, seller):
    large = buyer.enter("B", 500, "AAPL", 1_000_000, display="N", appendage=[(Tag.MIN_QTY, 200)])
    buyer.expect("A")
    seller.enter("S", 100, "AAPL", 1_000_000, time_in_force="3")
    assert seller.expect("A", "C")["reason"] == "I"
    seller.enter("S", 300, "AAPL", 1_000_000, time_in_force="3")
    seller.expect("A", "E")
    assert buyer.expect("E")["quantity"] == 300
    buyer.cancel(large)
    assert buyer.expect("C")["quantity"] == 200


def test_a_post_only_order_that_would_take_is_accepted_then_canceled(buyer, seller):
    seller.enter("S", 100, "AAPL", 1_000_000)
    seller.expect("A")
    post = dict(appendage=[(Tag.POST_ONLY, "P")])
    buyer.enter("B", 100, "AAPL", 1_000_000, **post)
    assert buyer.expect("A")["appendage"] == [(Tag.POST_ONLY, "P")]
    canceled = buyer.expect("C")
    assert (canceled["quantity"], canceled["reason"]) == (100, "G")
    original = buyer.enter("B", 100, "AAPL", 999_900, **post)
    buyer.expect("A")
    buyer.replace(original, 100, 1_000_000, **post)
    assert buyer.expect("U")["appendage"] == [(Tag.POST_ONLY, "P")]
    assert buyer.expect("C")["reason"] == "G"
    assert seller.sync() == [], "the seller heard of nothing"


# --- modify, disable, enable ------------------------------------------------------------------


def test_a_modification_marks_a_sale_otherwise_and_keeps_its_place(exchange, buyer, seller):
    viewer = exchange.viewer()
    first = seller.enter("S", 100, "AAPL", 1_000_000)
    seller.enter("S", 100, "AAPL", 1_000_000)
    seller.expect("A", "A")
    modify(seller, first, "E", 70)
    changed = seller.expect("M")
    assert (changed["user_ref_num"], changed["side"], changed["quantity"]) == (first, "E", 70)
    modify(seller, first, "T", 500)
    changed = seller.expect("M")
    assert (changed["side"], changed["quantity"]) == ("T", 70), "it never grows"
    assert [m["type"] for m in viewer.updates(3)] == ["A", "A", "X"]
    buyer.enter("B", 10, "AAPL", 1_000_000)
    assert seller.expect("E")["user_ref_num"] == first
    replacement = seller.replace(first, 70, 1_000_100)
    assert seller.expect("U")["side"] == "T"
    modify(seller, replacement, "T", 10)
    assert seller.expect("C")["quantity"] == 60, "10 have executed"


def test_a_modification_that_cannot_be_is_ignored(exchange, buyer, seller):
    bid = buyer.enter("B", 100, "AAPL", 900_000)
    short = seller.enter("T", 100, "AAPL", 1_000_000)
    ignored = exchange.counter("ignored")
    modify(buyer, bid, "S", 50)
    modify(seller, short, "S", 50)
    modify(seller, short, "E", 50)
    modify(seller, 123_456_789, "T", 50)
    modify(buyer, short + 100_000, "T", 50)
    assert [m["type"] for m in buyer.sync()] == ["A"]
    assert [m["type"] for m in seller.sync()] == ["A"]
    assert exchange.counter("ignored") == ignored + 5


def test_order_entry_is_disabled_and_enabled_again(buyer, seller):
    resting = buyer.enter("B", 100, "AAPL", 900_000)
    buyer.expect("A")
    number = buyer.take_ref()
    buyer.send(ouch50.encode_in("D", user_ref_num=number, firm="FIRM", appendage=[]))
    response = buyer.expect("G")
    assert (response["user_ref_num"], response["firm"]) == (number, "FIRM")
    buyer.enter("B", 100, "AAPL", 900_000)
    assert buyer.expect("J")["reason"] == Reject.FIRM_NOT_AUTHORISED
    buyer.replace(resting, 100, 900_100)
    assert buyer.expect("J")["reason"] == Reject.REPLACE_NOT_ALLOWED
    buyer.send(ouch50.encode_in("E", user_ref_num=number, firm="FIRM", appendage=[]))
    assert buyer.sync() == [], "a number that was used is ignored"
    seller.enter("S", 40, "AAPL", 900_000)
    assert buyer.expect("E")["quantity"] == 40, "what rests trades on"
    buyer.send(ouch50.encode_in("E", user_ref_num=buyer.take_ref(), firm="FIRM", appendage=[]))
    assert buyer.expect("K")["firm"] == "FIRM"
    buyer.enter("B", 100, "AAPL", 900_000)
    buyer.expect("A")


# --- self-match prevention and collars, which are an exchange's config ------------------------


@pytest.fixture(scope="module")
def strict_exchange(tmp_path_factory):
    modes = dict(DESK01="newest", DESK02="oldest", DESK03="both")
    accounts = [{"username": name, "password": word, "self_match": modes.get(name, "none")}
                for name, word in PASSWORDS.items()]
    with RunningExchange(tmp_path_factory.mktemp("strict"), accounts=accounts, collar=0.1,
                         prices={"AAPL": 100.0}) as exchange:
        yield exchange


@pytest.mark.parametrize("account, letter, canceled", [
    ("DESK01", "N", ["incoming"]), ("DESK02", "O", ["resting"]),
    ("DESK03", "B", ["resting", "incoming"]), ("fuzz", "", []),
])
def test_orders_of_one_account_do_not_trade_with_each_other(strict_exchange, account, letter,
                                                            canceled):
    strict_exchange.clear_books()
    trader = strict_exchange.trader(account)
    refs = {"resting": trader.enter("S", 300, "MSFT", 1_000_000)}
    refs["incoming"] = trader.enter("B", 100, "MSFT", 1_000_100)
    told = [m for m in trader.sync() if m["type"] != "A"]
    assert [m["user_ref_num"] for m in told if m["type"] == "D"] == [refs[c] for c in canceled]
    if not canceled:
        assert [m["type"] for m in told] == ["E", "E"]
    for message, which in zip(told, canceled):
        assert message["decrement_shares"] == (300 if which == "resting" else 100)
        assert message["quantity_prevented_from_trading"] == 100
        assert (message["execution_price"], message["reason"]) == (1_000_000, "Q")
        assert message["liquidity_flag"] == ("A" if which == "resting" else "R")
        assert message["aiq_strategy"] == letter


def test_a_collar_counts_from_the_last_price(strict_exchange):
    strict_exchange.clear_books()
    buyer, seller = strict_exchange.trader("DESK01"), strict_exchange.trader("DESK02")
    buyer.enter("B", 100, "AAPL", 1_100_100)
    assert buyer.expect("J")["reason"] == Reject.FAT_FINGER
    seller.enter("S", 100, "AAPL", 1_100_000)
    seller.enter("S", 100, "AAPL", 1_220_000)
    seller.expect("A", "A")
    buyer.enter("B", 150, "AAPL", 1_999_999_900, time_in_force="3")  # a market order
    assert buyer.expect("A")["price"] == 1_999_999_900
    assert buyer.expect("E")["price"] == 1_100_000
    canceled = buyer.expect("C")
    assert (canceled["quantity"], canceled["reason"]) == (50, "K")
    buyer.enter("B", 100, "AAPL", 1_210_000)  # 10% above the trade
    buyer.expect("A")
    seller.enter("S", 50, "AAPL", 1, time_in_force="3")
    seller.expect("E", "A")
    assert seller.expect("E")["price"] == 1_210_000
