"""OUCH 4.2 kernels against the plain Python codec."""

import pytest
from guarded_memory import GuardedMemory
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_calls import write_message
from messages_of import any_message, damaged_message, message_values

from schemas.venue import ProtocolError, Validity, big_endian, ouch42, text
from schemas.venue.layouts import Kind, Message
from schemas.venue.ouch42 import requests, responses, tables

MEMORY = GuardedMemory()
TABLES = {name.lower(): layout for name, layout in vars(tables).items() if type(layout) is Message}
DIRECTIONS = {
    "inbound": (ouch42.INBOUND, ouch42.validate_in),
    "outbound": (ouch42.OUTBOUND, ouch42.validate_out),
}
READERS = {1: big_endian.get_u8, 4: big_endian.get_u32, 8: big_endian.get_u64}


def writers(module):
    return [name.removeprefix("put_") for name in module.__all__]


def write(name: str, values: dict) -> bytes:
    return write_message(getattr(ouch42, f"put_{name}"), TABLES[name], values)


def test_there_is_a_kernel_for_every_message():
    assert {TABLES[name] for name in writers(requests)} == set(ouch42.INBOUND)
    assert {TABLES[name] for name in writers(responses)} == set(ouch42.OUTBOUND)


@pytest.mark.parametrize("name", writers(requests))
@settings(max_examples=20)  # of straight-line code, for each of many kernels
@given(data=st.data(), order_ids=st.lists(st.integers(0, 10**14 - 1), min_size=2, max_size=2))
def test_a_client_s_kernel_writes_what_the_codec_writes(name, data, order_ids):
    values = data.draw(message_values(ouch42.INBOUND, TABLES[name]))
    tokens = [field for field in values if field.endswith("order_token")]
    values |= dict(zip(tokens, map(str, order_ids), strict=False))
    written = write(name, values)
    assert written == ouch42.encode_in(**values)
    address = MEMORY.place(written)
    for token, order_id in zip(tokens, order_ids, strict=False):
        place = getattr(ouch42, f"{name}_{token}".upper())
        assert text.get_decimal(address, place, ouch42.ORDER_TOKEN_LENGTH) == order_id


@pytest.mark.parametrize("name", writers(responses))
@settings(max_examples=20)  # of straight-line code, for each of many kernels
@given(data=st.data())
def test_the_exchange_s_kernel_writes_what_the_codec_writes(name, data):
    values = data.draw(message_values(ouch42.OUTBOUND, TABLES[name]))
    if name == "aiq_canceled":
        values["reason"] = "Q"
    assert write(name, values) == ouch42.encode_out(**values)


@pytest.mark.parametrize("order_id", [-1, 10**14])
def test_an_order_id_of_more_than_14_digits_is_not_sent(order_id):
    address = MEMORY.room(ouch42.REPLACE_ORDER_LENGTH)
    rest = (100, 10, ouch42.TimeInForce.MARKET_HOURS, ord("Y"), ord("N"), 0)
    assert ouch42.put_replace_order(address, order_id, 2, *rest) == -1
    assert ouch42.put_replace_order(address, 1, order_id, *rest) == -1
    assert ouch42.put_trade_now(MEMORY.room(ouch42.TRADE_NOW_LENGTH), order_id) == -1
    assert ouch42.put_cancel_order(MEMORY.room(ouch42.CANCEL_ORDER_LENGTH), order_id, 0) == -1


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
            assert READERS[field.length](address, getattr(ouch42, constant)) == values[field.name]


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


def test_every_letter_of_a_code_is_one_that_its_field_can_hold():
    for code in (ouch42.Side, ouch42.Display, ouch42.Capacity, ouch42.CrossType):
        assert all(0x20 <= member < 0x7F for member in code)
    assert max(ouch42.TimeInForce) == 99_999 and ouch42.MARKET_PRICE == 0x7FFFFFFF
