"""Without a lease, or halted, no order goes out, and the gateway cancels by itself."""

import pytest

from actors.runtime.clock import monotonic_ns
from schemas.enums import Instruction, TimeInForce, TradingState
from tests.gateway.desk import FIRST, STRATEGY, TradingDesk, gateway_plan, reasons, told
from tests.runtime.deployments import eventually

FOREVER = 1 << 62
LAPSED = 1


@pytest.fixture
def trading(desk):
    """The page's words about trading: two leases are demanded, and hold."""
    words = desk.deployment["trading"]
    words["leases"][:2] = FOREVER
    words["period_ns"], words["grace_ns"], words["cancels"] = 50_000_000, 30_000_000, 1
    words["gateways"], words["risks"] = 1, 1
    words["holders"] = 2
    return words


def rest(desk, *numbers, **fields):
    """Orders that rest at the venue."""
    before = len(desk.reports)
    for number in numbers:
        desk.new(number, time_in_force=TimeInForce.DAY, **fields)
    desk.wait_reports(before + len(numbers))


def request(words, instruction, symbol_id=-1, strategy_id=-1):
    words["instruction"], words["symbol_id"], words["strategy_id"] = (
        instruction, symbol_id, strategy_id)
    words["request"] += 1
    return int(words["request"])


def answered(words, number):
    eventually(lambda: words["gateway"][0]["done"] == number, what=f"an answer to {number}")
    return words["gateway"][0]


def live(desk):
    """The numbers of the orders the gateway holds to be working."""
    orders = desk.orders()
    return sorted(int(o["order_id"]) - FIRST for o in orders if o["status"] in (1, 2, 3, 10))


@pytest.mark.parametrize("holder", [0, 1], ids=["supervisor", "risk"])
def test_without_a_lease_a_new_order_is_refused_and_a_cancel_passes(desk, trading, holder):
    rest(desk, 1)
    trading["grace_ns"] = FOREVER
    trading["leases"][holder] = LAPSED
    desk.new(2)
    desk.cancel(1)
    reports = desk.wait_reports(3)
    assert reasons(reports)[1] == "NO_LEASE"
    assert told(reports)[2][:3] == ("CANCEL", 1, "CANCELED")
    assert desk.counter("gateway", "switched_off") == 1
    assert trading["gateway"][0]["losses"] == 1


def test_trading_goes_on_when_the_lease_is_back(desk, trading):
    trading["leases"][1] = LAPSED
    desk.new(1)
    desk.wait_reports(1)
    trading["leases"][1] = FOREVER
    eventually(lambda: trading["gateway"][0]["regained_ns"] > 0, what="the lease back")
    desk.new(2)
    assert [line[0] for line in told(desk.wait_reports(2))] == ["REJECT", "ACK"]


def test_a_lease_gone_for_longer_than_the_grace_cancels_all_working_orders(desk, venue, trading):
    rest(desk, 1, 2, 3)
    lost_ns = monotonic_ns()
    trading["leases"][0] = LAPSED
    eventually(lambda: live(desk) == [], what="no working order")
    assert monotonic_ns() - lost_ns >= trading["grace_ns"]
    assert sum(r["type"] == "X" for r in venue.requests) == 3


def test_a_short_loss_leaves_working_orders_alone(desk, trading):
    rest(desk, 1)
    trading["grace_ns"] = 3_600 * 10**9
    trading["leases"][0] = LAPSED
    eventually(lambda: trading["gateway"][0]["losses"] == 1, what="the loss noted")
    trading["leases"][0] = FOREVER
    eventually(lambda: trading["gateway"][0]["regained_ns"] > 0, what="the lease back")
    assert live(desk) == [1]


def test_keep_leaves_working_orders_alone_however_long_it_lasts(desk, trading):
    rest(desk, 1)
    trading["cancels"], trading["grace_ns"] = 0, 0
    trading["leases"][0] = LAPSED
    desk.new(2)  # refused, so the loss has been seen and a clock tick has passed
    desk.wait_reports(2)
    answered(trading, request(trading, Instruction.PAUSE))
    assert live(desk) == [1]


@pytest.mark.parametrize("mode, reason", [(TradingState.HALTED, "HALTED"),
                                          (TradingState.PAUSED, "PAUSED")])
def test_halted_and_paused_refuse_new_orders_and_pass_cancels(desk, trading, mode, reason):
    rest(desk, 1)
    trading["floor"] = trading["mode"] = mode
    desk.new(2)
    desk.replace(1, 3, time_in_force=TimeInForce.DAY)
    desk.cancel(1)
    reports = desk.wait_reports(4)
    assert reasons(reports)[1:3] == [reason, reason]
    assert told(reports)[3][:3] == ("CANCEL", 1, "CANCELED")


def test_reduce_only_is_risks_to_judge(desk, trading):
    trading["floor"] = trading["mode"] = TradingState.REDUCE_ONLY
    desk.new(1)
    assert told(desk.wait_reports(1))[0][0] == "ACK"


def test_cancel_all_ends_every_working_order_and_says_how_many(desk, trading):
    rest(desk, 1, 2, 3)
    answer = answered(trading, request(trading, Instruction.CANCEL_ALL))
    assert (answer["asked"], answer["left"], live(desk)) == (3, 0, [])
    assert answer["done_ns"] >= answer["began_ns"] > 0


def test_cancel_all_of_a_symbol_or_a_strategy_leaves_the_others(desk, trading):
    rest(desk, 1, 2)
    rest(desk, 3, symbol_id=1)
    rest(desk, 4, strategy_id=STRATEGY + 1)
    assert answered(trading, request(trading, Instruction.CANCEL_ALL, symbol_id=1))["asked"] == 1
    assert live(desk) == [1, 2, 4]
    answered(trading, request(trading, Instruction.CANCEL_ALL, strategy_id=STRATEGY))
    assert live(desk) == [4]


def test_cancel_all_waits_for_the_venue_to_agree(desk, venue, trading):
    rest(desk, 1)
    venue.cancels = False
    number = request(trading, Instruction.CANCEL_ALL)
    eventually(lambda: trading["gateway"][0]["asked"] == 1, what="the cancel sent")
    assert trading["gateway"][0]["done"] != number and live(desk) == [1]
    with venue.lock:
        venue.reduce_to(venue.last_ref, 0)
    answered(trading, number)
    assert sum(r["type"] == "X" for r in venue.requests) == 1


def test_orders_that_come_later_are_not_part_of_a_cancel_all(desk, venue, trading):
    rest(desk, 1)
    venue.cancels = False
    number = request(trading, Instruction.CANCEL_ALL)
    eventually(lambda: trading["gateway"][0]["asked"] == 1, what="the cancel sent")
    rest(desk, 2)
    with venue.lock:
        venue.reduce_to(venue.last_ref - 1, 0)
    answered(trading, number)
    assert live(desk) == [2]


def test_a_halt_in_the_middle_of_a_cancel_all_takes_over(desk, venue, trading):
    rest(desk, 1, 2)
    rest(desk, 3, symbol_id=1)
    venue.cancels = False
    request(trading, Instruction.CANCEL_ALL, symbol_id=1)
    eventually(lambda: trading["gateway"][0]["asked"] == 1, what="the cancel sent")
    number = request(trading, Instruction.HALT)
    eventually(lambda: trading["gateway"][0]["request"] == number, what="the halt begun")
    with venue.lock:
        for ref in list(venue.orders):
            venue.reduce_to(ref, 0)
    answered(trading, number)
    assert live(desk) == []


def test_the_next_incarnation_completes_what_the_last_one_began(tmp_path, venue, compiled_gateway):
    plan = gateway_plan(tmp_path, venue)
    with TradingDesk(plan) as desk:
        desk.ready()
        rest(desk, 1, 2)
        venue.cancels = False
        words = desk.deployment["trading"]
        number = request(words, Instruction.HALT)
        eventually(lambda: words["gateway"][0]["asked"] == 2, what="both cancels sent")
    venue.cancels = True
    with TradingDesk(plan) as desk:
        desk.ready()
        assert answered(words, number)["left"] == 0
        eventually(lambda: live(desk) == [], what="no working order")


def test_a_probe_a_grant_where_no_risk_manager_counts_them(desk, trading):
    trading["risks"] = 0
    trading["floor"], trading["mode"] = TradingState.TRADING, TradingState.PAUSED
    trading["granted"] = 1
    desk.new(1)
    desk.wait_reports(1)
    desk.new(2)
    assert reasons(desk.wait_reports(2)) == ["NONE", "PAUSED"]
    assert trading["taken"] == 1
