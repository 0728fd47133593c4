"""A small SoupBinTCP client in plain Python, written from the protocol tables: for tests."""

from __future__ import annotations

import itertools
import socket
import time

from schemas.venue import itch50, ouch50, soupbintcp
from schemas.venue.soupbintcp import LoginAccepted, LoginRejected, LoginRequest

__all__ = ["Disconnected", "MarketDataClient", "OrderClient", "SoupTestClient", "raw_connection"]

TIMEOUT_S = 20.0


class Disconnected(Exception):
    """The exchange closed the connection."""


def raw_connection(port: int, receive_buffer: int | None = None) -> socket.socket:
    """A connected socket on which nothing was said yet."""
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(TIMEOUT_S)
    connection.connect(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class SoupTestClient:
    """A connection and what it received. ``next_sequence`` is the next sequenced message's."""

    def __init__(self, port: int, receive_buffer: int | None = None):
        self.socket = raw_connection(port, receive_buffer)
        self._unread = b""
        self._packets: list[tuple[int, bytes]] = []
        self.next_sequence = 0
        self.session = ""
        self.heartbeats = 0
        self.debug_texts: list[str] = []
        self._beaten = float("inf")  # from the login on

    def login(self, username: str = "DESK01", password: str = "PITWIRE", session: str = "",
              sequence: int = 1) -> LoginAccepted | LoginRejected:
        """Logs in and returns the answer."""
        self.socket.sendall(LoginRequest(username, password, session, sequence).encode())
        return self.read_login_answer()

    def read_login_answer(self) -> LoginAccepted | LoginRejected:
        kind, payload = self.packet()
        if kind == soupbintcp.LOGIN_REJECTED:
            return LoginRejected.decode(payload)
        assert kind == soupbintcp.LOGIN_ACCEPTED, chr(kind)
        answer = LoginAccepted.decode(payload)
        self.next_sequence, self.session = answer.sequence_number, answer.session
        self._beaten = time.monotonic()
        return answer

    def packet(self, timeout: float = TIMEOUT_S) -> tuple[int, bytes]:
        """The next packet: (type, payload). Disconnected at the end; TimeoutError."""
        deadline = time.monotonic() + timeout
        while not self._packets:
            self._beat()
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                chunk = self.socket.recv(1 << 16)
            except ConnectionError as error:
                raise Disconnected from error
            if not chunk:
                raise Disconnected
            found, self._unread = soupbintcp.split(self._unread + chunk)
            self._packets = found
        return self._packets.pop(0)

    def _beat(self) -> None:
        """A client heartbeat, if the last was a second ago."""
        if time.monotonic() - self._beaten >= 1.0:
            self._beaten = time.monotonic()
            try:
                self.send_packet(soupbintcp.CLIENT_HEARTBEAT)
            except OSError:
                pass  # closed by the exchange: what it sent before can still be read

    def message(self, timeout: float = TIMEOUT_S) -> bytes:
        """The next sequenced message; heartbeats and debug packets on the way are noted."""
        deadline = time.monotonic() + timeout
        while True:
            kind, payload = self.packet(max(deadline - time.monotonic(), 0.001))
            if kind == soupbintcp.SEQUENCED_DATA:
                self.next_sequence += 1
                return payload
            if kind == soupbintcp.SERVER_HEARTBEAT:
                self.heartbeats += 1
            elif kind == soupbintcp.DEBUG:
                self.debug_texts.append(payload.decode())
            else:
                raise AssertionError(f"unexpected packet {chr(kind)!r} {payload!r}")

    def send(self, message: bytes) -> None:
        """Sends one unsequenced message."""
        self.socket.sendall(soupbintcp.packet(soupbintcp.UNSEQUENCED_DATA, message))

    def send_packet(self, kind: int, payload: bytes = b"") -> None:
        self.socket.sendall(soupbintcp.packet(kind, payload))

    def wait_closed(self, timeout: float = TIMEOUT_S) -> list[tuple[int, bytes]]:
        """Reads to the end of the connection; returns the packets before it."""
        packets = []
        deadline = time.monotonic() + timeout
        while True:
            try:
                packets.append(self.packet(max(deadline - time.monotonic(), 0.001)))
            except Disconnected:
                return packets

    def logout(self) -> None:
        self.send_packet(soupbintcp.LOGOUT_REQUEST)
        self.wait_closed()
        self.close()

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc) -> None:
        self.close()


class OrderClient(SoupTestClient):
    """Order entry: OUCH 5.0. ``next_ref`` numbers orders."""

    def __init__(self, port: int):
        super().__init__(port)
        self.next_ref = 1

    def start(self, username: str = "DESK01", password: str = "PITWIRE", sequence: int = 0):
        """Logs in for what is new and asks for the next free UserRefNum."""
        answer = self.login(username, password, sequence=sequence)
        assert isinstance(answer, LoginAccepted), answer
        self.sync()
        return self

    def enter(self, side: str, quantity: int, symbol: str, price_e4: int, **fields) -> int:
        """Sends an Enter Order; returns its UserRefNum."""
        reference = fields.pop("user_ref_num") if "user_ref_num" in fields else self.take_ref()
        values = dict(user_ref_num=reference, side=side, quantity=quantity, symbol=symbol,
                      price=price_e4, time_in_force="0", display="Y", capacity="P",
                      intermarket_sweep_eligibility="N", cross_type="N",
                      cl_ord_id=f"T{reference}")
        self.send(ouch50.encode_in("O", **{**values, **fields}))
        return reference

    def replace(self, original: int, quantity: int, price_e4: int, **fields) -> int:
        """Sends a Replace; returns its UserRefNum."""
        reference = fields.pop("user_ref_num") if "user_ref_num" in fields else self.take_ref()
        values = dict(orig_user_ref_num=original, user_ref_num=reference, quantity=quantity,
                      price=price_e4, time_in_force="0", display="Y",
                      intermarket_sweep_eligibility="N", cl_ord_id=f"T{reference}")
        self.send(ouch50.encode_in("U", **{**values, **fields}))
        return reference

    def cancel(self, reference: int, quantity: int = 0) -> None:
        self.send(ouch50.encode_in("X", user_ref_num=reference, quantity=quantity))

    def cancel_everything(self) -> None:
        """Sends a Mass Cancel for all symbols and reads until it is carried out."""
        self.send(ouch50.encode_in("C", user_ref_num=self.take_ref(), firm="", symbol="",
                                   appendage=[]))
        self.sync()

    def sync(self) -> list[dict]:
        """Asks for the next free UserRefNum, the answer to which comes after everything that was
        asked before; returns what came until then."""
        self.send(ouch50.encode_in("Q"))
        replies = []
        while True:
            replies.append(self.reply())
            if replies[-1]["type"] == "Q":
                self.next_ref = replies.pop()["next_user_ref_num"]
                return replies

    def take_ref(self) -> int:
        self.next_ref += 1
        return self.next_ref - 1

    def reply(self, timeout: float = TIMEOUT_S) -> dict:
        """The next reply, decoded."""
        return ouch50.decode_out(self.message(timeout))

    def expect(self, *types: str) -> dict:
        """Reads one reply for each of ``types`` and returns the last one."""
        for wanted in types:
            found = self.reply()
            assert found["type"] == wanted, found
        return found


class MarketDataClient(SoupTestClient):
    """Market data: ITCH 5.0."""

    def start(self, sequence: int = 1):
        answer = self.login(sequence=sequence)
        assert isinstance(answer, LoginAccepted), answer
        return self

    def update(self, timeout: float = TIMEOUT_S) -> dict:
        """The next message, decoded."""
        return itch50.decode(self.message(timeout))

    def updates(self, n: int) -> list[dict]:
        return [self.update() for _ in range(n)]

    def until(self, condition) -> list[dict]:
        """Messages up to and including the first for which ``condition(message)``."""
        found = []
        for _ in itertools.count():
            found.append(self.update())
            if condition(found[-1]):
                return found
