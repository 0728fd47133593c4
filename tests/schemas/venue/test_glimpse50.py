"""GLIMPSE 5.0: a snapshot's messages are ITCH's, and its end names where ITCH goes on."""

import pytest
from guarded_memory import GuardedMemory
from hypothesis import given
from hypothesis import strategies as st
from messages_of import any_message, damaged_message

from schemas.venue import ProtocolError, Validity, binary_file, glimpse50, itch50, text

MEMORY = GuardedMemory()
INT63 = 2**63 - 1


def next_sequence(data: bytes) -> int:
    """What a client's kernel reads of an End of Snapshot."""
    address = MEMORY.place(data)
    return text.get_decimal(address, glimpse50.SEQUENCE_NUMBER, glimpse50.SEQUENCE_NUMBER_LENGTH)


@given(st.integers(0, INT63))
def test_the_end_of_a_snapshot_names_the_next_message(sequence_number):
    data = glimpse50.encode(type="G", sequence_number=sequence_number)
    assert data == b"G" + str(sequence_number).rjust(20).encode()
    address = MEMORY.room(len(data))
    assert glimpse50.put_end_of_snapshot(address, sequence_number) == len(data)
    assert MEMORY.content() == data and MEMORY.canaries_alive()
    assert next_sequence(data) == sequence_number


@pytest.mark.parametrize("digits", [b"42".ljust(20), b"42".center(20), b"42".zfill(20)])
def test_its_number_is_read_however_it_is_padded(digits):
    data = b"G" + digits
    assert glimpse50.validate(MEMORY.place(data), len(data)) == Validity.VALID
    assert next_sequence(data) == glimpse50.decode(data)["sequence_number"] == 42


@pytest.mark.parametrize("digits", [b" " * 20, b"4 2".rjust(20), b"-1".rjust(20), b"9" * 20])
def test_a_number_that_is_none_or_too_large_is_not_valid(digits):
    data = b"G" + digits
    assert glimpse50.validate(MEMORY.place(data), len(data)) == Validity.BAD_NUMBER


@given(any_message(glimpse50.CATALOGUE))
def test_all_messages_but_the_last_are_itch_messages(data):
    assert glimpse50.validate(MEMORY.place(data), len(data)) == Validity.VALID
    if data[:1] != b"G":
        assert glimpse50.decode(data) == itch50.decode(data)


@given(damaged_message(glimpse50.CATALOGUE))
def test_a_damaged_message_is_valid_only_if_the_codec_reads_it(data):
    try:
        readable = glimpse50.decode(data).get("sequence_number", 0) <= INT63
    except ProtocolError:
        readable = False
    assert (glimpse50.validate(MEMORY.place(data), len(data)) == Validity.VALID) == readable


def test_executions_have_no_place_in_a_snapshot():
    data = itch50.encode(
        type="E", stock_locate=1, tracking_number=0, timestamp=0, order_reference_number=1,
        executed_shares=1, match_number=1,
    )  # fmt: skip
    assert glimpse50.validate(MEMORY.place(data), len(data)) == Validity.UNKNOWN_TYPE


def test_a_recorded_snapshot_without_lengths_is_read_by_glimpse_s_own():
    add = itch50.encode(
        type="A", stock_locate=1, tracking_number=0, timestamp=0, order_reference_number=7,
        buy_sell_indicator="B", shares=100, stock="AAPL", price=1_500_000,
    )  # fmt: skip
    end = glimpse50.encode(type="G", sequence_number=42)
    snapshot = binary_file.index(add + end, lengths_by_type=glimpse50.LENGTH)
    assert list(snapshot) == [add, end] and snapshot.end.whole
