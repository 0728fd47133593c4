"""What an actor says of itself: counters, histograms, log records, in a page anyone may read."""

import json

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given, settings
from hypothesis import strategies as st
from loguru import logger

from actors.runtime import histogram, vitals
from actors.runtime.layout import COUNTERS, LOG_CAPACITY
from actors.runtime.logs import EventLog, log_file, open_log
from actors.runtime.vitals import Vitals
from tests.runtime.deployments import W, plan_of
from tests.runtime.in_process import InProcess


@pytest.fixture
def desk(tmp_path):
    """An actor that counts, observes and logs what it is told."""
    plan = plan_of(tmp_path, {"talker": "wire_actors:Talker", "talk": "reactor_actors:Talkative"},
                   [W("talker/numbers", "talk/orders", capacity=1000)])
    with InProcess(plan) as desk:
        yield desk


def tell(desk, number, quantity=0, price_e4=0):
    desk.hosts["talker"].actor.out.send("numbers", order_id=number, quantity=quantity,
                                        price_e4=price_e4)
    desk.turn("talk")


def page_of(desk) -> Vitals:
    """The page as somebody else maps it."""
    return Vitals(desk.hosts["talk"].vitals.path)


# ---- counters and description --------------------------------------------------------------------

def test_a_page_says_by_itself_what_its_numbers_are(desk):
    tell(desk, 1, quantity=3, price_e4=100)
    page = page_of(desk)
    assert page.description["actor"] == "talk" and page.description["tag"] == "TALK"
    assert (page.counter("silence"), page.counter("talk")) == (0, 3)
    assert page.histogram("prices")["total"] == 1
    assert page.header["handled"] == 1 and page.header["epoch"] == 1


def test_counts_go_on_in_the_next_incarnation(desk):
    tell(desk, 1, quantity=3)
    desk.restart("talk")
    desk.connect()
    tell(desk, 2, quantity=4)
    page = page_of(desk)
    assert page.counter("talk") == 7 and page.header["epoch"] == 2


def test_an_unknown_name_is_named_with_those_there_are(desk):
    with pytest.raises(KeyError, match="no 'shouts' among silence, talk"):
        page_of(desk).counter("shouts")


def test_a_file_that_is_no_page_is_refused(tmp_path):
    path = tmp_path / "x.vitals"
    path.write_bytes(bytes(4096))
    with pytest.raises(ValueError, match="x.vitals is not a vitals page"):
        Vitals(path)


def test_a_page_has_room_for_so_many_counters_and_no_more(tmp_path):
    names = tuple(f"c{i}" for i in range(COUNTERS + 1))
    Vitals(tmp_path / "full.vitals", names[:-1], actor="a")
    with pytest.raises(ValueError, match=f"{COUNTERS + 1} counters, at most {COUNTERS}"):
        Vitals(tmp_path / "over.vitals", names, actor="a")


def test_a_shared_table_is_filled_once_and_found_again(tmp_path):
    first = np.arange(5, dtype=np.int64)
    table = vitals.create_table(tmp_path, "risk", "held", first)
    table[2] = 99
    again = vitals.create_table(tmp_path, "risk", "held", np.zeros(5, np.int64))
    assert again.tolist() == [0, 1, 99, 3, 4]
    elsewhere = vitals.map_table(tmp_path, "risk", "held", np.dtype("i8"), (5,))
    elsewhere[0] = 7
    assert table[0] == again[0] == 7


# ---- histograms ----------------------------------------------------------------------------------

latencies = st.lists(st.one_of(st.integers(1, 5_000), st.integers(1, histogram.HIGHEST_NS)),
                     min_size=1, max_size=60)


def recorded(values) -> np.ndarray:
    records = np.zeros(1, histogram.HISTOGRAM)
    for value in values:
        histogram.record_ns(records.ctypes.data, value)
    return records[0]


@settings(max_examples=60, deadline=None)
@given(latencies)
def test_a_histogram_is_the_one_that_hdrhistogram_makes(values):
    ours = recorded(values)
    theirs = HdrHistogram(histogram.LOWEST_NS, histogram.HIGHEST_NS, histogram.SIGNIFICANT_DIGITS)
    for value in values:
        theirs.record_value(value)
    assert len(ours["counts"]) == theirs.counts_len
    assert ours["counts"].tolist() == list(theirs.counts)
    assert (ours["total"], ours["sum_ns"]) == (len(values), sum(values))
    assert (ours["min_ns"], ours["max_ns"]) == (min(values), max(values))
    for percentile in (0.1, 25.0, 50.0, 90.0, 95.0, 99.0, 99.9, 100.0):
        assert (histogram.percentile_ns(ours["counts"], percentile)
                == theirs.get_value_at_percentile(percentile))
    assert histogram.to_hdr(ours).get_total_count() == len(values)


def test_values_outside_the_range_count_at_its_ends():
    ours = recorded([-5, 0, histogram.HIGHEST_NS * 3])
    assert (ours["min_ns"], ours["max_ns"]) == (histogram.LOWEST_NS, histogram.HIGHEST_NS)
    assert ours["total"] == ours["counts"].sum() == 3


def test_a_summary_has_the_percentiles_that_reports_show():
    ours = recorded(range(1, 1001))
    assert histogram.summary(ours["counts"], int(ours["max_ns"])) == {
        "count": 1000, "p50": 500, "p95": 950, "p99": 990, "p999": 999, "max": 1000}
    empty = recorded([])
    assert histogram.summary(empty["counts"]) == {
        "count": 0, "p50": 0, "p95": 0, "p99": 0, "p999": 0, "max": 0}


def test_handlers_observe_what_readers_of_the_page_find(desk):
    for price in (10, 20, 30):
        tell(desk, 1, price_e4=price)
    found = page_of(desk).histogram("prices")
    assert histogram.percentile_ns(found["counts"], 50) == 20 and found["max_ns"] == 30


# ---- log records ---------------------------------------------------------------------------------

@pytest.fixture
def log_lines(desk):
    """Drains the actor's ring and returns the lines that were written since."""
    open_log(desk.plan.run_dir, "talk")
    events = EventLog(desk.hosts["talk"])
    path = log_file(desk.plan.run_dir, "talk")
    read = 0

    def drain(now_ns):
        nonlocal read
        events.drain(now_ns)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        new, read = lines[read:], len(lines)
        return new

    yield drain
    logger.remove()


def test_what_a_handler_logged_the_housekeeper_writes(desk, log_lines):
    tell(desk, 5, quantity=2, price_e4=-77)
    lines = log_lines(1)
    assert [line["text"] for line in lines] == [
        f"code 7 values (5, {i}, {-i}, -77, {1 << 62}, 0)" for i in range(2)]
    assert {(line["level"], line["actor"], line["tag"], line["epoch"]) for line in lines} == {
        ("WARNING", "talk", "TALK", 1)}
    assert lines[0]["t"] <= lines[1]["t"]
    assert log_lines(2) == [], "it is written once"


def test_a_full_ring_drops_and_counts(desk, log_lines):
    tell(desk, 1, quantity=LOG_CAPACITY + 10)
    header = page_of(desk).header
    assert header["log_head"] - header["log_tail"] == LOG_CAPACITY
    assert header["log_dropped"] == 10
    log_lines(1)
    tell(desk, 2, quantity=1)
    assert page_of(desk).header["log_dropped"] == 10, "there is room again"
    later = [line["text"] for line in log_lines(2_000_000_000)]
    assert any("10 events not shown" in text for text in later)


def test_a_flood_of_one_kind_is_held_back_and_counted(desk, log_lines):
    tell(desk, 1, quantity=100)
    assert len(log_lines(1)) == 20
    later = [line["text"] for line in log_lines(2_000_000_000)]
    assert any("80 more lines" in text for text in later)


def test_what_a_handler_logged_just_before_a_crash_is_written_by_its_successor(desk):
    tell(desk, 5, quantity=1)
    desk.restart("talk")
    open_log(desk.plan.run_dir, "talk")
    EventLog(desk.hosts["talk"]).drain(1)
    logger.remove()
    (line,) = map(json.loads, log_file(desk.plan.run_dir, "talk").read_text().splitlines())
    assert line["text"].startswith("code 7 values (5,") and line["epoch"] == 1
