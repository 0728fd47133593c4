"""What the gateway is follows from its journal, wherever it is killed; what it did, it did once."""

import pathlib
import random
import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import actors.gateway.journal_records  # noqa: F401  registers its words
from actors.gateway import Gateway
from actors.gateway.orders import LIVE
from actors.gateway.state import GATEWAY, STATE
from actors.runtime.crash_points import arm_crash_point
from actors.runtime.journal.formats import record_format
from schemas.enums import Command, Flag, ReportType, TimeInForce
from schemas.venue import ouch50
from tests.gateway.desk import FIRST, TradingDesk, TradingDeskApart, gateway_plan, reasons, told
from tests.gateway.ouch_venue import OuchVenue
from tests.gateway.rebuilt import Rebuilt, records_of
from tests.gateway.test_sessions import Session
from tests.runtime.deployments import eventually

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("compiled_gateway")]

DAY = TimeInForce.DAY
PATIENT = dict(order_timeout_ms=30_000)


def query(desk, number):
    desk.send(command=Command.QUERY, order_id=FIRST + 80_000 + number, original_id=FIRST + number)


# ---- the state is a function of the journal ------------------------------------------------------

@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(10, 50))
def test_dropped_at_any_record_the_state_comes_back_and_goes_on_the_same(tmp_path_factory, seed,
                                                                        length):
    root, rng = tmp_path_factory.mktemp("journal"), random.Random(seed)
    with OuchVenue() as venue:
        plan = gateway_plan(root / "live", venue, reconnect_min_ms=1, reconnect_max_ms=5,
                            **PATIENT)
        with TradingDesk(plan) as desk:
            desk.ready()
            session = Session(desk, venue, rng)
            for _ in range(length):
                session.step()
            script = desk.table("desk", "script", np.int64, 2)
            eventually(lambda: script[0] == script[1], what="all commands sent")
            eventually(lambda: desk.all_running() and session.settled(), what="agreement")
            assert desk.stop()
            last = desk.orders().copy()
            reports = desk.reports.copy()
    records = records_of(plan)
    whole = Rebuilt(plan, root / "whole")
    np.testing.assert_array_equal(whole.table("orders"), last)
    ring = whole.table("ring")
    for report in reports[reports["report_seq"] > 0]:
        kept = ring[int(report["report_seq"]) % len(ring)].copy()
        kept["header"] = report["header"]
        assert kept.tobytes() == report.tobytes(), "what was passed on is what would be again"
    cut = rng.randint(1, len(records) - 1)
    again = Rebuilt(plan, root / "again", cut)
    again.apply(records[cut:])
    for name in STATE:
        np.testing.assert_array_equal(again.table(name), whole.table(name), name)
    assert again.hash == whole.hash


def test_every_record_reads_in_words(tmp_path, venue):
    with TradingDesk(gateway_plan(tmp_path, venue, **PATIENT)) as desk:
        desk.ready()
        desk.new(1, time_in_force=DAY)
        desk.wait_reports(1)
        desk.cancel(1)
        desk.wait_reports(2)
        records = records_of(desk.plan)
    words = [(record_format("gateway", r.kind).name, record_format("gateway", r.kind).fields(
        r.payload)) for r in records]
    names = [name for name, _ in words]
    assert names[:3] == ["BEGINNING", "LOGIN", "VENUE"]
    new = dict(words)["COMMAND"]
    assert new == {"command": "CANCEL", "original_id": FIRST + 1, "quantity": 0}
    assert {"ref": 1} == dict(words)["SENT"]
    assert set(names) == {"BEGINNING", "LOGIN", "VENUE", "SWEEP", "COMMAND", "SENT"}
    accepted = [fields for name, fields in words if name == "VENUE" and fields["type"] == "A"]
    assert accepted[0]["user_ref_num"] == 1


# ---- queries and replays -------------------------------------------------------------------------

def test_who_asks_what_became_of_an_order_is_told(tmp_path, venue):
    with TradingDesk(gateway_plan(tmp_path, venue, **PATIENT)) as desk:
        desk.ready()
        desk.new(1, time_in_force=DAY)
        desk.wait_reports(1)
        venue.execute(1, 20, 150_0000)
        desk.wait_reports(2)
        query(desk, 1)
        query(desk, 77)
        reports = desk.wait_reports(4)
        assert told(reports)[2:] == [("STATUS", 1, "PARTIALLY_FILLED", 0, 30, 20),
                                     ("REJECT", 77, "REJECTED", 0, 0, 0)]
        assert reasons(reports)[2:] == ["NONE", "NEVER_ARRIVED"]
        assert reports["report_seq"].tolist() == [1, 2, 0, 0]


def test_reports_are_sent_again_from_any_number(tmp_path, venue):
    with TradingDesk(gateway_plan(tmp_path, venue, **PATIENT)) as desk:
        desk.ready()
        for number in range(1, 101):
            desk.new(number)
            if number % 25 == 0:
                desk.wait_reports(2 * number - number)
        for number in range(1, 51):
            venue.execute(number, 50, 150_0000)
        first = desk.wait_reports(150).copy()
        page = desk.wires[1]
        page["resume_from"] = 11
        page["resync"] += 1
        desk.wait_reports(290)
        again = desk.reports[150:]
        assert again["report_seq"].tolist() == list(range(11, 151))
        assert set(again["header"]["flags"].tolist()) == {Flag.REPLAYED}
        for name in first.dtype.names:
            if name != "header":
                np.testing.assert_array_equal(first[name][10:], again[name])
        assert desk.counter("gateway", "resent") == 140


def test_reports_that_are_not_kept_any_more_are_missed_aloud(tmp_path, venue):
    with TradingDesk(gateway_plan(tmp_path, venue, **PATIENT)) as desk:
        desk.ready()
        desk.new(1)
        desk.wait_reports(1)
        page = desk.wires[1]
        page["resume_from"] = 5
        page["resync"] += 1
        assert desk.says("gateway", "reports from 5 on are asked for, but the last one is 1")


# ---- killed --------------------------------------------------------------------------------------

POINTS = ("order journaled", "order sent", "message arrived", "message journaled", "report sent")


def numbered(desk):
    """The reports by number, each once; those that came again said the same."""
    seen = {}
    for report in desk.reports:
        number = int(report["report_seq"])
        if number:
            same = seen.setdefault(number, report)
            assert told([same]) == told([report])
    return [seen[number] for number in sorted(seen)]


def test_killed_at_every_crash_point_nothing_is_lost_or_sent_twice(tmp_path, venue):
    with TradingDeskApart(gateway_plan(tmp_path, venue, apart=True, **PATIENT)) as desk:
        eventually(desk.all_running, 60)
        number = 0
        for point in POINTS:
            arm_crash_point(desk.vitals("gateway").header, Gateway.crash_points, point, 3)
            for _ in range(8):
                number += 1
                desk.new(number, time_in_force=DAY)
                with venue.lock:
                    for ref in list(venue.orders)[:1]:
                        venue.execute(ref, 10, 150_0000)
            process = desk.processes["gateway"]
            process.join(30)
            assert process.exitcode == -signal.SIGKILL, point
            desk.kill("gateway")
            for name in ("gateway", "orders", "link"):  # nothing is recovered from these
                table = pathlib.Path(desk.plan.shm_dir) / f"gateway.{name}.table"
                table.write_bytes(bytes(table.stat().st_size))
            desk.start("gateway")
            eventually(desk.all_running, 60, f"the gateway running after {point}")
            assert desk.says("gateway", "state hash")
        refs = [order["user_ref_num"] for order in venue.of_type("O")]
        assert len(refs) == len(set(refs)), "an order was sent twice"
        ids = [order["cl_ord_id"] for order in venue.of_type("O")]
        assert len(ids) == len(set(ids))
        eventually(lambda: settled(desk, venue), what="gateway and venue agree")
        last = int(desk.table("gateway", "gateway", GATEWAY, 1)["report_seq"][0])
        page = desk.wires[1]  # what was on the wire at a kill is lost: the desk asks for it
        page["resume_from"] = 1
        page["resync"] += 1
        eventually(lambda: len(numbered(desk)) == last, what="all reports")
        reports = numbered(desk)
        assert [int(r["report_seq"]) for r in reports] == list(range(1, last + 1))
        fills = [r for r in reports if r["report_type"] == ReportType.FILL]
        assert len({int(f["exec_id"]) for f in fills}) == len(fills)
        executed = sum(o["quantity"] for o in map(decode, venue.stream) if o["type"] == "E")
        assert sum(int(f["exec_qty"]) for f in fills) == executed


def decode(message):
    return ouch50.OUTBOUND.decode(message)


def settled(desk, venue):
    orders = desk.orders()
    held = {int(o["ref"]): int(o["leaves"]) for o in orders[np.isin(orders["status"], LIVE)]}
    with venue.lock:
        return held == {ref: o["left"] for ref, o in venue.orders.items()}
