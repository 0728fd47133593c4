"""SoupBinTCP: packets found in a stream however it is cut, and logins as clients really send
them."""

import pytest
from guarded_memory import GuardedMemory
from hypothesis import given
from hypothesis import strategies as st

from schemas.venue import ProtocolError, big_endian, soupbintcp
from schemas.venue.soupbintcp import (
    LoginAccepted,
    LoginRejected,
    LoginRejectReason,
    LoginRequest,
)

MEMORY = GuardedMemory()
PACKETS = st.lists(
    st.tuples(st.sampled_from([ord(letter) for letter in "+ULROAJSHZ"]), st.binary(max_size=30)),
    max_size=6,
)


def all_packets(stream: bytes):
    """What the kernel finds from the start of ``stream``, and the status it stops at."""
    address = MEMORY.place(stream)
    found = []
    position = 0
    while True:
        status, kind, at, length, following = soupbintcp.next_packet(
            address, position, len(stream)
        )
        if status != soupbintcp.COMPLETE:
            assert (kind, at, length, following) == (0, 0, 0, position)
            return found, status, stream[position:]
        found.append((kind, stream[at : at + length]))
        position = following


@given(PACKETS, st.data())
def test_a_stream_cut_anywhere_gives_its_whole_packets_and_keeps_the_rest(packets, data):
    stream = b"".join(soupbintcp.packet(kind, payload) for kind, payload in packets)
    cut = data.draw(st.integers(0, len(stream)))
    early, rest = soupbintcp.split(stream[:cut])
    late, nothing = soupbintcp.split(rest + stream[cut:])
    assert early + late == packets and nothing == b""
    assert all_packets(stream[:cut]) == (early, soupbintcp.INCOMPLETE, rest)


@given(st.binary(max_size=60))
def test_kernel_and_python_find_the_same_in_any_bytes(stream):
    found, status, rest = all_packets(stream)
    if status == soupbintcp.MALFORMED:
        with pytest.raises(ProtocolError, match="length 0"):
            soupbintcp.split(stream)
    else:
        assert soupbintcp.split(stream) == (found, rest)


def test_the_longest_packet_is_found_whole():
    longest = soupbintcp.packet(soupbintcp.SEQUENCED_DATA, bytes(soupbintcp.MAX_PAYLOAD_LENGTH))
    assert len(longest) == soupbintcp.MAX_PACKET_LENGTH
    assert all_packets(longest)[0][0][1] == bytes(soupbintcp.MAX_PAYLOAD_LENGTH)
    with pytest.raises(ProtocolError, match="65535 bytes; the length field allows 65534"):
        soupbintcp.packet(soupbintcp.SEQUENCED_DATA, bytes(65_535))


@given(st.binary(max_size=40))
def test_a_header_written_by_the_kernel_is_the_packet_s(payload):
    expected = soupbintcp.packet(soupbintcp.SEQUENCED_DATA, payload)
    address = MEMORY.place(bytes(soupbintcp.HEADER_LENGTH) + payload)
    at = soupbintcp.put_packet_header(address, len(payload), soupbintcp.SEQUENCED_DATA)
    assert at == soupbintcp.HEADER_LENGTH
    assert MEMORY.content() == expected and MEMORY.canaries_alive()
    assert big_endian.get_u16(address, 0) == len(payload) + 1


def test_heartbeats_logout_and_end_of_session_are_three_bytes():
    assert soupbintcp.packet(soupbintcp.CLIENT_HEARTBEAT) == b"\x00\x01R"
    assert soupbintcp.packet(soupbintcp.SERVER_HEARTBEAT) == b"\x00\x01H"
    assert soupbintcp.packet(soupbintcp.LOGOUT_REQUEST) == b"\x00\x01O"
    assert soupbintcp.packet(soupbintcp.END_OF_SESSION) == b"\x00\x01Z"
    assert soupbintcp.debug("höre") == b"\x00\x05+h?re"


ASCII = st.characters(min_codepoint=0x21, max_codepoint=0x7E)


@given(
    st.builds(
        LoginRequest,
        st.text(ASCII, max_size=6),
        st.text(ASCII, max_size=10),
        st.text(ASCII, max_size=10),
        st.integers(0, 10**20 - 1),
        st.none() | st.integers(0, 99_999),
    )
)
def test_a_login_comes_back_as_it_was_sent(login):
    ((kind, payload),), rest = soupbintcp.split(login.encode())
    assert (kind, rest) == (soupbintcp.LOGIN_REQUEST, b"")
    assert len(payload) == (46 if login.heartbeat_timeout_ms is None else 51)
    assert LoginRequest.decode(payload) == login


@pytest.mark.parametrize(
    "payload",
    [
        b"user  " b"secret    " b"          " b"                   7",
        b"  user" b"    secret" b"          " b"7                   ",
        b" USER " b"SECRET    " b"          " b"00000000000000000007",
    ],
)
def test_clients_that_pad_and_capitalise_differently_all_log_in(payload):
    login = LoginRequest.decode(payload)
    assert login.matches("user", "Secret") and not login.matches("user", "secret2")
    assert (login.session, login.sequence_number) == ("", 7)


def test_a_4_1_client_s_heartbeat_timeout_is_read_and_may_be_blank():
    base = b"user  " b"secret    " b"          " b"                   1"
    assert LoginRequest.decode(base + b" 5000").heartbeat_timeout_ms == 5000
    assert LoginRequest.decode(base + b"     ").heartbeat_timeout_ms is None


@pytest.mark.parametrize(
    "payload, says",
    [
        (b"short", r"expected a payload of 46 bytes \(or 51 since 4.1\), got 5; .* 73 68 6f"),
        (b" " * 46, "sequence_number must be ASCII digits"),
        (b" " * 26 + b"-1".rjust(20), "sequence_number must be ASCII digits"),
        (b" " * 26 + b"1".rjust(20) + b"abcde", "heartbeat_timeout must be ASCII digits"),
    ],
)
def test_a_login_that_makes_no_sense_is_explained(payload, says):
    with pytest.raises(ProtocolError, match=says):
        LoginRequest.decode(payload)


@pytest.mark.parametrize(
    "login, says",
    [
        (LoginRequest("toolong", "x"), "username takes at most 6 ASCII characters, got 'toolong'"),
        (LoginRequest("user", "pässword"), "password takes at most 10 ASCII"),
        (LoginRequest("user", "x", sequence_number=-1), "must not be negative, got -1"),
        (LoginRequest("user", "x", heartbeat_timeout_ms=100_000), "heartbeat_timeout takes at"),
    ],
)
def test_a_login_that_does_not_fit_is_not_sent(login, says):
    with pytest.raises(ProtocolError, match=says):
        login.encode()


def test_login_accepted_is_padded_on_the_left_and_read_with_any_padding():
    accepted = LoginAccepted("1689192121", 135)
    assert accepted.encode() == b"\x00\x1fA1689192121" + b"135".rjust(20)
    assert LoginAccepted("1", 2).encode() == b"\x00\x1fA" + b"1".rjust(10) + b"2".rjust(20)
    assert LoginAccepted.decode(b"1".ljust(10) + b"135".ljust(20)) == LoginAccepted("1", 135)
    with pytest.raises(ProtocolError, match="Login Accepted .*expected a payload of 30 bytes"):
        LoginAccepted.decode(b"")


def test_login_rejected_says_why():
    refused = LoginRejected(LoginRejectReason.SESSION_NOT_AVAILABLE)
    assert refused.encode() == b"\x00\x02JS"
    assert LoginRejected.decode(b"S") == refused
    with pytest.raises(ProtocolError, match="reason '\\?'"):
        LoginRejected.decode(b"?")


PACKET_VECTORS = {
    "+": "0003 2b 6869",
    "L": "0034 4c 757365722020 73656372657420202020 20202020202020202020"
         " 2020202020202020202020202020202020203432 2035303030",
    "U": "0003 55 6869",
    "R": "0001 52",
    "O": "0001 4f",
    "A": "001f 41 20202020202020534553 2020202020202020202020202020202020203432",
    "J": "0002 4a 53",
    "S": "0003 53 6869",
    "H": "0001 48",
    "Z": "0001 5a",
}  # fmt: skip
LOGINS = {
    "L": (LoginRequest, LoginRequest("user", "secret", "", 42, 5000)),
    "A": (LoginAccepted, LoginAccepted("SES", 42)),
    "J": (LoginRejected, LoginRejected(LoginRejectReason.SESSION_NOT_AVAILABLE)),
}


def test_no_packet_is_without_a_vector():
    assert [each.layout.type for each in soupbintcp.PACKETS] == list(PACKET_VECTORS)


@pytest.mark.parametrize("kind", PACKET_VECTORS)
def test_a_packet_is_the_published_bytes_both_ways(kind):
    data = bytes.fromhex(PACKET_VECTORS[kind])
    assert soupbintcp.packet(ord(kind), data[3:]) == data
    assert soupbintcp.split(data) == ([(ord(kind), data[3:])], b"")
    assert all_packets(data) == ([(ord(kind), data[3:])], soupbintcp.INCOMPLETE, b"")
    (layout,) = (each.layout for each in soupbintcp.PACKETS if each.layout.type == kind)
    assert len(data) == 2 + layout.length + (2 if kind in "+US" else 0)
    if kind in LOGINS:
        login, values = LOGINS[kind]
        assert login.decode(data[3:]) == values and values.encode() == data


@pytest.mark.parametrize("kind", PACKET_VECTORS)
def test_a_packet_cut_or_changed_anywhere_is_read_or_refused_but_never_worse(kind):
    data = bytes.fromhex(PACKET_VECTORS[kind])
    damaged = [data[:length] for length in range(len(data))]
    for position in range(len(data)):
        for change in (0x01, 0x10, 0x20, 0x80, 0xFF):
            changed = bytearray(data)
            changed[position] ^= change
            damaged.append(bytes(changed))
    for stream in damaged:
        packets, status, rest = all_packets(stream)
        try:
            assert soupbintcp.split(stream) == (packets, rest)
        except ProtocolError:
            assert status == soupbintcp.MALFORMED
        if kind in LOGINS:
            for payload in (stream[3:], *(payload for _, payload in packets)):
                try:
                    LOGINS[kind][0].decode(payload)
                except ProtocolError as error:
                    assert "SoupBinTCP Login" in str(error)
