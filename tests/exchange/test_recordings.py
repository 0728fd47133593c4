"""Recordings as the exchange loads them: followed whole, cut in time, or refused in words."""

import gzip
import pathlib

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book.book_memory import allocate_order_book
from actors.exchange import Exchange
from actors.exchange.config import CapacityConfig, ExchangeConfig
from actors.exchange.flow_config import HistoricalFlowConfig, SyntheticFlowConfig
from actors.exchange.record_flow import lobster_of, record, write_lobster
from actors.exchange.recorded_orders import follow, new_trace
from actors.exchange.recordings import load_recording
from actors.exchange.venue import Counter
from actors.runtime import Setup
from actors.runtime.host import ActorError
from schemas.recorded import EVENT, Action, RecordingError, lobster
from schemas.venue import binary_file, itch50
from tests.book.recordings import (ITCH, LOBSTER, LOBSTER_BOOK, LOBSTER_HOUR, recorded, rows_of)
from tests.exchange.itch_book import ItchBook
from tests.exchange.replays import Replay
from tests.exchange.venues import RunningExchange

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "topologies" / "recordings"
OPEN_NS = 34_200 * 10**9
FLOW = SyntheticFlowConfig(rate=400, seed=3, depth_levels=6, orders_per_level=2)


def load(file, listed=("AAPL",), capacity=CapacityConfig(), **config):
    config = HistoricalFlowConfig(kind="historical", file=str(file), **config)
    return load_recording(config, listed, capacity)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    """Three seconds of two stocks, as an ITCH file and as the first's LOBSTER files."""
    folder = tmp_path_factory.mktemp("recorded")
    messages = record(FLOW, ("AAPL", "MSFT"), 3.0)
    for name in ("day.itch", "day.itch.gz"):
        binary_file.write(folder / name, messages)
    binary_file.write(folder / "raw.itch", messages, binary_file.Framing.RAW)
    write_lobster(folder, "day", messages, "AAPL", 3)
    (folder / "messages").write_bytes(b"\n".join(messages))
    return folder


# ---- following -----------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), levels=st.integers(1, 8), cross=st.floats(0, 0.5),
       per_level=st.integers(1, 3))
def test_a_window_of_any_depth_is_reproduced_row_by_row_from_its_files(seed, levels, cross,
                                                                      per_level):
    """A whole market is cut down to what LOBSTER would show of it; following what is left gives the
    window after each message, though orders come, change and go outside of it."""
    flow = SyntheticFlowConfig(rate=500, seed=seed, cross_fraction=cross, depth_levels=5,
                               orders_per_level=per_level, volatility=0.002)
    cut = list(lobster_of(record(flow, ("AAPL",), 0.8), "AAPL", levels, OPEN_NS))
    messages = np.zeros(len(cut), lobster.MESSAGE)
    for message, (text, _) in zip(messages, cut):
        time, *rest = text.split(",")
        message["time_ns"] = int(time.replace(".", ""))
        for name, value in zip(lobster.MESSAGE.names[1:], rest):
            message[name] = int(value)
    rows = np.array([list(map(int, row.split(","))) for _, row in cut], np.int64)
    rows = rows.reshape(len(cut), 4 * levels)
    book, trace, out = allocate_order_book(1, 500), new_trace(True), np.empty(2_000, EVENT)
    events = lobster.events_of(messages)
    if events.size:
        seeds = lobster.orders_before(messages[0], rows[0])
        follow(book.address, trace.ctypes.data, seeds.ctypes.data, seeds.size, rows[:0],
               out.ctypes.data, out.size)
    for n in range(events.size):
        trace["written"] = 0
        follow(book.address, trace.ctypes.data, events[n:].ctypes.data, 1, rows[n : n + 1],
               out.ctypes.data, out.size)
        shown = np.where(np.abs(rows[n]) == 9_999_999_999, 0, rows[n])
        assert rows_of(book, levels) == shown.tolist(), f"row {n + 1}"
    assert [trace[name][0] for name in ("corrected", "unknown", "overdrawn", "refused")] == [0] * 4


# ---- files ---------------------------------------------------------------------------------------


def test_every_framing_gives_the_same_events(market):
    whole = load(market / "day.itch", ("AAPL", "MSFT"))
    assert set(whole.events["symbol"]) == {0, 1} and whole.oddities == ()
    for other in ("day.itch.gz", "raw.itch"):
        assert load(market / other, ("AAPL", "MSFT")).events.tobytes() == whole.events.tobytes()


def test_only_the_deployments_symbols_are_played_and_only_those_asked_for(market):
    both = load(market / "day.itch", ("MSFT", "AAPL")).events
    only = load(market / "day.itch", ("IBM", "AAPL")).events
    assert set(only["symbol"]) == {1}
    asked = load(market / "day.itch", ("MSFT", "AAPL"), symbols=("AAPL",)).events
    assert set(asked["symbol"]) == {1} and asked.size == only.size < both.size


def test_a_recording_that_starts_in_the_middle_has_the_book_of_the_middle(market):
    whole = load(market / "day.itch")
    late = load(market / "day.itch", start="09:30:01.5", end="09:30:02.5")
    assert late.begins_ns == OPEN_NS + 1_500_000_000
    assert (late.events["time_ns"] >= late.begins_ns).all()
    assert late.events["time_ns"][-1] < OPEN_NS + 2_500_000_000
    one, other = Replay(whole.events), Replay(late.events)
    one.play(whole.events[whole.events["time_ns"] < OPEN_NS + 2_500_000_000])
    other.play(late.events)
    assert one.book() == other.book()
    assert 0 < late.seeds < late.events.size
    assert one.count(Counter.FLOW_GONE) == other.count(Counter.FLOW_GONE) == 0


def test_the_two_formats_of_one_market_show_the_same_window(market):
    name = "AAPL_day_message_3.csv.gz"
    lobsters = load(market / name, book=str(market / name.replace("message", "orderbook")))
    itch = load(market / "day.itch")
    one, other = Replay(lobsters.events), Replay(itch.events)
    one.play(lobsters.events)
    other.play(itch.events)
    assert one.rows(3) == other.rows(3)
    assert lobsters.oddities == ()


def test_a_lobster_file_says_by_its_name_what_it_is_of(market):
    name = market / "AAPL_day_message_3.csv.gz"
    assert set(load(name, ("MSFT", "AAPL")).events["symbol"]) == {1}
    assert set(load(name, ("MSFT", "AAPL"), symbol="MSFT").events["symbol"]) == {0}
    assert set(load(name, ("IBM",)).events["symbol"]) == {0}
    with pytest.raises(RecordingError, match="which of IBM, MSFT it is of: say flow.symbol"):
        load(name, ("IBM", "MSFT"))
    with pytest.raises(RecordingError, match="flow.symbol is IBM, which is not among"):
        load(name, symbol="IBM")


# ---- what is wrong -------------------------------------------------------------------------------


def cut(path, keep, folder):
    out = folder / f"cut-{path.name}"
    out.write_bytes(path.read_bytes()[:keep])
    return out


@pytest.mark.parametrize("config, words", [
    ({"symbols": ("IBM",)}, "flow.symbols names IBM"),
    ({"start": "10:00"}, "there is nothing to play between 10:00 and 24:00"),
    ({"max_events": 10}, "raise flow.max_events"),
    ({"capacity": CapacityConfig(orders=16)}, "raise capacity.orders")])
def test_what_cannot_be_played_is_refused_with_what_to_do(market, config, words):
    with pytest.raises(RecordingError, match=words):
        load(market / "day.itch", **config)


def test_a_file_without_our_symbols_says_which_it_has(market):
    with pytest.raises(RecordingError, match="IBM is not in its directory, which lists AAPL, MSFT"):
        load(market / "day.itch", ("IBM",))


def test_a_file_that_is_cut_short_is_refused_but_for_what_is_whole(market, tmp_path):
    short = cut(market / "day.itch", 20_000, tmp_path)
    with pytest.raises(RecordingError, match="cut short.*play only what is whole"):
        load(short)
    assert load(short, end="09:30:00.5").events.size > 10


def test_files_of_different_days_do_not_go_together(market, tmp_path):
    messages = market / "AAPL_day_message_3.csv.gz"
    rows = gzip.decompress((market / "AAPL_day_orderbook_3.csv.gz").read_bytes()).splitlines(True)
    for changed, words in ((rows[:-1], "fewer than"), ([*rows, rows[-1]], "more rows")):
        (tmp_path / "book.csv").write_bytes(b"".join(changed))
        with pytest.raises(RecordingError, match=words):
            load(messages, book=str(tmp_path / "book.csv"))
    shifted = [*rows[1:], rows[-1]]
    (tmp_path / "book.csv").write_bytes(b"".join(shifted))
    oddities = load(messages, book=str(tmp_path / "book.csv")).oddities
    assert any("the book file shows something else" in words for words in oddities)


@pytest.mark.parametrize("config, words", [
    ({"file": "missing.itch"}, "no file 'missing.itch'; a relative path counts from"),
    ({"file": "."}, "is no file"), ({"file": "messages"}, "is neither an ITCH 5.0 file"),
    ({"file": "day.itch", "book": "day.itch"}, "book is for LOBSTER files"),
    ({"file": "day.itch", "symbol": "AAPL"}, "say symbols:"),
    ({"file": "AAPL_day_message_3.csv.gz", "symbols": ["AAPL"]}, "say symbol: NAME"),
    ({"file": "AAPL_day_message_3.csv.gz", "book": "AAPL_day_message_3.csv.gz"}, "four a level"),
    ({"file": "day.itch", "start": "10:00", "end": "09:00"}, "end 09:00 is not after start 10:00"),
    ({"file": "day.itch", "speed": 0}, "greater than 0"), ({"file": "day.itch", "speed": "slow"},
                                                          "'max'")])
def test_a_config_that_cannot_be_is_refused_before_anything_starts(market, monkeypatch, config,
                                                                  words):
    monkeypatch.chdir(market)
    with pytest.raises(pydantic.ValidationError, match=words):
        ExchangeConfig(flow={"kind": "historical", **config})


def test_an_actor_says_what_is_wrong_with_its_recording(market, tmp_path):
    lines = gzip.decompress((market / "AAPL_day_message_3.csv.gz").read_bytes()).splitlines(True)
    (tmp_path / "bad.csv").write_bytes(b"".join([*lines[:4], b"34200,1,2\n", *lines[4:]]))
    config = ExchangeConfig(flow={"kind": "historical", "file": str(tmp_path / "bad.csv")})
    with pytest.raises(ActorError, match="^exchange: .*bad.csv:5: .*too few"):
        Exchange(Setup("exchange", 0, 1, config, ("AAPL",)))


def test_an_exchange_plays_a_recording_to_whoever_listens(tmp_path):
    """All of it, as fast as possible, once somebody has logged in to trade."""
    expected = load(SHIPPED / "synthetic.itch.gz", ("AAPL", "MSFT", "GOOG", "AMZN"))
    flow = {"kind": "historical", "file": str(SHIPPED / "synthetic.itch.gz"), "speed": "max",
            "wait_for_trader": True}
    with RunningExchange(tmp_path, flow=flow) as exchange:
        viewer, book = exchange.viewer(1), ItchBook()
        exchange.expect_log("playing", f"{expected.events.size:,} events as fast as possible")
        assert exchange.counter("flow_events") == 0
        exchange.trader()
        exchange.expect_log("has been played to its end")
        told = exchange.counter("md_messages")
        for _ in range(told):
            book.apply(itch50.decode(viewer.message()))
        assert exchange.counter("flow_events") == expected.events.size
    market = Replay(expected.events, symbols=("AAPL", "MSFT", "GOOG", "AMZN"))
    market.play(expected.events)
    ours = market.rows(1)
    assert book.best("AAPL") == (ours[2], ours[0])
    assert len(book.orders) == market.engine.book.resting


# ---- the recordings that come with Pitwire, and real ones ----------------------------------------


def test_the_shipped_recordings_are_what_the_command_makes(tmp_path):
    from click.testing import CliRunner

    from actors.exchange.record_flow import main

    CliRunner().invoke(main, [str(tmp_path)], catch_exceptions=False)
    made = {path.name: gzip.decompress(path.read_bytes()) for path in tmp_path.iterdir()}
    shipped = {path.name: gzip.decompress(path.read_bytes()) for path in SHIPPED.glob("*.gz")}
    assert made == shipped, "run: python -m actors.exchange.record_flow topologies/recordings"


def test_the_shipped_recordings_are_sound():
    for name, book in (("synthetic.itch.gz", None),
                       ("AAPL_synthetic_message_10.csv.gz", "AAPL_synthetic_orderbook_10.csv.gz")):
        found = load(SHIPPED / name, ("AAPL", "MSFT"), book=book and str(SHIPPED / book))
        assert found.oddities == ()
        assert found.events["time_ns"][-1] - found.begins_ns > 15 * 10**9


@recorded(ITCH, LOBSTER, LOBSTER_BOOK, LOBSTER_HOUR)
@pytest.mark.parametrize("file, book, trades, events", [
    (ITCH, None, 746, 10_056), (LOBSTER, LOBSTER_BOOK, 98, 1_033),
    (LOBSTER_HOUR, None, 4_055, 91_913)])
def test_real_recordings_are_played_whole_and_nothing_is_refused(file, book, trades, events):
    found = load(file, book=book and str(book))
    market = Replay(found.events, seeds=found.seeds, speed=0.0, begins_ns=found.begins_ns)
    market.seed()
    market.run(1)
    assert market.history["ended"]
    assert market.count(Counter.FLOW_EVENTS) == events
    assert market.count(Counter.FLOW_REFUSED) == market.count(Counter.FLOW_GONE) == 0
    executed = np.count_nonzero(found.events["action"] == Action.EXECUTE)
    assert market.count(Counter.TRADES) == executed == trades
