"""Events picked out of ITCH messages are those that the tables decode."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.enums import Side
from schemas.recorded import EVENT, Action
from schemas.recorded.itch import Picker
from schemas.venue import binary_file, itch50
from tests.book.recordings import ITCH, recorded
from tests.schemas.venue.messages_of import any_message

END = 2**62
SIDES = {"B": int(Side.BUY)}
NAMES = ("AAPL", "MSFT")


def directory(locate, stock):
    """A Stock Directory message; only who is meant matters here."""
    fields = dict.fromkeys((f.name for f in itch50.CATALOGUE["R"].fields[1:]), 0)
    for field in itch50.CATALOGUE["R"].fields[1:]:
        if field.kind.name == "ALPHA":
            fields[field.name] = ""
    return itch50.encode(**{**fields, "type": "R", "stock_locate": locate, "stock": stock})


def picked(messages, until_ns=END):
    picker = Picker(NAMES)
    events, goes_on = picker.pick(binary_file.index(binary_file.pack(messages)), until_ns)
    return picker, events, goes_on


def expected(messages):
    """What the decoded messages say, obviously."""
    symbols, out = {}, []
    for m in map(itch50.decode, messages):
        kind, locate = m["type"], m["stock_locate"]
        if kind == "R":
            symbols[locate] = NAMES.index(m["stock"]) if m["stock"] in NAMES else None
        if symbols.get(locate) is None or kind not in "AFECXDUPQ":
            continue
        reference = m.get("order_reference_number", m.get("original_order_reference_number", 0))
        out.append({
            "action": {"A": Action.ADD, "F": Action.ADD, "E": Action.EXECUTE, "C": Action.EXECUTE,
                       "X": Action.REDUCE, "D": Action.DELETE, "U": Action.REPLACE,
                       "P": Action.TRADE, "Q": Action.TRADE}[kind],
            "symbol": symbols[locate], "time_ns": m["timestamp"],
            "reference": reference if kind != "Q" else 0,
            "new_reference": m.get("new_order_reference_number", 0),
            "price_e4": m.get("cross_price", m.get("price", 0)),
            "quantity": m.get("executed_shares", m.get("cancelled_shares", m.get("shares", 0))),
            "side": (SIDES.get(m["buy_sell_indicator"], int(Side.SELL)) if kind in "AFP"
                     else int(Side.BUY) if kind == "Q" else 0)})
        if kind == "Q":
            out[-1]["quantity"] = min(out[-1]["quantity"], 2**32 - 1)
            if out[-1]["quantity"] == 0:
                out.pop()
    return out


LOCATED = st.tuples(any_message(itch50.CATALOGUE), st.integers(1, 3)).map(
    lambda drawn: drawn[0][:1] + drawn[1].to_bytes(2, "big") + drawn[0][3:])


@settings(max_examples=100, deadline=None)
@given(messages=st.lists(LOCATED, max_size=20))
def test_events_are_what_the_tables_decode(messages):
    messages = [directory(1, "AAPL"), directory(2, "MSFT"), directory(3, "IBM"), *messages]
    picker, events, goes_on = picked(messages)
    found = [{name: int(event[name]) for name in EVENT.names if name not in ("ends", "reserved")}
             for event in events]
    assert found == expected(messages)
    assert goes_on and picker.malformed == 0


def test_nothing_is_picked_after_the_end_asked_for():
    adds = [itch50.encode(type="A", stock_locate=1, tracking_number=0, timestamp=t,
                          order_reference_number=t, buy_sell_indicator="B", shares=1, stock="AAPL",
                          price=10) for t in (5, 6, 7)]
    _, events, goes_on = picked([directory(1, "AAPL"), *adds], until_ns=6)
    assert events["time_ns"].tolist() == [5, 6]
    assert not goes_on


def test_malformed_messages_are_skipped_and_counted():
    picker, events, _ = picked([directory(1, "AAPL"), b"A" + bytes(9), b"\xff" * 5])
    assert events.size == 0 and picker.malformed == 2
    assert picker.listed == {0}


@recorded(ITCH)
def test_the_recorded_file_has_what_its_description_says():
    picker, events, _ = picked([])
    events, _ = picker.pick(binary_file.read(ITCH), END)
    assert np.bincount(events["action"]).tolist() == [0, 7_630, 746, 6, 1_237, 437]
    assert picker.stocks(binary_file.read(ITCH), 5) == ["AAPL"]


def test_what_is_named_in_the_directory_can_be_told():
    chunk = binary_file.index(binary_file.pack([directory(n, f"S{n}") for n in range(1, 9)]))
    assert Picker.stocks(chunk, 3) == ["S1", "S2", "S3"]
