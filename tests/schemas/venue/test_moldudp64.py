"""MoldUDP64: packets are built message by message, and give their messages back or say what is
wrong with them."""

import pytest
from guarded_memory import GuardedMemory
from hypothesis import given
from hypothesis import strategies as st

from schemas.venue import ProtocolError, big_endian, moldudp64
from schemas.venue.moldudp64 import Packet, PacketStatus, Request

MEMORY = GuardedMemory()
TEXTS = GuardedMemory()
SESSION = b"000010059B"  # a real one
MESSAGES = st.lists(st.binary(max_size=20), max_size=5)


def build(sequence_number: int, messages, limit: int) -> tuple[bytes, int]:
    """The packet that kernels make of as many messages as fit, and how many those are."""
    address = MEMORY.room(limit)
    length = moldudp64.begin_packet(address, TEXTS.place(SESSION), sequence_number)
    taken = 0
    for message in messages:
        longer = moldudp64.append_message(
            address, length, limit, TEXTS.place(message), len(message)
        )
        if longer == moldudp64.NO_ROOM:
            break
        length = longer
        taken += 1
    assert MEMORY.canaries_alive()
    return MEMORY.content()[:length], taken


def found(data: bytes) -> tuple[PacketStatus, list[bytes]]:
    """What kernels find in a packet: its status, and the messages that are whole."""
    address = MEMORY.place(data)
    status = PacketStatus(moldudp64.validate_packet(address, len(data)))
    if status is PacketStatus.NO_HEADER:
        return status, []
    count = big_endian.get_u16(address, moldudp64.MESSAGE_COUNT)
    messages = []
    position = moldudp64.HEADER_LENGTH
    for _ in range(0 if count == moldudp64.END_OF_SESSION_COUNT else count):
        here, at, length, position = moldudp64.next_message(address, position, len(data))
        if here != PacketStatus.WHOLE:
            assert (here, at, length) == (PacketStatus.TRUNCATED, 0, 0)
            break
        messages.append(data[at : at + length])
    return status, messages


def test_a_packet_is_the_published_bytes():
    data = bytes.fromhex(
        "30303030313030353942" "0102030405060708" "0003" "0003 616263" "0000" "0001 78"
    )
    messages = (b"abc", b"", b"x")
    assert Packet("000010059B", 0x102030405060708, messages).encode() == data
    assert Packet.decode(data) == Packet("000010059B", 0x102030405060708, messages)
    assert build(0x102030405060708, messages, 1472) == (data, 3)
    assert found(data) == (PacketStatus.WHOLE, list(messages))


def test_a_heartbeat_and_the_end_of_a_session_carry_the_next_number_and_no_messages():
    heartbeat = bytes.fromhex("30303030313030353942" "0000000000000007" "0000")
    assert Packet("000010059B", 7).encode() == heartbeat == build(7, [], 20)[0]
    assert Packet.decode(heartbeat).is_heartbeat
    assert found(heartbeat) == (PacketStatus.WHOLE, [])
    over = bytes.fromhex("30303030313030353942" "0000000000000007" "ffff")
    address = MEMORY.room(20)
    assert moldudp64.put_end_of_session(address, TEXTS.place(SESSION), 7) == 20
    assert MEMORY.content() == over == Packet("000010059B", 7, end_of_session=True).encode()
    read = Packet.decode(over)
    assert read.end_of_session and not read.is_heartbeat and read.sequence_number == 7
    assert found(over) == (PacketStatus.WHOLE, [])


def test_a_request_is_the_published_bytes():
    data = bytes.fromhex("30303030313030353942" "0102030405060708" "090a")
    address = MEMORY.room(moldudp64.REQUEST_LENGTH)
    session_at = TEXTS.place(SESSION)
    assert moldudp64.put_request(address, session_at, 0x102030405060708, 0x90A) == 20
    assert MEMORY.content() == data and MEMORY.canaries_alive()
    assert Request("000010059B", 0x102030405060708, 0x90A).encode() == data
    assert Request.decode(data) == Request("000010059B", 0x102030405060708, 0x90A)
    for length in (*range(20), 21):
        with pytest.raises(ProtocolError, match=f"request: expected 20 bytes, got {length}"):
            Request.decode((data + b"x")[:length])


def test_a_session_shorter_than_its_field_is_padded():
    assert Packet("A", 1).encode()[:10] == b"A         "
    assert Packet.decode(Packet("A", 1).encode()).session == "A"


@given(messages=MESSAGES, limit=st.integers(20, 120), number=st.integers(0, 2**63 - 1))
def test_a_packet_takes_messages_as_long_as_they_fit_and_is_always_whole(messages, limit, number):
    data, taken = build(number, messages, limit)
    assert len(data) <= limit
    assert Packet.decode(data) == Packet("000010059B", number, tuple(messages[:taken]))
    assert found(data) == (PacketStatus.WHOLE, messages[:taken])
    if taken < len(messages):
        assert len(data) + 2 + len(messages[taken]) > limit


def test_thirty_eight_messages_fill_a_packet_of_1472_bytes():
    data, taken = build(1, [bytes(36)] * 60, 1472)
    assert (taken, len(data)) == (38, 20 + 38 * 38)


def test_a_packet_counts_no_further_than_the_end_of_session_mark():
    most = moldudp64.MAX_MESSAGE_COUNT
    data = Packet("S", 1, (b"",) * most).encode()
    address = MEMORY.place(data + bytes(2))
    assert moldudp64.append_message(address, len(data), len(data) + 2, address, 0) == -1
    assert MEMORY.content() == data + bytes(2)
    assert found(data) == (PacketStatus.WHOLE, [b""] * most)
    with pytest.raises(ProtocolError, match="at most 65534 messages, got 65535"):
        Packet("S", 1, (b"",) * (most + 1)).encode()


@pytest.mark.parametrize("length", [-1, 0x10000])
def test_a_message_whose_length_has_no_place_is_not_reserved(length):
    address = MEMORY.place(Packet("S", 1).encode())
    assert moldudp64.reserve_message(address, 20, 1 << 20, length) == moldudp64.NO_ROOM
    assert MEMORY.content() == Packet("S", 1).encode()


def test_a_reserved_message_is_written_in_place():
    address = MEMORY.place(Packet("S", 1).encode() + bytes(12))
    at = moldudp64.reserve_message(address, 20, 32, 10)
    big_endian.fill(address, at, 10, ord("m"))
    assert Packet.decode(MEMORY.content()).messages == (b"m" * 10,)


def explained(data: bytes) -> PacketStatus:
    """The status that the plain Python codec's error comes to."""
    try:
        Packet.decode(data)
    except ProtocolError as error:
        if "a header takes" in str(error):
            return PacketStatus.NO_HEADER
        return PacketStatus.OVERLONG if "goes on after" in str(error) else PacketStatus.TRUNCATED
    return PacketStatus.WHOLE


@given(MESSAGES, st.data())
def test_cut_or_changed_anywhere_a_packet_is_what_the_codec_says_it_is(messages, data):
    packet = bytearray(Packet("000010059B", 7, tuple(messages)).encode())
    packet = packet[: data.draw(st.integers(0, len(packet)))]
    if packet and data.draw(st.booleans()):
        packet[data.draw(st.integers(0, len(packet) - 1))] ^= data.draw(st.integers(1, 255))
    packet = bytes(packet) + data.draw(st.sampled_from([b"", b"\0", b"\0\0", b"more"]))
    status, whole = found(packet)
    assert status == explained(packet)
    if status is PacketStatus.WHOLE:
        assert Packet.decode(packet).messages == tuple(whole)


def test_every_count_but_the_true_one_is_noticed():
    packet = Packet("000010059B", 7, (b"one", b"", b"three")).encode()
    for count in range(7):
        claimed = packet[:18] + count.to_bytes(2, "big") + packet[20:]
        expected = PacketStatus.TRUNCATED if count > 3 else PacketStatus.OVERLONG
        if count == 3:
            expected = PacketStatus.WHOLE
        assert found(claimed)[0] == explained(claimed) == expected
        assert found(claimed)[1] == [b"one", b"", b"three"][:count]


@pytest.mark.parametrize(
    "values, says",
    [
        (Packet("LONGER THAN 10", 1), "session takes at most 10 ASCII characters"),
        (Packet("Ä", 1), "session takes at most 10 ASCII characters, got 'Ä'"),
        (Packet("S", -1), "sequence_number takes 0 to 18446744073709551615, got -1"),
        (Packet("S", 2**64), "sequence_number takes 0 to"),
        (Packet("S", 1, (bytes(65_536),)), "message 0 has 65536 bytes"),
        (Packet("S", 1, (b"x",), end_of_session=True), "carries no messages"),
        (Request("S", 1, 65_536), "message_count takes 0 to 65535, got 65536"),
        (Request("S", 1, -1), "message_count takes 0 to 65535, got -1"),
    ],
)
def test_values_that_do_not_fit_are_explained(values, says):
    with pytest.raises(ProtocolError, match=says):
        values.encode()
