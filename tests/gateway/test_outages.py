"""No answer, no venue, a venue that starts over, a gateway that is killed."""

import pytest

from actors.gateway.state import ORDER
from actors.runtime.soup_kernels import SOUP_LINK
from schemas.enums import ActorState, Flag, TimeInForce
from tests.gateway.desk import TradingDesk, TradingDeskApart, gateway_plan, reasons, told
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_gateway")]

DAY = TimeInForce.DAY


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
    with TradingDesk(gateway_plan(tmp_path, venue, order_timeout_ms=300)) as desk:
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
    assert told(reports) == [("CANCEL", 1, "CANCELED", 50, 0, 0),
                             ("CANCEL", 3, "CANCELED", 30, 0, 20)]
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
