"""The gateway against a venue that does what the test says."""

import numpy as np
import pytest

from actors.gateway.state import ORDER
from actors.runtime.soup_kernels import SOUP_LINK
from schemas.enums import (
    ActorState, Display, Flag, OrderStatus, OrderType, RejectReason, ReportType, Side, TimeInForce,
)
from schemas.venue import ouch50
from schemas.venue import soupbintcp as soup
from tests.gateway.desk import FIRST, STRATEGY, TradingDesk, TradingDeskApart, gateway_plan
from tests.gateway.ouch_venue import OuchVenue
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_gateway")]

ACK, FILL, CANCEL = ReportType.ACK, ReportType.FILL, ReportType.CANCEL
REJECT, REPLACE = ReportType.REJECT, ReportType.REPLACE
NEW, PARTIAL, FILLED = OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED, REJECTED = OrderStatus.CANCELED, OrderStatus.REJECTED
DAY = TimeInForce.DAY


@pytest.fixture
def venue():
    with OuchVenue() as venue:
        yield venue


@pytest.fixture
def desk(tmp_path, venue):
    """Ready to trade."""
    with TradingDesk(gateway_plan(tmp_path, venue)) as desk:
        desk.ready()
        yield desk


def told(reports) -> list[tuple]:
    """Type, order number, status, shares, what is left and what was executed in all."""
    return [(ReportType(int(r["report_type"])).name, int(r["order_id"]) - FIRST,
             OrderStatus(int(r["order_status"])).name, int(r["exec_qty"]), int(r["leaves_qty"]),
             int(r["cum_qty"])) for r in reports]


def reasons(reports) -> list[str]:
    return [RejectReason(int(r["reject_reason"])).name for r in reports]


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


@pytest.mark.parametrize("side, letter, price", [(Side.BUY, "B", 1_999_999_900), (Side.SELL, "S", 1)])
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


# ---- cancels -------------------------------------------------------------------------------------

def test_a_cancel_ends_an_order(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.execute(1, 10, 150_0000)
    desk.wait_reports(2)
    desk.cancel(1)
    assert told(desk.wait_reports(3))[2] == ("CANCEL", 1, "CANCELED", 40, 0, 10)
    assert venue.of_type("X") == [{"type": "X", "user_ref_num": 1, "quantity": 0}]


def test_a_cancel_may_leave_some(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.execute(1, 10, 150_0000)
    desk.wait_reports(2)
    desk.cancel(1, leave=15)
    assert told(desk.wait_reports(3))[2] == ("CANCEL", 1, "PARTIALLY_FILLED", 25, 15, 10)
    assert venue.of_type("X")[0]["quantity"] == 25, "the venue counts executed shares too"
    venue.execute(1, 15, 150_0000)
    assert told(desk.wait_reports(4))[3] == ("FILL", 1, "FILLED", 15, 0, 25)


def test_a_cancel_the_venue_refuses_leaves_the_order_as_it_is(desk, venue):
    venue.cancels = False
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    desk.cancel(1)
    eventually(lambda: venue.of_type("X"))
    venue.say("I", user_ref_num=1)
    reports = desk.wait_reports(2)
    assert told(reports)[1] == ("REJECT", 1, "NEW", 0, 50, 0)
    assert reasons(reports)[1] == "CANCEL_REJECTED"


def test_a_cancel_of_an_order_that_is_over_is_told_what_became_of_it(desk, venue):
    desk.new(1)
    desk.wait_reports(1)
    venue.execute(1, 50, 150_0000)
    desk.wait_reports(2)
    desk.cancel(1)
    reports = desk.wait_reports(3)
    assert told(reports)[2] == ("REJECT", 1, "FILLED", 0, 0, 50)
    assert reasons(reports)[2] == "CANCEL_REJECTED"
    assert venue.of_type("X") == []


def test_a_cancel_of_an_order_nobody_knows_is_refused(desk, venue):
    desk.cancel(77)
    reports = desk.wait_reports(1)
    assert told(reports) == [("REJECT", 77, "REJECTED", 0, 0, 0)]
    assert reasons(reports) == ["UNKNOWN_ORDER"]


@pytest.mark.parametrize("leave", [50, 51])
def test_a_cancel_that_would_take_nothing_off_is_refused(desk, venue, leave):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    desk.cancel(1, leave=leave)
    assert told(desk.wait_reports(2))[1] == ("REJECT", 1, "NEW", 0, 50, 0)


# ---- replacements --------------------------------------------------------------------------------

def test_a_replacement_takes_over_what_was_executed(desk, venue):
    desk.new(1, quantity=50, time_in_force=DAY)
    desk.wait_reports(1)
    venue.execute(1, 10, 150_0000)
    desk.wait_reports(2)
    desk.replace(1, 2, quantity=80, price_e4=150_5000, time_in_force=DAY)
    report = desk.wait_reports(3)[2:]
    assert told(report) == [("REPLACE", 2, "NEW", 0, 70, 10)]
    assert (report["original_id"][0], report["price_e4"][0]) == (FIRST + 1, 150_5000)
    assert venue.of_type("U") == [dict(
        type="U", orig_user_ref_num=1, user_ref_num=2, quantity=80, price=150_5000,
        time_in_force="0", display="Y", intermarket_sweep_eligibility="N",
        cl_ord_id=str(FIRST + 2), appendage_length=0, appendage=[])]
    venue.execute(2, 70, 150_5000)
    assert told(desk.wait_reports(4))[3] == ("FILL", 2, "FILLED", 70, 0, 80)
    old = desk.orders()[1]
    assert (old["status"], old["leaves"]) == (OrderStatus.REPLACED, 0)


def test_a_replacement_that_comes_too_late_is_rejected_with_the_fill(desk, venue):
    venue.accepts = True
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.accepts = False
    desk.replace(1, 2, quantity=80)
    eventually(lambda: venue.of_type("U"))
    venue.execute(1, 50, 150_3000)
    reports = desk.wait_reports(3)
    assert told(reports)[1:] == [("FILL", 1, "FILLED", 50, 0, 50), ("REJECT", 2, "REJECTED", 0, 0, 0)]
    assert reasons(reports)[2] == "CANCEL_REJECTED"
    assert reports["original_id"].tolist() == [0, 0, FIRST + 1]


def test_a_replacement_the_venue_rejects_leaves_the_original(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.accepts = False
    desk.replace(1, 2, quantity=80)
    eventually(lambda: venue.of_type("U"))
    venue.reject(venue.of_type("U")[0], ouch50.RejectReason.REPLACE_NOT_ALLOWED)
    assert told(desk.wait_reports(2))[1] == ("REJECT", 2, "REJECTED", 0, 0, 0)
    assert desk.reports["original_id"][1] == FIRST + 1
    venue.accepts = True
    venue.last_ref = 2
    desk.replace(1, 3, quantity=90)
    assert told(desk.wait_reports(3))[2] == ("REPLACE", 3, "NEW", 0, 90, 0)


def test_a_cancel_while_a_replacement_is_on_its_way_means_both(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.accepts = venue.cancels = False
    desk.replace(1, 2, quantity=80)
    desk.cancel(1)
    eventually(lambda: len(venue.of_type("X")) == 2)
    assert [x["user_ref_num"] for x in venue.of_type("X")] == [1, 2]


@pytest.mark.parametrize("terms, reason", [
    (dict(quantity=10), "ORDER_SIZE"), (dict(quantity=0), "ORDER_SIZE"),
    (dict(price_e4=0), "PRICE"), (dict(time_in_force=TimeInForce.NONE), "INVALID")])
def test_a_replacement_with_impossible_terms_is_refused(desk, venue, terms, reason):
    """Ten shares are executed already."""
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.execute(1, 10, 150_0000)
    desk.wait_reports(2)
    desk.replace(1, 2, **{"quantity": 80, **terms})
    reports = desk.wait_reports(3)
    assert told(reports)[2] == ("REJECT", 2, "REJECTED", 0, 0, 0)
    assert reasons(reports)[2] == reason
    assert venue.of_type("U") == []


def test_replacing_what_is_over_or_unknown_is_refused(desk, venue):
    desk.new(1)
    desk.wait_reports(1)
    venue.execute(1, 50, 150_0000)
    desk.wait_reports(2)
    desk.replace(1, 2, quantity=80)
    desk.replace(99, 3, quantity=80)
    reports = desk.wait_reports(4)[2:]
    assert [n for _, n, *_ in told(reports)] == [2, 3]
    assert reasons(reports) == ["CANCEL_REJECTED", "UNKNOWN_ORDER"]


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


# ---- no answer -----------------------------------------------------------------------------------

def test_an_order_without_an_answer_is_cancelled_and_called_unknown(tmp_path, venue):
    venue.accepts = False
    with TradingDesk(gateway_plan(tmp_path, venue, order_timeout_ms=30)) as desk:
        desk.ready()
        desk.new(1)
        reports = desk.wait_reports(1)
        assert told(reports) == [("REJECT", 1, "UNKNOWN", 0, 50, 0)]
        assert reasons(reports) == ["TIMEOUT"]
        eventually(lambda: venue.of_type("X") == [{"type": "X", "user_ref_num": 1, "quantity": 0}])
        assert desk.counter("gateway", "timeouts") == 1
        assert desk.says("gateway",
                         "timeout 1: no answer from the venue within 30 ms, cancel sent")

        venue.accept(venue.of_type("O")[0])
        venue.reduce_to(1, 0)
        assert told(desk.wait_reports(3))[1:] == [("ACK", 1, "NEW", 0, 50, 0),
                                                  ("CANCEL", 1, "CANCELED", 50, 0, 0)]


def test_only_the_orders_without_an_answer_time_out(tmp_path, venue):
    with TradingDesk(gateway_plan(tmp_path, venue, order_timeout_ms=40)) as desk:
        desk.ready()
        desk.new(1, time_in_force=DAY)
        desk.wait_reports(1)
        venue.accepts = False
        desk.new(2)
        assert [n for _, n, *_ in told(desk.wait_reports(2))] == [1, 2]
        venue.accepts = True
        desk.new(3, time_in_force=DAY)
        assert told(desk.wait_reports(3))[2] == ("ACK", 3, "NEW", 0, 50, 0)
        assert desk.counter("gateway", "timeouts") == 1


# ---- losing the venue ----------------------------------------------------------------------------

def test_what_the_venue_said_during_an_outage_is_reported_after_it(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.new(2, time_in_force=DAY)
    desk.wait_reports(2)
    venue.stop_listening()
    venue.drop()
    eventually(lambda: desk.state("gateway") == ActorState.CATCHING_UP)
    venue.execute(1, 50, 150_0000)
    venue.listen()
    reports = desk.wait_reports(3)
    assert told(reports)[2] == ("FILL", 1, "FILLED", 50, 0, 50)
    desk.ready()
    assert desk.says("gateway", "ready for orders, next reference 3, 1 live")
    desk.new(3)
    assert told(desk.wait_reports(4))[3] == ("ACK", 3, "NEW", 0, 50, 0)
    assert desk.reports["report_seq"].tolist() == [1, 2, 3, 4]


def test_an_order_that_never_reached_the_venue_is_rejected_after_the_outage(desk, venue):
    venue.accepts = False
    venue.deaf = True
    desk.new(1)
    eventually(lambda: venue.unheard == 1)
    venue.drop()
    venue.deaf = False
    reports = desk.wait_reports(1)
    assert told(reports) == [("REJECT", 1, "REJECTED", 0, 0, 0)]
    assert reasons(reports) == ["NOT_CONNECTED"]
    venue.accepts = True
    desk.ready()
    desk.new(2)
    assert told(desk.wait_reports(2))[1] == ("ACK", 2, "NEW", 0, 50, 0)


def test_an_order_that_reached_the_venue_just_before_the_outage_is_acknowledged(desk, venue):
    venue.accepts = False
    desk.new(1, time_in_force=DAY)
    eventually(lambda: venue.of_type("O"))
    venue.stop_listening()
    venue.drop()
    venue.accept(venue.of_type("O")[0])
    venue.listen()
    assert told(desk.wait_reports(1)) == [("ACK", 1, "NEW", 0, 50, 0)]
    desk.ready()
    assert desk.says("gateway", "1 live")


def test_a_cancel_lost_in_an_outage_is_sent_again(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.deaf = True
    desk.cancel(1)
    eventually(lambda: venue.unheard == 1)
    venue.drop()
    venue.deaf = False
    assert told(desk.wait_reports(2))[1] == ("CANCEL", 1, "CANCELED", 50, 0, 0)


def test_when_the_venue_starts_over_every_live_order_is_over(desk, venue):
    for number in (1, 2, 3):
        desk.new(number, time_in_force=DAY)
    desk.wait_reports(3)
    venue.execute(2, 50, 150_0000)
    venue.execute(3, 20, 150_0000)
    desk.wait_reports(5)
    venue.restart("DAY2")
    reports = desk.wait_reports(7)[5:]
    assert told(reports) == [("CANCEL", 1, "CANCELED", 50, 0, 0), ("CANCEL", 3, "CANCELED", 30, 0, 20)]
    assert reasons(reports) == ["VENUE_CLOSED"] * 2
    assert desk.says("gateway", "canceled 3 30: the venue's session is over")
    assert desk.says("gateway", "session 'DAY1' is over")
    desk.ready()
    desk.new(4)
    assert told(desk.wait_reports(8))[7] == ("ACK", 4, "NEW", 0, 50, 0)


def test_garbage_from_the_venue_drops_the_session_and_no_order(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.send_raw(b"\x00\x00garbage")
    assert desk.says("gateway", "no SoupBinTCP packet, starting 00 00 67")
    desk.ready()
    venue.execute(1, 50, 150_0000)
    assert told(desk.wait_reports(2))[1] == ("FILL", 1, "FILLED", 50, 0, 50)


def test_messages_that_are_no_ouch_are_counted_and_the_first_is_shown(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.publish(b"?", b"", b"E too short", b"\xff" * 36)
    venue.execute(1, 50, 150_0000)
    desk.wait_reports(2)
    assert desk.counter("gateway", "bad_messages") == 4
    assert desk.says("gateway", "is no OUCH 5.0 response: 3f (further")
    assert len(desk.reports) == 2


def test_reports_on_orders_of_somebody_else_are_counted_not_passed_on(desk, venue):
    for ref in (500, 501):
        venue.say("C", user_ref_num=ref, quantity=10, reason="U")
    eventually(lambda: desk.counter("gateway", "unknown_orders") == 2)
    assert len(desk.reports) == 0
    assert desk.says("gateway", "of type 'C' is about order reference 500")


def test_an_order_accepted_that_nobody_expects_is_cancelled(desk, venue):
    """It would trade without anybody knowing."""
    desk.new(1)
    desk.wait_reports(1)
    venue.accept(dict(venue.of_type("O")[0], user_ref_num=300))
    eventually(lambda: {"type": "X", "user_ref_num": 300, "quantity": 0} in venue.requests)
    assert desk.counter("gateway", "orphans") == 1
    assert desk.says("gateway", "order reference 300 in message")


def test_the_rest_of_the_protocol_is_understood_and_changes_nothing(desk, venue):
    desk.new(1, time_in_force=DAY)
    desk.wait_reports(1)
    venue.say("S", event_code="S")
    venue.say("P", user_ref_num=1)
    venue.say("T", user_ref_num=1, price=150_3000, display="Y", order_reference_number=1)
    venue.say("M", user_ref_num=1, side="B", quantity=50)
    venue.say("R", user_ref_num=1, reason="R")
    venue.say("B", user_ref_num=1, match_number=9, reason="E", cl_ord_id="")
    venue.execute(1, 50, 150_0000)
    assert told(desk.wait_reports(2))[1] == ("FILL", 1, "FILLED", 50, 0, 50)
    assert desk.says("gateway", "venue: start of day")
    assert desk.says("gateway", "the venue broke trade 9 of order 1")
    assert desk.counter("gateway", "other_messages") == 4


# ---- ends and beginnings -------------------------------------------------------------------------

def test_stopping_logs_out(tmp_path, venue):
    with TradingDesk(gateway_plan(tmp_path, venue)) as desk:
        desk.ready()
        before = venue.logouts
        assert desk.stop()
        assert venue.logouts == before + 1
        assert desk.says("gateway", "logged out of order entry")


def test_a_stopping_gateway_waits_for_answers(tmp_path, venue):
    venue.accepts = False
    with TradingDesk(gateway_plan(tmp_path, venue)) as desk:
        desk.ready()
        desk.new(1)
        eventually(lambda: venue.of_type("O"))
        desk.vitals("gateway").header["command"] = desk.vitals("desk").header["command"] = 1
        eventually(lambda: desk.state("gateway") == ActorState.STOPPING)
        venue.accept(venue.of_type("O")[0])
        assert desk.stop()
        assert told(desk.reports) == [("ACK", 1, "NEW", 0, 50, 0)]


def test_a_killed_gateway_goes_on_with_its_orders_and_its_numbers(tmp_path, venue):
    with TradingDeskApart(gateway_plan(tmp_path, venue, apart=True)) as desk:
        eventually(desk.all_running, 60)
        for number in (1, 2, 3):
            desk.new(number, time_in_force=DAY)
        desk.wait_reports(3)
        venue.execute(1, 50, 150_0000)
        desk.wait_reports(4)
        desk.kill("gateway")
        venue.execute(2, 20, 150_0000)
        venue.reduce_to(3, 0)
        desk.start("gateway")
        reports = desk.wait_reports(6)
        assert told(reports)[4:] == [("FILL", 2, "PARTIALLY_FILLED", 20, 30, 20),
                                     ("CANCEL", 3, "CANCELED", 50, 0, 0)]
        assert reports["report_seq"].tolist() == [1, 2, 3, 4, 5, 6]
        eventually(desk.all_running, 60)
        assert desk.says("gateway", "recovered 2 live orders, next message of the venue 6")
        assert desk.says("gateway", "ready for orders, next reference 4, 1 live")
        desk.cancel(2)
        desk.new(4)
        assert sorted(told(desk.wait_reports(8))[6:]) == [("ACK", 4, "NEW", 0, 50, 0),
                                                          ("CANCEL", 2, "CANCELED", 30, 0, 20)]


def test_a_message_half_done_at_the_kill_is_reported_again_under_its_number(tmp_path, venue):
    """As if the gateway had died between the report and its note that the message is done."""
    with TradingDeskApart(gateway_plan(tmp_path, venue, apart=True)) as desk:
        eventually(desk.all_running, 60)
        desk.new(1, time_in_force=DAY)
        desk.wait_reports(1)
        venue.execute(1, 20, 150_0000)
        desk.wait_reports(2)
        desk.kill("gateway")
        desk.table("gateway", "link", SOUP_LINK, 1)["next_sequence"] -= 1
        desk.start("gateway")
        reports = desk.wait_reports(3)
        assert told(reports)[1] == told(reports)[2] == ("FILL", 1, "PARTIALLY_FILLED", 20, 30, 20)
        assert reports["report_seq"].tolist() == [1, 2, 2]
        assert reports["header"]["flags"].tolist() == [0, 0, Flag.REPLAYED]
        assert reports["exec_id"][1] == reports["exec_id"][2]
        order = desk.table("gateway", "orders", ORDER, 64)[1]
        assert (order["cum"], order["leaves"]) == (20, 30)
