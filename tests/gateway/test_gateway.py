"""Orders out, reports back: the gateway against a venue that does what the test says."""

import numpy as np
import pytest

from schemas.enums import ActorState, Display, OrderType, Side, TimeInForce
from schemas.venue import ouch50
from tests.gateway.desk import FIRST, STRATEGY, TradingDesk, gateway_plan, reasons, told
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_gateway")]

DAY = TimeInForce.DAY


# ---- orders out ----------------------------------------------------------------------------------

def test_it_logs_in_asks_for_its_next_reference_and_is_ready(desk, venue):
    assert desk.says("gateway", "ready for orders, next reference 1, 0 live")
    assert desk.lines("gateway")[-2] == "logged in to order entry, next sequence 1"
    assert venue.requests == [{"type": "Q"}]


def test_it_goes_on_from_the_reference_the_venue_says(tmp_path, venue):
    venue.last_ref = 41
    with TradingDesk(gateway_plan(tmp_path, venue)) as desk:
        desk.ready()
        desk.new(1)
        desk.wait_reports(1)
        assert venue.of_type("O")[0]["user_ref_num"] == 42


def test_an_order_is_these_bytes(desk, venue):
    desk.new(12456, side=Side.BUY, quantity=50, price_e4=150_3000, symbol_id=0)
    desk.new(12457, side=Side.SELL, quantity=999_999, price_e4=1, symbol_id=1, time_in_force=DAY,
             display=Display.HIDDEN)
    desk.wait_reports(2)
    assert venue.received[1].hex(" ") == (
        "4f "                        # O
        "00 00 00 01 "               # user_ref_num
        "42 "                        # B
        "00 00 00 32 "               # 50 shares
        "41 41 50 4c 20 20 20 20 "   # AAPL
        "00 00 00 00 00 16 ef 18 "   # 150.30
        "33 59 50 4e 4e "            # IOC, visible, principal, no sweep, continuous
        "33 30 30 30 30 30 30 31 32 34 35 36 20 20 "  # order id, two spaces
        "00 00")                     # no options
    assert ouch50.decode_in(venue.received[2]) == dict(
        type="O", user_ref_num=2, side="S", quantity=999_999, symbol="MSFT", price=1,
        time_in_force="0", display="N", capacity="P", intermarket_sweep_eligibility="N",
        cross_type="N", cl_ord_id=str(FIRST + 12457), appendage_length=0, appendage=[])


@pytest.mark.parametrize("side, letter, price", [(Side.BUY, "B", 1_999_999_900),
                                                 (Side.SELL, "S", 1)])
def test_a_market_order_is_an_ioc_that_trades_with_anybody(desk, venue, side, letter, price):
    desk.new(1, side=side, order_type=OrderType.MARKET, time_in_force=DAY, price_e4=0)
    desk.wait_reports(1)
    sent, = venue.of_type("O")
    assert (sent["side"], sent["price"], sent["time_in_force"]) == (letter, price, "3")


def test_the_five_stamps_are_in_order_and_counted(desk, venue):
    desk.new(1)
    ack = desk.wait_reports(1)[0]
    stamps = [int(ack[f"t{n}_ns"]) for n in (1, 2, 3, 4, 5)]
    assert stamps == sorted(stamps) and stamps[3] > stamps[2] and stamps[4] > stamps[3]
    assert ack["receive_ns"] == ack["t5_ns"]
    for name in ("t3_t4", "t1_t4", "t4_t5"):
        assert desk.vitals("gateway").histogram(name)["total"] == 1
    assert desk.vitals("gateway").histogram("t4_t5")["max_ns"] == stamps[4] - stamps[3]


# ---- reports back --------------------------------------------------------------------------------

def test_an_order_that_fills_in_two_parts(desk, venue):
    desk.new(1, quantity=50)
    desk.wait_reports(1)
    venue.execute(1, 20, 150_2900)
    venue.execute(1, 30, 150_3000)
    reports = desk.wait_reports(3)
    assert told(reports) == [("ACK", 1, "NEW", 0, 50, 0),
                             ("FILL", 1, "PARTIALLY_FILLED", 20, 30, 20),
                             ("FILL", 1, "FILLED", 30, 0, 50)]
    assert reports["report_seq"].tolist() == [1, 2, 3]
    assert reports["exec_price_e4"].tolist() == [0, 150_2900, 150_3000]
    assert reports["exec_id"].tolist() == [0, 9001, 9002]
    assert reports["liquidity"].tolist() == [0, ord("R"), ord("R")]
    assert set(reports["symbol_id"]) == {0} and set(reports["side"]) == {Side.BUY}
    assert set(reports["strategy_id"]) == {STRATEGY} and set(reports["price_e4"]) == {150_3000}
    assert (np.diff(reports["exchange_ns"]) > 0).all()
    assert desk.counter("gateway", "fills") == 2 and desk.counter("gateway", "filled_shares") == 50
    assert desk.says("gateway", "fill 1 30 @ 150.30 · tick-to-trade ")
    assert "order 1 BUY 50 AAPL @ 150.30 IOC" in desk.lines("gateway")


def test_an_ioc_order_that_finds_nobody_is_cancelled(desk, venue):
    desk.new(1)
    desk.wait_reports(1)
    venue.reduce_to(1, 0, reason="I")
    reports = desk.wait_reports(2)
    assert told(reports)[1] == ("CANCEL", 1, "CANCELED", 50, 0, 0)
    assert reasons(reports) == ["NONE", "NONE"]


def test_an_order_accepted_dead_is_acknowledged_and_cancelled(desk, venue):
    venue.accepts = False
    desk.new(1)
    eventually(lambda: venue.of_type("O"))
    venue.accept(venue.of_type("O")[0], state="D")
    assert told(desk.wait_reports(2)) == [("ACK", 1, "NEW", 0, 50, 0),
                                          ("CANCEL", 1, "CANCELED", 50, 0, 0)]


@pytest.mark.parametrize("code, reason, word", [
    (ouch50.RejectReason.HALTED, "VENUE_HALTED", "halted"),
    (ouch50.RejectReason.INVALID_PRICE, "VENUE_PRICE", "invalid price"),
    (ouch50.RejectReason.INVALID_SYMBOL, "VENUE_SYMBOL", "invalid symbol"),
    (ouch50.RejectReason.INVALID_QUANTITY, "VENUE_QUANTITY", "invalid quantity"),
    (ouch50.RejectReason.DESTINATION_CLOSED, "VENUE_CLOSED", "destination closed"),
    (ouch50.RejectReason.TEST, "VENUE", "test"), (0xFFFF, "VENUE", "code 0xffff")])
def test_a_rejected_order_says_why(desk, venue, code, reason, word):
    venue.accepts = False
    desk.new(1)
    eventually(lambda: venue.of_type("O"))
    venue.reject(venue.of_type("O")[0], int(code))
    reports = desk.wait_reports(1)
    assert told(reports) == [("REJECT", 1, "REJECTED", 0, 0, 0)]
    assert reasons(reports) == [reason]
    assert desk.says("gateway", f"reject 1: {reason} ({word})")


def test_self_match_prevention_is_a_cancel(desk, venue):
    desk.new(1)
    desk.wait_reports(1)
    venue.say("D", user_ref_num=1, decrement_shares=50, reason="Q",
              quantity_prevented_from_trading=50, execution_price=150_3000, liquidity_flag="R",
              aiq_strategy="N")
    assert told(desk.wait_reports(2))[1] == ("CANCEL", 1, "CANCELED", 50, 0, 0)


# ---- what the gateway refuses --------------------------------------------------------------------

@pytest.mark.parametrize("terms, reason", [
    (dict(symbol_id=2), "UNKNOWN_SYMBOL"), (dict(symbol_id=2**32 - 1), "UNKNOWN_SYMBOL"),
    (dict(quantity=0), "ORDER_SIZE"), (dict(quantity=1_000_000), "ORDER_SIZE"),
    (dict(price_e4=0), "PRICE"), (dict(price_e4=-1), "PRICE"),
    (dict(price_e4=1_999_999_901), "PRICE"), (dict(side=Side.NONE), "INVALID"),
    (dict(side=7), "INVALID"), (dict(order_type=OrderType.NONE), "INVALID"),
    (dict(time_in_force=TimeInForce.NONE), "INVALID"), (dict(command=9), "INVALID")])
def test_an_order_the_protocol_cannot_carry_is_refused(desk, venue, terms, reason):
    desk.new(1, **terms)
    reports = desk.wait_reports(1)
    assert told(reports) == [("REJECT", 1, "REJECTED", 0, 0, 0)]
    assert reasons(reports) == [reason]
    assert reports["report_seq"][0] == 1 and reports["strategy_id"][0] == STRATEGY
    assert desk.counter("gateway", "refused") == 1
    assert venue.of_type("O") == []


@pytest.mark.parametrize("order_id", [0, 10**14, 2**63, 2**64 - 1])
def test_an_order_id_that_does_not_fit_the_protocol_is_refused(desk, venue, order_id):
    desk.send(order_id=order_id)
    assert reasons(desk.wait_reports(1)) == ["INVALID"]
    assert desk.reports["order_id"][0] == order_id


def test_an_order_id_is_good_for_one_order(desk, venue):
    desk.new(1)
    desk.wait_reports(1)
    desk.new(1)
    desk.wait_reports(2)
    venue.execute(1, 50, 150_0000)
    desk.wait_reports(3)
    desk.new(1)
    reports = desk.wait_reports(4)
    assert reasons(reports) == ["NONE", "DUPLICATE_ORDER", "NONE", "DUPLICATE_ORDER"]
    assert len(venue.of_type("O")) == 1


def test_when_every_place_holds_a_live_order_the_next_is_refused(desk, venue):
    for number in range(1, 65):
        desk.new(number, time_in_force=DAY)
    desk.wait_reports(64)
    desk.new(65)
    reports = desk.wait_reports(65)
    assert told(reports)[64] == ("REJECT", 65, "REJECTED", 0, 0, 0)
    assert reasons(reports)[64] == "TABLE_FULL"
    venue.execute(7, 50, 150_0000)
    desk.wait_reports(66)
    desk.new(66)
    assert told(desk.wait_reports(67))[66] == ("ACK", 66, "NEW", 0, 50, 0)
    sent = [o["user_ref_num"] for o in venue.of_type("O")]
    assert sent == [*range(1, 65), 64 + 7], "numbers of live orders' places are left out"


def test_places_are_used_again_and_again(tmp_path, venue):
    with TradingDesk(gateway_plan(tmp_path, venue, max_orders=16)) as desk:
        desk.ready()
        for number in range(1, 49):
            desk.new(number)
            desk.wait_reports(2 * number - 1)
            venue.execute(number, 50, 150_0000)
        desk.wait_reports(96)
        assert desk.reports["report_seq"].tolist() == list(range(1, 97))
        desk.cancel(33)
        desk.cancel(32)
        assert reasons(desk.wait_reports(98)[96:]) == ["CANCEL_REJECTED", "UNKNOWN_ORDER"]


def test_without_a_venue_every_order_is_refused_at_once(tmp_path, venue):
    venue.stop_listening()
    with TradingDesk(gateway_plan(tmp_path, venue)) as desk:
        assert desk.says("gateway", "connection refused")
        assert desk.state("gateway") == ActorState.CATCHING_UP
        desk.new(1)
        reports = desk.wait_reports(1)
        assert told(reports) == [("REJECT", 1, "REJECTED", 0, 0, 0)]
        assert reasons(reports) == ["NOT_CONNECTED"]
        venue.listen()
        desk.ready()
        desk.new(2)
        assert told(desk.wait_reports(2))[1] == ("ACK", 2, "NEW", 0, 50, 0)


def test_before_the_venue_has_said_where_to_go_on_orders_are_refused(tmp_path, venue):
    venue.answers_queries = False
    with TradingDesk(gateway_plan(tmp_path, venue)) as desk:
        eventually(lambda: venue.of_type("Q"))
        desk.new(1)
        assert reasons(desk.wait_reports(1)) == ["NOT_CONNECTED"]
        venue.say("Q", next_user_ref_num=1)
        desk.ready()
