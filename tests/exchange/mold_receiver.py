"""A receiver of MoldUDP64 packets in plain Python, written from the protocol tables: for tests."""

from __future__ import annotations

import socket
import time

from schemas.venue import itch50
from schemas.venue.moldudp64 import Packet, Request

__all__ = ["MoldReceiver", "ask"]

TIMEOUT_S = 20.0


class MoldReceiver:
    """A UDP socket and the packets that came: ``messages`` by sequence number, ``session``,
    ``heartbeats``, ``ended``."""

    def __init__(self, group: str | None = None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((group or "127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        if group is not None:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                                   socket.inet_aton(group) + socket.inet_aton("127.0.0.1"))
        self.messages: dict[int, bytes] = {}
        self.session = ""
        self.heartbeats = 0
        self.longest = 0
        self.ended = False

    def packet(self, timeout: float = TIMEOUT_S) -> Packet:
        """The next packet, taken in. TimeoutError."""
        self.socket.settimeout(timeout)
        data = self.socket.recv(1 << 16)
        packet = Packet.decode(data)
        self.session, self.longest = packet.session, max(self.longest, len(data))
        self.heartbeats += packet.is_heartbeat
        self.ended |= packet.end_of_session
        for n, message in enumerate(packet.messages):
            self.messages[packet.sequence_number + n] = message
        return packet

    def until(self, condition, timeout: float = TIMEOUT_S) -> None:
        """Takes in packets until ``condition()``."""
        deadline = time.monotonic() + timeout
        while not condition():
            self.packet(max(deadline - time.monotonic(), 0.001))

    def decoded(self) -> list[dict]:
        return [itch50.decode(self.messages[n]) for n in sorted(self.messages)]

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> MoldReceiver:
        return self

    def __exit__(self, *exc) -> None:
        self.close()


def ask(port: int, session: str, sequence: int, count: int,
        connection: socket.socket | None = None, timeout: float = TIMEOUT_S) -> Packet:
    """The answer of the retransmission server to one request. TimeoutError if there is none."""
    with (connection or socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as asker:
        asker.settimeout(timeout)
        asker.sendto(Request(session, sequence, count).encode(), ("127.0.0.1", port))
        return Packet.decode(asker.recv(1 << 16))
