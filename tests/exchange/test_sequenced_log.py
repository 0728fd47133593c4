"""The sequenced log against the obvious model: a list of all messages there ever were."""

import ctypes
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.exchange.sequenced_log import (
    MARK_EVERY, MAX_MESSAGE, NOT_RETAINED, allocate_logs, append, locate, message_address,
    readable_bytes,
)
from schemas.venue import soupbintcp

SMALLEST = 32_768
#: Lengths of up to 1,500 messages: up to some ten times round the smallest ring.
MESSAGES = st.builds(
    lambda seed, count, longest: random.Random(seed).choices(range(10, longest + 1), k=count),
    st.integers(0, 2**32), st.integers(0, 1_500), st.integers(10, MAX_MESSAGE))
MODEST = settings(max_examples=50, deadline=None)


def message(number: int, length: int) -> bytes:
    return (number.to_bytes(4, "big") * (length // 4 + 1))[:length]


def publish(memory, messages: list[bytes]) -> None:
    log = memory.logs[0]
    for each in messages:
        ctypes.memmove(message_address(log), each, len(each))
        append(log, len(each))


def read(memory, position: int, most: int = 1 << 20) -> tuple[bytes, int]:
    """What a reader at ``position`` gets, ``most`` bytes at a time, and where it is then."""
    log, stream = memory.logs[0], b""
    while (length := readable_bytes(log, position)) > 0:
        length = min(length, most)
        stream += ctypes.string_at(int(log["base"]) + position % int(log["capacity"]), length)
        position += length
    return stream, position


@MODEST
@given(MESSAGES, st.integers(1, 3_000))
def test_a_reader_who_keeps_up_gets_every_message_as_a_packet(lengths, most):
    memory = allocate_logs([0])
    sent = [message(n, length) for n, length in enumerate(lengths)]
    stream, position = b"", 0
    for each in sent:
        publish(memory, [each])
        chunk, position = read(memory, position, most)
        stream += chunk
    packets, rest = soupbintcp.split(stream)
    assert packets == [(soupbintcp.SEQUENCED_DATA, each) for each in sent] and rest == b""
    assert int(memory.logs[0]["next_seq"]) == len(sent) + 1


@MODEST
@given(MESSAGES, st.data())
def test_any_message_still_kept_can_be_found_and_read_on_from(lengths, data):
    memory = allocate_logs([data.draw(st.sampled_from([0, SMALLEST + 1, 4 * SMALLEST]))])
    sent = [message(n, length) for n, length in enumerate(lengths)]
    publish(memory, sent)
    log = memory.logs[0]
    oldest = memory.oldest_retained(0)
    assert memory.oldest_retained(0, SMALLEST // 2) >= oldest
    wanted = data.draw(st.integers(oldest, len(sent) + 1))
    stream, _ = read(memory, locate(log, wanted))
    assert [payload for _, payload in soupbintcp.split(stream)[0]] == sent[wanted - 1:]


@MODEST
@given(MESSAGES)
def test_what_is_said_to_be_kept_is_all_of_the_capacity_but_for_a_mark(lengths):
    memory = allocate_logs([0])
    sent = [message(n, length) for n, length in enumerate(lengths)]
    publish(memory, sent)
    oldest, capacity = memory.oldest_retained(0), int(memory.logs[0]["capacity"])
    kept = 0
    for number in range(len(sent), 0, -1):
        kept += soupbintcp.HEADER_LENGTH + len(sent[number - 1])
        if kept > capacity:
            assert number < oldest <= number + MARK_EVERY
            return
    assert oldest == 1


@MODEST
@given(MESSAGES, st.integers(-5, 2_000))
def test_what_is_not_kept_or_not_yet_there_is_not_found(lengths, wanted):
    memory = allocate_logs([0])
    publish(memory, [message(n, length) for n, length in enumerate(lengths)])
    log = memory.logs[0]
    found = locate(log, wanted)
    if wanted == len(lengths) + 1:
        assert found == int(log["end"])
    elif not 1 <= wanted <= len(lengths):
        assert found == NOT_RETAINED
    elif found != NOT_RETAINED:
        assert int(log["end"]) - found <= int(log["capacity"])


def test_a_reader_who_is_overtaken_is_told_so():
    memory = allocate_logs([0])
    capacity = int(memory.logs[0]["capacity"])
    assert capacity == SMALLEST
    publish(memory, [bytes(100)] * (capacity // 103))
    assert readable_bytes(memory.logs[0], 0) > 0
    publish(memory, [bytes(100)])
    assert readable_bytes(memory.logs[0], 0) == NOT_RETAINED


def test_logs_keep_apart():
    memory = allocate_logs([0, 50_000, 0])
    publish(memory, [b"only in the first"])
    assert [int(log["next_seq"]) for log in memory.logs] == [2, 1, 1]
    assert int(memory.logs[1]["capacity"]) >= 50_000
