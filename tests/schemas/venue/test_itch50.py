"""ITCH 5.0 kernels against the plain Python codec, on drawn messages and on a real day's bytes."""

from pathlib import Path

import pytest
from guarded_memory import GuardedMemory
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_calls import write_message
from messages_of import (
    any_message,
    as_kernel_value,
    damaged_message,
    message_values,
)

from schemas.venue import ProtocolError, Validity, binary_file, itch50
from schemas.venue.big_endian import get_raw8, get_u8, get_u16, get_u32, get_u48, get_u64
from schemas.venue.itch50 import tables
from schemas.venue.layouts import Kind, Message

MEMORY = GuardedMemory()
DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "itch50"
TABLES = {name.lower(): layout for name, layout in vars(tables).items() if type(layout) is Message}
WRITERS = [name.removeprefix("put_") for name in itch50.__all__ if name.startswith("put_")]
WRITERS.remove("header")
READERS = {1: get_u8, 2: get_u16, 4: get_u32, 6: get_u48, 8: get_u64}

# What kernels write by themselves: the attributes of every stock, a spare byte, no stock locate.
SETTLED = {
    "stock_directory": {
        "financial_status_indicator": "N", "round_lots_only": "N", "issue_classification": "C",
        "issue_sub_type": "Z", "short_sale_threshold_indicator": "N", "ipo_flag": "N",
        "luld_reference_price_tier": "", "etp_flag": "N", "etp_leverage_factor": 0,
        "inverse_indicator": "N",
    },
    "stock_trading_action": {"reserved": ""},
    "system_event": {"stock_locate": 0},
    "mwcb_decline_level": {"stock_locate": 0},
    "mwcb_status": {"stock_locate": 0},
}  # fmt: skip


def write(name: str, values: dict) -> bytes:
    return write_message(getattr(itch50, f"put_{name}"), TABLES[name], values)


def test_there_is_a_kernel_for_every_message():
    assert {TABLES[name].type for name in WRITERS} == set(itch50.CATALOGUE.messages)


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=30)  # of straight-line code, for each of many kernels
@given(data=st.data())
def test_a_kernel_writes_what_the_codec_writes(name, data):
    values = data.draw(message_values(itch50.CATALOGUE, TABLES[name])) | SETTLED.get(name, {})
    assert write(name, values) == itch50.encode(**values)


@given(any_message(itch50.CATALOGUE))
def test_every_integer_is_read_at_its_constant(data):
    address = MEMORY.place(data)
    assert itch50.validate(address, len(data)) == Validity.VALID
    values = itch50.decode(data)
    (name,) = (name for name, layout in TABLES.items() if layout.type == values["type"])
    for field in TABLES[name].fields[1:]:
        constant = f"{name}_{field.name}".upper()
        offset = getattr(itch50, constant, None) or getattr(itch50, field.name.upper())
        if field.kind is not Kind.ALPHA:
            assert READERS[field.length](address, offset) == values[field.name]
        elif field.length == 8:
            assert get_raw8(address, offset) == as_kernel_value(field, values[field.name])


@given(damaged_message(itch50.CATALOGUE))
def test_a_damaged_message_is_valid_only_if_the_codec_reads_it(data):
    try:
        itch50.decode(data)
        readable = True
    except ProtocolError:
        readable = False
    status = Validity(itch50.validate(MEMORY.place(data), len(data)))
    assert (status is Validity.VALID) == readable


@pytest.mark.parametrize("layout", list(itch50.CATALOGUE), ids=lambda layout: layout.name)
def test_only_the_exact_length_is_valid(layout):
    for length in range(2 * layout.length):
        address = MEMORY.place((layout.type.encode() + bytes(99))[:length])
        expected = Validity.VALID if length == layout.length else Validity.WRONG_LENGTH
        if length == 0:
            expected = Validity.EMPTY
        assert itch50.validate(address, length) == expected


def test_an_unknown_type_is_named_as_such():
    assert itch50.validate(MEMORY.place(b"z" + bytes(11)), 12) == Validity.UNKNOWN_TYPE


def recorded(name: str) -> list[bytes]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the recorded market data is not here: {path}")
    return list(binary_file.unpack(path.read_bytes()))


def test_the_start_of_a_real_day_is_read_and_written_back_byte_for_byte():
    messages = recorded("real_head1000.itch")
    assert len(messages) == 1000
    for data in messages:
        assert itch50.encode(**itch50.decode(data)) == data
        assert itch50.validate(MEMORY.place(data), len(data)) == Validity.VALID


def test_kernels_write_back_real_trading_byte_for_byte():
    by_type = {layout.type: name for name, layout in TABLES.items()}
    rewritten = 0
    for data in recorded("derived_aapl_20190130_0930_10k.itch"):
        values = itch50.decode(data)
        name = by_type[values["type"]]
        if name in WRITERS and name not in SETTLED:
            assert write(name, values) == data
            rewritten += 1
    assert rewritten >= 10_000
