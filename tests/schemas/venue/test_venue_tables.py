"""The tables say what the specifications say, and the constants say what the tables say."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.venue import (
    binary_file,
    glimpse50,
    itch50,
    moldudp64,
    ouch42,
    ouch50,
    soupbintcp,
)
from schemas.venue.itch50 import tables as itch_tables
from schemas.venue.layouts import (
    Appendage,
    Message,
    constants,
    message,
    packed_dtype,
    u48_to_int64,
    uint,
)

PUBLISHED = Path(__file__).resolve().parents[3] / ".." / "shared" / "protocols" / "layouts.json"
CATALOGUES = {
    "itch50": itch50.CATALOGUE,
    "glimpse50": glimpse50.CATALOGUE,
    "ouch50_in": ouch50.INBOUND,
    "ouch50_out": ouch50.OUTBOUND,
    "ouch42_in": ouch42.INBOUND,
    "ouch42_out": ouch42.OUTBOUND,
}
NAMED = [
    (package, name, layout)
    for package in (itch50, glimpse50, ouch50, ouch42)
    for name, layout in vars(importlib.import_module(f"{package.__name__}.tables")).items()
    if isinstance(layout, Message)
]
EVERY_NAMED_MESSAGE = pytest.mark.parametrize(
    "package, name, layout",
    [pytest.param(*named, id=f"{named[0].__name__}.{named[1]}") for named in NAMED],
)


@pytest.fixture(scope="module")
def published():
    if not PUBLISHED.exists():
        pytest.skip(f"the transcribed specifications are not here: {PUBLISHED}")
    return json.loads(PUBLISHED.read_text())


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_field_of_every_message_is_where_the_specification_puts_it(published, name):
    ours = {
        layout.type: {
            "name": layout.name,
            "length": layout.length,
            "fields": [(f.name, f.offset, f.length, str(f.kind)) for f in layout.fields],
        }
        for layout in CATALOGUES[name]
    }
    theirs = {
        kind: {
            "name": layout["name"],
            "length": layout["length"],
            "fields": [
                (f["name"], f["offset"], f["length"], f["kind"]) for f in layout["fields"]
            ],
        }
        for kind, layout in published[name].items()
    }
    assert ours == theirs


def test_options_have_the_tags_and_sizes_of_the_specification(published):
    theirs = {
        option["tag"]: (option["name"], option["length"], option["kind"].removesuffix(" seconds"))
        for option in published["ouch50_options"]
    }
    ours = {
        int(tag): (name, what.length, str(what.kind))
        for tag, (name, what) in ouch50.OPTIONS.items()
    }
    assert ours == theirs
    assert set(ours) == {int(tag) for tag in ouch50.OptionTag}


def test_messages_that_may_carry_options_since_revision_1_04(published):
    for direction, catalogue in (("in", ouch50.INBOUND), ("out", ouch50.OUTBOUND)):
        optional = {m.type for m in catalogue if m.appendage is Appendage.OPTIONAL}
        assert optional == set(published["ouch50_optional_appendage"][direction])


@EVERY_NAMED_MESSAGE
def test_constants_are_the_table_in_capitals(package, name, layout):
    assert getattr(package, name) == ord(layout.type)
    assert getattr(package, f"{name}_LENGTH") == layout.length
    for field in layout.fields[1:]:
        shared = field.name.upper()
        constant = f"{name}_{shared}" if hasattr(package, f"{name}_{shared}") else shared
        assert getattr(package, constant) == field.offset
        assert type(getattr(package, constant)) is int


@pytest.mark.parametrize(
    "package",
    [binary_file, glimpse50, itch50, moldudp64, ouch42, ouch50, soupbintcp],
    ids=lambda package: package.__name__,
)
def test_no_two_public_names_are_the_same(package):
    assert len(package.__all__) == len(set(package.__all__))
    assert all(hasattr(package, name) for name in package.__all__)


def test_the_length_table_knows_exactly_the_types_there_are():
    known = {kind: length for kind, length in enumerate(itch50.LENGTH) if length}
    assert known == {ord(m.type): m.length for m in itch50.CATALOGUE}


def test_forgetting_a_field_when_naming_constants_is_caught_at_import():
    layout = message("Z", "Sample", {"timestamp": uint(6)}, first=uint(2), second=uint(4))
    assert constants(layout, {"timestamp": uint(6)}) == (ord("Z"), 13, 7, 9)
    with pytest.raises(ValueError, match="unpack"):
        kind, length, first = constants(layout, {"timestamp": uint(6)})


def test_asking_for_an_unknown_field_names_those_there_are():
    with pytest.raises(KeyError, match="shares, stock, price"):
        itch_tables.ADD_ORDER["quantity"]


@EVERY_NAMED_MESSAGE
def test_packed_dtype_has_the_table_s_offsets(package, name, layout):
    dtype = packed_dtype(layout)
    assert dtype.itemsize == layout.length
    assert [dtype.fields[f.name][1] for f in layout.fields] == [f.offset for f in layout.fields]


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**32 - 1))
def test_numpy_reads_what_the_codec_wrote(timestamp, shares):
    data = itch50.encode(
        type="X", stock_locate=7, tracking_number=0, timestamp=timestamp,
        order_reference_number=2**64 - 1, cancelled_shares=shares,
    )  # fmt: skip
    record = np.frombuffer(data, packed_dtype(itch_tables.ORDER_CANCEL))
    assert u48_to_int64(record["timestamp"])[0] == timestamp
    assert record["cancelled_shares"][0] == shares
    assert record["order_reference_number"][0] == 2**64 - 1
