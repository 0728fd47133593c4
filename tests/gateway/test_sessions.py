"""Random trading sessions: whatever the desk asks and the venue does, both end up agreeing."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.gateway.orders import LIVE
from schemas.enums import OrderStatus, ReportType, TimeInForce
from tests.gateway.desk import FIRST, TradingDesk, gateway_plan
from tests.gateway.ouch_venue import OuchVenue
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_gateway")]

OVER = {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED}


class Session:
    """A desk that asks at random, a venue that executes, cancels and drops out at random."""

    def __init__(self, desk: TradingDesk, venue: OuchVenue, rng: random.Random):
        self.desk, self.venue, self.rng = desk, venue, rng
        self.numbers: list[int] = []
        self.executed: dict[int, int] = {}  # order number -> shares, as the venue says

    def step(self) -> None:
        act = self.rng.choice([self.new] * 4 + [self.cancel, self.replace, self.execute,
                                                self.execute, self.drop, self.venue_cancels])
        act()

    def new(self) -> None:
        self.numbers.append(len(self.numbers) + 1)
        self.desk.new(self.numbers[-1], quantity=self.rng.randint(1, 100),
                      time_in_force=TimeInForce.DAY)

    def cancel(self) -> None:
        if self.numbers:
            self.desk.cancel(self.rng.choice(self.numbers), self.rng.choice((0, 0, 5)))

    def replace(self) -> None:
        if self.numbers:
            old = self.rng.choice(self.numbers)
            self.numbers.append(len(self.numbers) + 1)
            self.desk.replace(old, self.numbers[-1], quantity=self.rng.randint(1, 150),
                              time_in_force=TimeInForce.DAY)

    def execute(self) -> None:
        with self.venue.lock:
            if self.venue.orders:
                ref = self.rng.choice(list(self.venue.orders))
                order = self.venue.orders[ref]
                number = int(order["cl_ord_id"]) - FIRST
                shares = self.rng.randint(1, order["left"])
                self.executed[number] = self.executed.get(number, 0) + shares
                self.venue.execute(ref, shares, 150_0000)

    def venue_cancels(self) -> None:
        with self.venue.lock:
            if self.venue.orders:
                self.venue.reduce_to(self.rng.choice(list(self.venue.orders)), 0, reason="S")

    def drop(self) -> None:
        if self.rng.random() < 0.3:
            self.venue.drop()

    def settled(self) -> bool:
        """Whether gateway and venue hold the same live orders, with the same shares open."""
        orders = self.desk.orders()
        live = {int(o["ref"]): int(o["leaves"]) for o in orders[np.isin(orders["status"], LIVE)]}
        with self.venue.lock:
            return live == {ref: o["left"] for ref, o in self.venue.orders.items()}


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(1, 60))
def test_gateway_venue_and_reports_agree_in_the_end(tmp_path_factory, seed, length):
    with OuchVenue() as venue, TradingDesk(gateway_plan(
            tmp_path_factory.mktemp("session"), venue, order_timeout_ms=5_000,
            reconnect_min_ms=1, reconnect_max_ms=5)) as desk:
        desk.ready()
        session = Session(desk, venue, random.Random(seed))
        for _ in range(length):
            session.step()
        script = desk.table("desk", "script", np.int64, 2)
        eventually(lambda: script[0] == script[1], what="all commands sent")
        eventually(lambda: desk.all_running() and session.settled(), what="agreement")
        reports = settled_reports(desk)
        check_reports(reports, session)


def settled_reports(desk) -> np.ndarray:
    """All reports, once as many have arrived as the gateway sent."""
    eventually(lambda: len(desk.reports) == desk.counter("gateway", "reports"))
    return desk.reports


def check_reports(reports: np.ndarray, session: Session) -> None:
    assert reports["report_seq"].tolist() == list(range(1, len(reports) + 1))
    fills = reports[reports["report_type"] == ReportType.FILL]
    assert len(set(fills["exec_id"].tolist())) == len(fills), "no fill twice"
    reported = {}
    for fill in fills:
        number = int(fill["order_id"]) - FIRST
        reported[number] = reported.get(number, 0) + int(fill["exec_qty"])
    assert reported == session.executed, "no fill lost"
    ended = set()
    for report in reports:
        number, status = int(report["order_id"]), OrderStatus(int(report["order_status"]))
        if report["report_type"] != ReportType.REJECT:
            assert number not in ended, f"a report on order {number - FIRST}, which is over"
        if report["report_type"] == ReportType.REPLACE:
            ended.add(int(report["original_id"]))
        if status in OVER:
            ended.add(number)
    orders = session.desk.orders()
    live = {int(o["order_id"]) for o in orders[np.isin(orders["status"], LIVE)]}
    assert not live & ended
