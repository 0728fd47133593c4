"""Cancels and replacements: what becomes of an order that is to change."""

import pytest

from schemas.enums import OrderStatus, TimeInForce
from schemas.venue import ouch50
from tests.gateway.desk import FIRST, reasons, told
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_gateway")]

DAY = TimeInForce.DAY


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
    assert told(reports)[1:] == [("FILL", 1, "FILLED", 50, 0, 50),
                                 ("REJECT", 2, "REJECTED", 0, 0, 0)]
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
