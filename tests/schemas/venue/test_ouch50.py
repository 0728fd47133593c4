"""OUCH 5.0 kernels against the plain Python codec, options and damage included."""

import numpy as np
import pytest
from guarded_memory import GuardedMemory
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_calls import write_message
from messages_of import (
    almost_options,
    any_message,
    as_kernel_value,
    damaged_message,
    message_values,
    options_of,
    values_of,
)
from numba import njit

from schemas.venue import ProtocolError, Validity, big_endian, ouch50, text
from schemas.venue.layouts import Appendage, Kind, Message
from schemas.venue.ouch50 import requests, responses, tables

MEMORY = GuardedMemory()
TABLES = {name.lower(): layout for name, layout in vars(tables).items() if type(layout) is Message}
DIRECTIONS = {
    "inbound": (ouch50.INBOUND, ouch50.validate_in),
    "outbound": (ouch50.OUTBOUND, ouch50.validate_out),
}
READERS = {
    1: big_endian.get_u8,
    2: big_endian.get_u16,
    4: big_endian.get_u32,
    8: big_endian.get_u64,
}


def writers(module):
    return [name.removeprefix("put_") for name in module.__all__]


def write(name: str, values: dict) -> bytes:
    return write_message(getattr(ouch50, f"put_{name}"), TABLES[name], values)


def without_options(values: dict, layout: Message) -> dict:
    values = {name: value for name, value in values.items() if name != "appendage"}
    return values | ({"appendage": []} if layout.appendage is Appendage.REQUIRED else {})


@pytest.mark.parametrize("name", writers(requests))
@settings(max_examples=30)  # of straight-line code, for each of many kernels
@given(data=st.data(), order_id=st.integers(0, 10**14 - 1))
def test_a_client_s_kernel_writes_what_the_codec_writes(name, data, order_id):
    layout = TABLES[name]
    values = without_options(data.draw(message_values(ouch50.INBOUND, layout)), layout)
    if "cl_ord_id" in values:
        values["cl_ord_id"] = str(order_id)
    written = write(name, values)
    assert written == ouch50.encode_in(**values)
    if "cl_ord_id" in values:
        place = getattr(ouch50, f"{name.upper()}_CL_ORD_ID")
        address = MEMORY.place(written)
        assert text.get_decimal(address, place, ouch50.CL_ORD_ID_LENGTH) == order_id


@pytest.mark.parametrize("name", writers(responses))
@settings(max_examples=30)  # of straight-line code, for each of many kernels
@given(data=st.data())
def test_the_exchange_s_kernel_writes_what_the_codec_writes(name, data):
    layout = TABLES[name]
    values = without_options(data.draw(message_values(ouch50.OUTBOUND, layout)), layout)
    if name == "aiq_canceled":
        values["reason"] = "Q"
    assert write(name, values) == ouch50.encode_out(**values)


@pytest.mark.parametrize("order_id", [-1, 10**14])
def test_an_order_id_of_more_than_14_digits_is_not_sent(order_id):
    address = MEMORY.room(ouch50.ENTER_ORDER_LENGTH)
    symbol = text.symbol_to_int("AAPL")
    arguments = (1, ord("B"), 100, symbol, 10, ord("0"), ord("Y"), ord("P"), ord("N"), ord("N"))
    assert ouch50.put_enter_order(address, *arguments, order_id) == -1
    address = MEMORY.room(ouch50.REPLACE_ORDER_LENGTH)
    arguments = (1, 2, 100, 10, ord("0"), ord("Y"), ord("N"))
    assert ouch50.put_replace_order(address, *arguments, order_id) == -1


@pytest.mark.parametrize("direction", DIRECTIONS)
@given(data=st.data())
def test_every_integer_is_read_at_its_constant(direction, data):
    catalogue, validate = DIRECTIONS[direction]
    message = data.draw(any_message(catalogue))
    address = MEMORY.place(message)
    assert validate(address, len(message)) == Validity.VALID
    values = catalogue.decode(message)
    (name,) = (name for name, layout in TABLES.items() if layout is catalogue[values["type"]])
    for field in TABLES[name].fields[1:]:
        if field.kind is not Kind.ALPHA:
            constant = "TIMESTAMP" if field.name == "timestamp" else f"{name}_{field.name}".upper()
            offset = getattr(ouch50, constant)
            assert READERS[field.length](address, offset) == values[field.name]


@pytest.mark.parametrize("direction", DIRECTIONS)
@given(data=st.data())
def test_a_damaged_message_is_valid_only_if_the_codec_reads_it(direction, data):
    catalogue, validate = DIRECTIONS[direction]
    damaged = data.draw(damaged_message(catalogue))
    try:
        catalogue.decode(damaged)
        readable = True
    except ProtocolError:
        readable = False
    status = Validity(validate(MEMORY.place(damaged), len(damaged)))
    assert (status is Validity.VALID) == readable


@pytest.mark.parametrize("direction", DIRECTIONS)
@given(data=st.data())
def test_every_truncation_is_refused_unless_it_is_whole_itself(direction, data):
    catalogue, validate = DIRECTIONS[direction]
    message = data.draw(any_message(catalogue))
    layout = catalogue[chr(message[0])]
    for length in range(len(message)):
        status = validate(MEMORY.place(message[:length]), length)
        whole = length == layout.length and layout.appendage is Appendage.OPTIONAL
        assert (status == Validity.VALID) == whole


def first_option_at(layout: Message) -> int:
    return layout.length + (2 if layout.appendage is Appendage.OPTIONAL else 0)


@given(data=st.data())
def test_an_option_is_found_where_it_is_and_no_other(data):
    layout = data.draw(st.sampled_from([tables.ENTER_ORDER, tables.CANCEL_ORDER]))
    options = data.draw(options_of(ouch50.INBOUND))
    values = data.draw(message_values(ouch50.INBOUND, layout)) | {"appendage": options}
    message = ouch50.encode_in(**values)
    address = MEMORY.place(message)
    first = dict(reversed(options))
    for tag in {*first, 3, 28, 200}:
        at = ouch50.find_appendage(address, first_option_at(layout), len(message), tag)
        if tag not in first:
            assert at == ouch50.ABSENT
        elif tag in ouch50.OPTIONS:
            option = ouch50.INBOUND.options[tag]
            found = ouch50.get_option(address, at, tag)
            assert found == as_kernel_value(option, first[tag])
        else:
            assert message[at : at + len(first[tag])] == first[tag]
            assert ouch50.get_option(address, at, tag) == 0


def where_in(raw: bytes, tag: int) -> int:
    """The slow, obvious model of find_appendage."""
    at = 0
    while at < len(raw):
        option = raw[at + 1 : at + 1 + raw[at]]
        if len(option) != raw[at] or not option:
            return ouch50.MALFORMED
        if option[0] in ouch50.OPTIONS and len(option) - 1 != ouch50.OPTIONS[option[0]][1].length:
            return ouch50.MALFORMED
        if option[0] == tag:
            return at + 2
        at += 1 + len(option)
    return ouch50.ABSENT


@given(almost_options() | st.binary(max_size=24))
def test_looking_for_an_option_in_any_bytes_agrees_with_the_model_and_stays_inside(raw):
    for tag in {3, 200, *raw}:
        assert ouch50.find_appendage(MEMORY.place(raw), 0, len(raw), tag) == where_in(raw, tag)


def test_an_option_that_overruns_is_malformed():
    assert ouch50.find_appendage(MEMORY.place(b"\x05\x03\x00"), 0, 3, 3) == ouch50.MALFORMED
    assert ouch50.find_appendage(MEMORY.place(b"\x00\x03"), 0, 2, 3) == ouch50.MALFORMED
    assert ouch50.find_appendage(MEMORY.place(b"\x02\x03\x00"), 0, 3, 3) == ouch50.MALFORMED


@given(data=st.data())
def test_options_appended_one_by_one_make_the_message_the_codec_makes(data):
    layout = data.draw(st.sampled_from([tables.ENTER_ORDER, tables.CANCEL_ORDER]))
    tags = data.draw(st.lists(st.sampled_from(sorted(ouch50.OPTIONS)), max_size=4))
    options = [(int(tag), data.draw(values_of(ouch50.INBOUND.options[tag]))) for tag in tags]
    values = without_options(data.draw(message_values(ouch50.INBOUND, layout)), layout)
    expected = ouch50.encode_in(**values | ({"appendage": options} if options else {}))
    bare = ouch50.encode_in(**values)
    address = MEMORY.place(bare + bytes(len(expected) - len(bare)))
    appendage_at = first_option_at(layout) - 2
    length = len(bare)
    for tag, value in options:
        number = as_kernel_value(ouch50.INBOUND.options[tag], value)
        length = ouch50.append_option(address, length, appendage_at, tag, number)
    assert length == len(expected)
    assert MEMORY.content() == expected and MEMORY.canaries_alive()


def test_an_option_no_one_knows_is_not_appended():
    bare = ouch50.encode_in(type="X", user_ref_num=1, quantity=0)
    address = MEMORY.place(bare)
    assert ouch50.append_option(address, len(bare), len(bare), 200, 1) == -1
    assert MEMORY.content() == bare


@njit(nogil=True, error_model="numpy")
def enter_then_take(addr, quantity, symbol):
    """A client's and an exchange's handling in one kernel, written as a user of this package would,
    with code enums, constants by module and integers of mixed types."""
    length = ouch50.put_enter_order(
        addr, np.uint32(1), ouch50.Side.BUY, quantity, symbol, np.uint64(1_500_000),
        ouch50.TimeInForce.DAY, ouch50.Display.VISIBLE, ouch50.Capacity.PRINCIPAL, ord("N"),
        ouch50.CrossType.CONTINUOUS, np.uint64(42),
    )  # fmt: skip
    appendage_at = ouch50.ENTER_ORDER_APPENDAGE_LENGTH
    length = ouch50.append_option(addr, length, appendage_at, ouch50.OptionTag.MIN_QTY, quantity)
    if ouch50.validate_in(addr, length) != Validity.VALID:
        return -1
    if big_endian.get_u8(addr, 0) != ouch50.ENTER_ORDER:
        return -2
    tag = ouch50.OptionTag.MIN_QTY
    at = ouch50.find_appendage(addr, ouch50.ENTER_ORDER_LENGTH, length, tag)
    if ouch50.get_option(addr, at, tag) != big_endian.get_u32(addr, ouch50.ENTER_ORDER_QUANTITY):
        return -3
    cl_ord_id_at = addr + ouch50.ENTER_ORDER_CL_ORD_ID
    reason = ouch50.RejectReason.INVALID_PRICE
    return ouch50.put_rejected(addr + length, 7, 1, reason, cl_ord_id_at)


def test_a_kernel_enters_an_order_and_rejects_it_with_the_client_s_own_id():
    entered = ouch50.ENTER_ORDER_LENGTH + 6
    address = MEMORY.room(entered + ouch50.REJECTED_LENGTH)
    result = enter_then_take(address, np.uint32(100), text.symbol_to_int("AAPL"))
    assert result == ouch50.REJECTED_LENGTH
    order = ouch50.decode_in(MEMORY.content()[:entered])
    assert (order["symbol"], order["price"], order["appendage"]) == ("AAPL", 1_500_000, [(3, 100)])
    reject = ouch50.decode_out(MEMORY.content()[entered:])
    assert (reject["reason"], reject["cl_ord_id"]) == (ouch50.RejectReason.INVALID_PRICE, "42")
