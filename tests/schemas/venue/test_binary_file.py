"""Files of messages: whole ones come back; cut or damaged ones give what came before and say
where."""

import gzip
import itertools
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from guarded_memory import GuardedMemory
from hypothesis import given
from hypothesis import strategies as st
from messages_of import any_message

from schemas.venue import ProtocolError, binary_file, itch50
from schemas.venue.binary_file import EndReason, Framing, pack, unpack

MEMORY = GuardedMemory()
DATA = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "itch50"
ADD = itch50.encode(
    type="A", stock_locate=1, tracking_number=0, timestamp=34_200_000_000_000,
    order_reference_number=7, buy_sell_indicator="B", shares=100, stock="AAPL", price=1_500_000,
)  # fmt: skip
DELETE = itch50.encode(
    type="D", stock_locate=1, tracking_number=0, timestamp=34_200_000_000_001,
    order_reference_number=7,
)  # fmt: skip
MESSAGES = st.lists(any_message(itch50.CATALOGUE), max_size=6)
FRAMINGS = pytest.mark.parametrize("framing", list(Framing), ids=lambda framing: framing.name)
PLAIN_OR_GZIP = pytest.mark.parametrize("suffix", ["", ".gz"])


def written(messages: list[bytes], framing: Framing) -> bytes:
    return pack(messages) if framing else b"".join(messages)


def cut_model(data: bytes, framing: Framing) -> tuple[list[bytes], EndReason, int]:
    """The slow, obvious reading of a file's bytes: its messages, why they end and where."""
    messages, at = [], 0
    while at < len(data):
        start = at + 2 if framing else at
        if framing:
            if len(data) - at < 2:
                return messages, EndReason.CUT_SHORT, at
            length = int.from_bytes(data[at:start], "big")
            if length == 0:
                return messages, EndReason.END_OF_SESSION, at
        else:
            length = int(itch50.LENGTH[data[at]])
            if length == 0:
                return messages, EndReason.UNKNOWN_TYPE, at
        if start + length > len(data):
            return messages, EndReason.CUT_SHORT, at
        messages.append(data[start : start + length])
        at = start + length
    return messages, EndReason.END_OF_FILE, at


def found(read: binary_file.Messages) -> tuple[list[bytes], EndReason, int]:
    return list(read), read.end.reason, read.end.offset


@FRAMINGS
@given(messages=MESSAGES, data=st.data())
def test_bytes_cut_or_changed_anywhere_are_read_as_the_model_reads_them(framing, messages, data):
    file = bytearray(written(messages, framing))
    file = file[: data.draw(st.integers(0, len(file)))]
    if file and data.draw(st.booleans()):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    file = bytes(file)
    assert found(binary_file.index(file, framing)) == cut_model(file, framing)
    none = np.empty(0, np.int64)
    # Right before memory that may not be touched: finding the messages reads nothing beyond.
    address = MEMORY.place(file)
    status, count, _ = binary_file.find_messages(
        address, len(file), int(framing), np.array(itch50.LENGTH), none, none
    )
    assert count == len(cut_model(file, framing)[0])


@FRAMINGS
@PLAIN_OR_GZIP
@given(messages=MESSAGES, chunk_bytes=st.integers(1, 60))
def test_a_file_comes_back_whole_or_in_chunks(
    tmp_path_factory, framing, suffix, messages, chunk_bytes
):
    path = tmp_path_factory.getbasetemp() / f"day{suffix}"
    binary_file.write(path, messages, framing)
    ending = EndReason.END_OF_SESSION if framing else EndReason.END_OF_FILE
    whole = binary_file.read(path)
    assert (list(whole), whole.end.reason, whole.end.whole) == (messages, ending, True)
    assert whole.types.tolist() == [message[0] for message in messages]
    at = 0
    chunks = list(binary_file.stream(path, chunk_bytes))
    for chunk in chunks:
        assert chunk.first == at
        at += len(chunk)
        if len(chunk):  # a chunk's place in the file is told truly
            start = chunk.position + chunk.offsets[0]
            length = chunk.lengths[0]
            assert whole.buffer[start : start + length].tobytes() == chunk[0]
    assert list(itertools.chain(*chunks)) == messages
    assert [chunk.end for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].end == whole.end


@FRAMINGS
@PLAIN_OR_GZIP
def test_a_file_cut_short_keeps_what_came_before_and_says_where(tmp_path, framing, suffix):
    path = tmp_path / f"cut{suffix}"
    data = written([ADD, DELETE, ADD], framing)
    prefix = 2 if framing else 0
    boundary = 2 * prefix + len(ADD) + len(DELETE)
    data = data[: boundary + 9]
    path.write_bytes(gzip.compress(data) if suffix else data)
    for read in (binary_file.read(path), *binary_file.stream(path)):
        assert found(read) == ([ADD, DELETE], EndReason.CUT_SHORT, boundary)
        assert not read.end.whole
        assert f"the message at byte {boundary} has only 9 bytes" in read.end.text
        assert data[boundary:].hex(" ") in read.end.text


def test_a_gzip_file_cut_short_or_damaged_keeps_what_can_be_decompressed(tmp_path):
    path = tmp_path / "day.gz"
    messages = [ADD[:11] + number.to_bytes(8, "big") + ADD[19:] for number in range(3000)]
    whole = gzip.compress(pack(messages), 6)
    for name, data in (("cut short", whole[:-400]), ("damaged", whole[:-8] + bytes(8))):
        path.write_bytes(data)
        read = binary_file.read(path)
        assert read.end.reason is EndReason.DAMAGED_GZIP and name in read.end.text
        assert len(read) > 1500 and list(read) == messages[: len(read)]
        assert read.end.offset == 38 * len(read)
        *_, last = binary_file.stream(path, 4096)
        assert (last.end, last.first + len(last)) == (read.end, len(read))


def test_gzip_files_joined_and_padded_are_one_file(tmp_path):
    path = tmp_path / "joined.gz"
    data = pack([ADD, DELETE])
    path.write_bytes(gzip.compress(data[:20]) + gzip.compress(data[20:]) + bytes(512))
    assert found(binary_file.read(path)) == ([ADD, DELETE], EndReason.END_OF_SESSION, len(data) - 2)


def test_what_follows_the_end_of_session_is_not_read(tmp_path):
    path = tmp_path / "day"
    path.write_bytes(pack([ADD]) + pack([DELETE]))
    for read in (binary_file.read(path), *binary_file.stream(path)):
        assert found(read) == ([ADD], EndReason.END_OF_SESSION, 38)


def test_an_empty_file_has_no_messages(tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(b"")
    assert found(binary_file.read(path)) == ([], EndReason.END_OF_FILE, 0)
    assert found(binary_file.index(b"")) == ([], EndReason.END_OF_FILE, 0)
    (only,) = binary_file.stream(path)
    assert found(only) == ([], EndReason.END_OF_FILE, 0)


@given(messages=st.lists(any_message(itch50.CATALOGUE), min_size=1, max_size=4), data=st.data())
def test_the_framing_is_told_from_the_first_bytes_however_few(messages, data):
    for framing in Framing:
        file = written(messages, framing)
        head = file[: data.draw(st.integers(1, len(file)))]
        assert binary_file.detect(head) is framing


@pytest.mark.parametrize("data", [b"\x1f\x8a", b"{json", b"A" + bytes(35) + b"?", b"\xff" * 9])
def test_other_files_are_refused_by_name_and_first_bytes(tmp_path, data):
    path = tmp_path / "other"
    path.write_bytes(data)
    for reading in (lambda: binary_file.read(path), lambda: next(binary_file.stream(path))):
        with pytest.raises(ProtocolError, match=f"other: not a file of.* begin {data[:1].hex()}"):
            reading()


def test_a_raw_file_with_a_byte_that_is_no_type_ends_there():
    read = binary_file.index(ADD + DELETE + b"?" + ADD)
    assert found(read) == ([ADD, DELETE], EndReason.UNKNOWN_TYPE, 55)
    assert "no message type of the protocol at byte 55: the bytes there begin 3f 4" in read.end.text


@FRAMINGS
def test_messages_chosen_from_a_file_are_written_at_once(tmp_path, framing):
    day = binary_file.index(pack([ADD, DELETE, ADD, DELETE, ADD]))
    chosen = day.types == ord("A")
    part = binary_file.Messages(day.buffer, day.offsets[chosen], day.lengths[chosen], day.end)
    path = tmp_path / "adds.gz"
    binary_file.write(path, part, framing, end_of_session=False)
    assert gzip.decompress(path.read_bytes()) == written([ADD] * 3, framing).removesuffix(b"\0\0")
    binary_file.write(tmp_path / "again.gz", [ADD] * 3, framing, end_of_session=False)
    assert list(binary_file.read(tmp_path / "again.gz")) == [ADD] * 3


@pytest.mark.parametrize("message", [b"", bytes(65_536)])
def test_a_message_whose_length_cannot_be_written_is_refused(tmp_path, message):
    with binary_file.Writer(tmp_path / "day") as writer:
        with pytest.raises(ProtocolError, match=f"of 1 to 65535 bytes, got {len(message)}"):
            writer.append(message)
        buffer = np.zeros(70_000, np.uint8)
        bad = binary_file.Messages(buffer, np.array([0]), np.array([len(message)]), None)
        with pytest.raises(ProtocolError, match="of 1 to 65535 bytes, got some"):
            writer.append_all(bad)
        writer.append(bytes(65_535))
    longest = binary_file.read(tmp_path / "day", Framing.LENGTH_PREFIXED)
    assert list(longest) == [bytes(65_535)]


def test_a_long_file_streams_in_bounded_memory(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(pack([ADD])[:-2] * 200_000)
    size = path.stat().st_size
    next(binary_file.stream(path, 1 << 16))  # compiled before memory is counted
    tracemalloc.start()
    count = sum(len(chunk) for chunk in binary_file.stream(path, 1 << 16))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 200_000 and peak < size / 10


def recorded(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the recorded market data is not here: {path}")
    return path


@pytest.mark.parametrize(
    "name, counts",
    [
        ("real_head1000.itch", {"R": 993, "H": 3, "Y": 3, "S": 1}),
        (
            "derived_aapl_20190130_0930_10k.itch",
            # Before the 10,000 recorded events: 56 A of orders that rested, the S, R, H, Y.
            {"A": 7465 + 56, "D": 1237, "E": 729, "U": 437, "F": 109, "C": 17, "X": 6}
            | {"S": 3, "R": 1, "H": 1, "Y": 1},
        ),
    ],
)
def test_recorded_days_hold_what_is_known_of_them(name, counts):
    day = binary_file.read(recorded(name))
    assert day.end.whole and list(day) == list(unpack(recorded(name).read_bytes()))
    assert Counter(chr(kind) for kind in day.types) == counts
    again = binary_file.index(b"".join(day))  # the same day without lengths
    assert list(again) == list(day) and (again.lengths == day.lengths).all()


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.data())
def test_a_recorded_file_gives_its_messages_back_and_says_when_it_is_cut(messages, data):
    whole = pack(messages)
    assert list(unpack(whole)) == messages
    assert list(unpack(whole[:-2])) == messages  # a real day's file ends without the mark
    cut = whole[: data.draw(st.integers(0, len(whole) - 2))]
    boundaries = {len(pack(messages[:count])) - 2 for count in range(len(messages) + 1)}
    if len(cut) in boundaries:
        assert list(unpack(cut)) == messages[: len(list(unpack(cut)))]
    else:
        with pytest.raises(ProtocolError, match="cut short"):
            list(unpack(cut))
