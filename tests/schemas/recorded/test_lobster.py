"""LOBSTER files: read exactly, refused in words, and which cells of the book follow from which."""

import gzip
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.enums import Side
from schemas.recorded import Action, Format, RecordingError, format_of, lobster
from schemas.recorded.csv_rows import read_rows
from tests.book.recordings import LOBSTER, LOBSTER_BOOK, LOBSTER_HOUR, recorded

GOOD = "34200.004241176,1,16113575,18,5853300,1"


def written(folder, *lines, name="messages.csv"):
    path = folder / name
    path.write_text("\n".join(lines))
    return path


def test_a_message_is_read_to_the_nanosecond(tmp_path):
    found = lobster.read_messages(written(tmp_path, GOOD, "34200.1,4,7,5,99,-1", ""))
    assert found.tolist() == [(34_200_004_241_176, 1, 16_113_575, 18, 5_853_300, 1),
                              (34_200_100_000_000, 4, 7, 5, 99, -1)]


@pytest.mark.parametrize("text, ns", [
    ("0", 0), ("1", 10**9), ("1.5", 1_500_000_000), ("86399.999999999", 86_399_999_999_999),
    ("35821.088778456004", 35_821_088_778_456), ("35821.088778455996", 35_821_088_778_456),
    ("34200.0000000004", 34_200_000_000_000), ("34200.0000000005", 34_200_000_000_001)])
def test_times_are_rounded_to_the_nanosecond_and_never_a_float(tmp_path, text, ns):
    (message,) = lobster.read_messages(written(tmp_path, f"{text},1,1,1,1,1"))
    assert message["time_ns"] == ns


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.decimals(0, 86_399, places=9),
                               *[st.integers(-10**17, 10**17)] * 3), max_size=30),
       piece=st.integers(1, 300), compressed=st.booleans(), ending=st.sampled_from(["\n", "\r\n"]),
       last=st.booleans())
def test_rows_are_read_as_pythons_own_arithmetic_reads_them(tmp_path, rows, piece, compressed,
                                                           ending, last):
    lines = [",".join(f"{cell:f}" for cell in map(Decimal, row)) for row in rows]
    text = ending.join(lines) + (ending if last and rows else "")
    data, path = text.encode(), tmp_path / "rows.csv"
    path.write_bytes(gzip.compress(data) if compressed else data)
    found = [row.tolist() for rows in read_rows(path, 4, 9, piece) for row in rows]
    assert found == [[int(Decimal(row[0]) * 10**9), *row[1:]] for row in rows]


@pytest.mark.parametrize("line, words", [
    ("34200.1,1,2,3,4", "too few"), ("34200.1,1,2,3,4,1,9", "too many"),
    ("34200.1,1,2,x,4,1", "column 4"), ("34200.1,1,2,,4,1", "column 4"),
    ("nine,1,2,3,4,1", "column 1"), ("34200.1,1,2,3,4,1 ", "column 6"),
    ("34200.1,1,2,3.5,4,1", "column 4"), ("", "column 1"), ("34200.1,1,2,3,4,", "column 6"),
    ("34200.1,1,9999999999999999999,3,4,1", "too many digits"),
    ("34200.1,8,2,3,4,1", "type 8 is not 1 to 7"), ("34200.1,1,2,3,4,0", "direction 0"),
    ("34200.1,1,2,0,4,1", "size 0"), ("34200.1,1,2,3,-4,1", "price -4"),
    ("34200.1,1,-2,3,4,1", "order id -2"), ("86400,1,2,3,4,1", "within a day"),
    ("34199,1,2,3,4,1", "before that of the row before")])
def test_a_row_that_cannot_be_is_refused_with_its_line(tmp_path, line, words):
    path = written(tmp_path, GOOD, GOOD, line, GOOD)
    with pytest.raises(RecordingError) as refused:
        lobster.read_messages(path)
    assert str(refused.value).startswith(f"{path}:3: ")
    assert words in str(refused.value)


@pytest.mark.parametrize("lines, words", [
    (["Time,Type,ID"], ":1: has 3 columns"), ([], "has 0 columns"),
    (["Time,Type,Order ID,Size,Price,Direction", GOOD], ":1: column 1 of .* if this is a header")])
def test_a_file_that_is_no_message_file_is_refused(tmp_path, lines, words):
    with pytest.raises(RecordingError, match=words):
        lobster.read_messages(written(tmp_path, *lines))


def test_a_gzip_file_that_is_cut_short_is_refused(tmp_path):
    path = tmp_path / "messages.csv.gz"
    path.write_bytes(gzip.compress((GOOD + "\n").encode() * 100)[:-12])
    with pytest.raises(RecordingError, match="cut short"):
        lobster.read_messages(path)


@pytest.mark.parametrize("line, words", [
    ("2,100,1,100,1,100,0,0", "ask 2"), ("2,100,1,100,3,100,2,100", "bid 2"),
    ("2,0,1,100,3,100,0,0", "ask 2"), ("2,-1,1,100,3,100,0,0", "ask 1")])
def test_a_row_that_is_no_book_is_refused_with_its_line(tmp_path, line, words):
    path = written(tmp_path, "2,100,1,100,3,100,-9999999999,0", line)
    with pytest.raises(RecordingError) as refused:
        list(lobster.book_rows(path))
    assert str(refused.value).startswith(f"{path}:2: {words}")
    with pytest.raises(RecordingError, match="four a level"):
        lobster.level_count(written(tmp_path, "1,2,3"))


def test_formats_are_told_from_the_first_bytes(tmp_path):
    assert format_of(written(tmp_path, GOOD)) == Format.LOBSTER
    (tmp_path / "itch").write_bytes(b"\x00\x0cS" + bytes(11))
    assert format_of(tmp_path / "itch") == Format.ITCH
    (tmp_path / "gz").write_bytes(gzip.compress(GOOD.encode()))
    assert format_of(tmp_path / "gz") == Format.LOBSTER
    for data, words in ((b"", "is empty"), (b"%PDF-1.7", "neither")):
        (tmp_path / "other").write_bytes(data)
        with pytest.raises(RecordingError, match=words):
            format_of(tmp_path / "other")


# ---- what rested before --------------------------------------------------------------------------


def before(message, row):
    record = np.array([(0, *message)], lobster.MESSAGE)[0]
    return [(Side(e["side"]).name, int(e["price_e4"]), int(e["quantity"]))
            for e in lobster.orders_before(record, np.array(row))]


def test_the_first_message_is_undone_in_the_first_row():
    row = [12, 5, 10, 7, 13, 1, -9999999999, 0]
    asks = [("SELL", 12, 5), ("SELL", 13, 1)]
    assert before((1, 1, 7, 10, 1), row) == asks                         # it made the level
    assert before((1, 1, 3, 10, 1), row) == [*asks, ("BUY", 10, 4)]      # it joined it
    assert before((3, 1, 2, 10, 1), row) == [*asks, ("BUY", 10, 9)]      # it left it
    assert before((4, 1, 2, 11, -1), row) == [("SELL", 11, 2), *asks, ("BUY", 10, 7)]
    assert before((5, 0, 2, 11, -1), row) == [*asks, ("BUY", 10, 7)]     # no order of the book
    with pytest.raises(RecordingError, match="do not belong together"):
        before((1, 1, 8, 10, 1), row)


# ---- what is determined --------------------------------------------------------------------------


def slowly_determined(rows):
    """A price is known while it has been inside the window ever since the first row."""
    out = np.zeros(rows.shape, bool)
    for first, worse in ((0, lambda a, b: a > b), (2, lambda a, b: a < b)):
        for n, row in enumerate(rows):
            for at in range(first, row.size, 4):
                full = [r for r in rows[: n + 1] if r[row.size - 4 + first + 1] > 0]
                known = not any(worse(row[at], r[row.size - 4 + first]) for r in full)
                out[n, at] = out[n, at + 1] = known if row[at + 1] > 0 else not full
    return out


LADDER = st.lists(st.integers(1, 9), max_size=3, unique=True)


@settings(max_examples=100, deadline=None)
@given(books=st.lists(st.tuples(LADDER, LADDER), max_size=8))
def test_what_is_determined_is_what_stayed_in_the_window(books):
    rows = np.zeros((len(books), 12), np.int64)
    for row, (asks, bids) in zip(rows, books):
        row[0::4], row[2::4] = 9_999_999_999, -9_999_999_999
        for level, price in enumerate(sorted(asks)):
            row[4 * level : 4 * level + 2] = 100 + price, 1
        for level, price in enumerate(sorted(bids, reverse=True)):
            row[4 * level + 2 : 4 * level + 4] = price, 1
    assert lobster.determined(rows).tolist() == slowly_determined(rows).tolist()


@recorded(LOBSTER, LOBSTER_BOOK)
def test_the_recorded_morning_determines_the_best_ask_throughout():
    rows = np.concatenate(list(lobster.book_rows(LOBSTER_BOOK)))
    known = lobster.determined(rows)
    assert known[0].all() and known[:, 0].all()
    assert (int(known.sum()), known.size) == (12_846, 39_960)


@recorded(LOBSTER_HOUR)
def test_a_recorded_hour_has_the_messages_it_has():
    found = lobster.read_messages(LOBSTER_HOUR)
    assert np.bincount(found["type"]).tolist() == [0, 44_256, 469, 41_004, 4_067, 2_201]
    events = lobster.events_of(found, symbol=3)
    assert np.bincount(events["action"], minlength=7)[Action.TRADE] == 2_201
    assert set(events["symbol"]) == {3}
