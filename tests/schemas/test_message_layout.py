"""A message's bytes mean the same to the official FlatBuffers code, to NumPy and to kernels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import fbs, generated, messages, views
from schemas.messages import HEADER, MESSAGE_TYPES, PREFIX_SIZE
from tests.schemas.message_values import (
    any_values, distinct_values, fill, official_bytes, official_values, snake,
)

each_message = pytest.mark.parametrize("message", MESSAGE_TYPES.values(), ids=MESSAGE_TYPES)


def view_of(message):
    return getattr(views, snake(message.name))


def values_of(body) -> dict:
    """A body record as nested dicts and lists."""
    values = {}
    for name in body.dtype.names:
        inner, value = body.dtype.fields[name][0], body[name]
        if inner.subdtype is not None:
            values[name] = [values_of(item) for item in value]
        else:
            values[name] = values_of(value) if inner.names else int(value)
    return values


@each_message
def test_every_field_is_where_the_official_reader_looks_for_it(message):
    values, _ = distinct_values(message.dtype)
    buffer, body = message.empty()
    fill(body, values)
    assert official_values(message, buffer.tobytes()) == values


@each_message
def test_every_field_is_where_the_official_builder_puts_it(message):
    values, _ = distinct_values(message.dtype)
    buffer, body = message.empty()
    fill(body, values)
    written = official_bytes(message, values)
    assert written == buffer.tobytes()
    assert values_of(message.body(written)) == values


@each_message
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_values_mean_the_same_both_ways(message, data):
    values = data.draw(any_values(message.dtype))
    buffer, body = message.empty()
    fill(body, values)
    assert official_values(message, buffer.tobytes()) == values
    assert official_bytes(message, values) == buffer.tobytes()


@each_message
def test_a_kernels_view_reads_what_the_official_builder_wrote(message):
    values, _ = distinct_values(message.dtype)
    memory = np.frombuffer(official_bytes(message, values), np.uint8).copy()
    seen = view_of(message)(memory.ctypes.data)
    assert values_of(seen) == values


@each_message
def test_every_message_has_a_prefix_of_its_own_and_one_size(message):
    empty = message.empty()[0].tobytes()
    assert empty[:PREFIX_SIZE] == message.prefix and len(empty) == message.size
    assert np.array(message.prefix_words, "<i8").tobytes() == message.prefix
    assert empty[4:8].decode() == message.identifier
    others = {m.prefix for m in MESSAGE_TYPES.values() if m is not message}
    assert message.prefix not in others
    assert official_bytes(message, distinct_values(message.dtype)[0])[:PREFIX_SIZE] == empty[:24]


@each_message
def test_every_body_begins_with_the_header_and_wastes_nothing(message):
    assert message.dtype.names[0] == "header"
    assert message.dtype.fields["header"] == (HEADER, 0)
    assert message.dtype.itemsize == getattr(generated, f"{message.name}Body").SizeOf()
    assert message.dtype.itemsize % 8 == 0
    end = 0
    for name in message.dtype.names:
        inner, offset = message.dtype.fields[name][:2]
        assert offset == end, f"a hole before {name}: reorder the fields, or reserve it"
        end = offset + inner.itemsize
    assert end == message.dtype.itemsize


@each_message
def test_the_constants_for_kernels_are_the_messages_dtypes(message):
    assert getattr(messages, snake(message.name).upper()) is message.dtype
    assert getattr(messages, message.name) is message


@each_message
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_body_view_of_anything_else_is_refused(message, data):
    good = message.empty()[0].tobytes()
    wrong = data.draw(st.one_of(
        st.binary(max_size=300).filter(lambda b: b[:PREFIX_SIZE] != message.prefix),
        st.integers(0, len(good) - 1).map(lambda n: good[:n]),
        st.binary(min_size=1, max_size=9).map(lambda tail: good + tail)))
    with pytest.raises(ValueError, match=f"not a {message.name}: {len(wrong)} bytes"):
        message.body(wrong)


def test_a_body_view_shares_the_buffers_memory():
    buffer, body = messages.OrderCommand.empty()
    body["order_id"] = 7
    assert messages.OrderCommand.body(buffer)["order_id"] == 7
    messages.OrderCommand.body(buffer)["order_id"] = 8
    assert body["order_id"] == 8


def test_an_unknown_struct_is_refused():
    with pytest.raises(KeyError):
        fbs.struct_dtype("NoSuchBody")
