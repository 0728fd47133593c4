"""The front door: accepts connections, logs clients in and hands them to the reactor.

Plain Python, on the housekeeper's thread: a login happens once a connection. None of it blocks. The
protocol is SoupBinTCP's: one Login Request, answered by Login Accepted or Rejected; anything else
at this point is refused, and logged with its first bytes.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

import numpy as np

from actors.exchange.config import ExchangeConfig
from actors.exchange.glimpse import Glimpse
from actors.exchange.session_state import SessionKind, SessionState
from actors.exchange.venue import MARKET_DATA_LOG, Counter, Venue
from schemas.venue import ProtocolError, soupbintcp
from schemas.venue.soupbintcp import LoginAccepted, LoginRejected, LoginRejectReason, LoginRequest

__all__ = ["Client", "FrontDoor", "PORT_NAMES"]

PORT_NAMES = {SessionKind.ORDER_ENTRY: "order entry", SessionKind.MARKET_DATA: "market data",
              SessionKind.GLIMPSE: "glimpse", SessionKind.OUCH42: "order entry (OUCH 4.2)"}
_PERMISSIONS = {SessionKind.ORDER_ENTRY: "order_entry", SessionKind.MARKET_DATA: "market_data",
                SessionKind.GLIMPSE: "glimpse", SessionKind.OUCH42: "order_entry"}
_CHUNK = 4_096
_SHOWN_BYTES = 64
_NS_PER_MS = 1_000_000
_SHORTEST_SILENCE_MS, _LONGEST_SILENCE_MS = 2_000, 3_600_000
_LOGIN_PAYLOADS = (46, 51)  # before SoupBinTCP 4.1, and since
_REFUSED = int(Counter.REFUSED_LOGINS)


@dataclass
class Client:
    """A connection: whom from, on which port, and, until it is logged in, what it has sent."""

    socket: socket.socket
    peer: str
    kind: SessionKind
    deadline_ns: int
    received: bytes = b""
    username: str = ""

    def __str__(self) -> str:
        who = f"{self.username} at {self.peer}" if self.username else self.peer
        return f"{PORT_NAMES[self.kind]}: {who}"


@dataclass
class FrontDoor:
    """``listeners`` by kind; ``session`` is the exchange's session id; ``log`` a loguru logger.

    ``inside`` are the clients that the reactor serves, by slot; ``glimpse`` takes those who want a
    snapshot.
    """

    venue: Venue
    config: ExchangeConfig
    session: str
    listeners: dict[SessionKind, socket.socket]
    counters: object
    log: object
    glimpse: Glimpse | None = None
    inside: dict[int, Client] = field(default_factory=dict)
    _waiting: list[Client] = field(default_factory=list)

    def attend(self, now_ns: int) -> None:
        """Accepts who is there, reads what they sent, and answers."""
        for kind, listener in self.listeners.items():
            self._accept(kind, listener, now_ns)
        for client in list(self._waiting):
            self._read_login(client, now_ns)

    def fds(self) -> list[int]:
        """Descriptors that are readable when there is somebody to attend to."""
        return [listener.fileno() for listener in self.listeners.values()] \
            + [client.socket.fileno() for client in self._waiting]

    def close(self) -> None:
        """Lets nobody in any more."""
        for listener in self.listeners.values():
            listener.close()
        for client in self._waiting:
            client.socket.close()
        self.listeners, self._waiting = {}, []

    # ---- outside -----------------------------------------------------------------------------

    def _accept(self, kind: SessionKind, listener: socket.socket, now_ns: int) -> None:
        while True:
            try:
                connection, address = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:  # no descriptors left, or the client is gone already
                self.log.warning("{}: cannot accept a connection: {}", PORT_NAMES[kind],
                                 error.strerror)
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF,
                                  self.config.capacity.send_buffer_kib * 1024)
            deadline = now_ns + int(self.config.login_timeout_ms * _NS_PER_MS)
            self._waiting.append(Client(connection, f"{address[0]}:{address[1]}", kind, deadline))
            if len(self._waiting) > self.config.capacity.sessions:
                self._turn_away(self._waiting[0], "too many connections wait to log in")

    def _read_login(self, client: Client, now_ns: int) -> None:
        try:
            chunk = client.socket.recv(_CHUNK)
        except BlockingIOError:
            if now_ns > client.deadline_ns:
                self._turn_away(client, f"no login within {self.config.login_timeout_ms / 1e3:g} s")
            return
        except OSError as error:
            self._turn_away(client, error.strerror or str(error))
            return
        if not chunk:
            why = "closed before it logged in" if client.received else ""
            self._turn_away(client, why)
            return
        client.received += chunk
        try:
            request, rest = _login_in(client.received)
        except ProtocolError as error:
            self._turn_away(client, str(error), LoginRejectReason.NOT_AUTHORISED)
            return
        if request is not None:
            self._answer(client, request, rest, now_ns)

    def _turn_away(self, client: Client, why: str, reason: LoginRejectReason | None = None) -> None:
        """Closes a connection that is not logged in; with ``reason``, after Login Rejected."""
        self._waiting.remove(client)
        if reason is not None:
            _send_quietly(client.socket, LoginRejected(reason).encode())
            self.counters[_REFUSED] += 1
        client.socket.close()
        if why:
            sent = client.received[:_SHOWN_BYTES].hex(" ")
            self.log.warning("{}: refused: {}{}", client, why, f"; it sent {sent}" if sent else "")

    # ---- logging in --------------------------------------------------------------------------

    def _answer(self, client: Client, request: LoginRequest, rest: bytes, now_ns: int) -> None:
        account = next((n for n, known in enumerate(self.config.accounts)
                        if request.matches(known.username, known.password)), None)
        if account is None:
            client.received = b""  # holds a password
            self._turn_away(client, f"user '{request.username}' is not known with this password",
                            LoginRejectReason.NOT_AUTHORISED)
            return
        permissions = self.config.accounts[account].permissions
        if _PERMISSIONS[client.kind] not in permissions:
            client.received = b""
            self._turn_away(client, f"user {request.username} may not use this port; its "
                                    f"permissions are {', '.join(sorted(permissions))}",
                            LoginRejectReason.NOT_AUTHORISED)
            return
        if request.session.upper() not in ("", self.session):
            client.received = b""
            self._turn_away(client, f"user {request.username} wants session '{request.session}', "
                                    f"this is '{self.session}'",
                            LoginRejectReason.SESSION_NOT_AVAILABLE)
            return
        client.username = self.config.accounts[account].username
        if client.kind == SessionKind.GLIMPSE:
            self._admit_viewer(client, rest, now_ns)
            return
        slot = self._free_slot()
        if slot is None:
            client.received = b""
            self._turn_away(client, f"all {self.config.capacity.sessions} sessions are taken",
                            LoginRejectReason.SESSION_NOT_AVAILABLE)
            return
        if client.kind == SessionKind.OUCH42:
            account += len(self.config.accounts)  # see actors.exchange.ouch42_state
        self._admit(client, slot, account, request, rest)

    def _admit_viewer(self, client: Client, rest: bytes, now_ns: int) -> None:
        """A session of GLIMPSE begins with message 1, whatever was asked for."""
        client.received = b""
        most = self.config.capacity.sessions
        if self.glimpse.maker.failure is not None or len(self.glimpse.viewers) == most:
            why = "there are no snapshots any more" if self.glimpse.maker.failure is not None else \
                f"all {most} sessions are taken"
            self._turn_away(client, why, LoginRejectReason.SESSION_NOT_AVAILABLE)
        elif not _send_quietly(client.socket, LoginAccepted(self.session, 1).encode()):
            self._turn_away(client, "the connection was lost during the login")
        else:
            self._waiting.remove(client)
            self.glimpse.admit(client, rest, now_ns)
            self.log.info("{}: logged in", client)

    def _free_slot(self) -> int | None:
        states = self.venue.sessions.sessions["state"]
        return next((n for n in range(states.size) if states[n] == SessionState.FREE), None)

    def _first_sequence(self, number: int, wanted: int) -> int:
        """Where the stream of log ``number`` starts for a client that asks for ``wanted``: there,
        or with the next message, if it asks for 0 or for more than there is. Who asks for what is
        no longer kept gets the oldest there is, but for some that would be gone before it is sent.
        """
        logs = self.venue.logs
        following, capacity = (int(logs.logs[number][name]) for name in ("next_seq", "capacity"))
        if wanted == 0 or wanted >= following:
            return following
        if wanted >= logs.oldest_retained(number):
            return wanted
        return logs.oldest_retained(number, capacity // 8)

    def _admit(self, client: Client, slot: int, account: int, request: LoginRequest,
               rest: bytes) -> None:
        wanted = request.sequence_number
        number = MARKET_DATA_LOG if client.kind == SessionKind.MARKET_DATA else account + 1
        start = self._first_sequence(number, wanted)
        accepted = LoginAccepted(self.session, start).encode()
        if not _send_quietly(client.socket, accepted):
            self._turn_away(client, "the connection was lost during the login")
            return
        self._waiting.remove(client)
        client.received = b""
        self.inside[slot] = client
        self.venue.sessions.buffers[slot, : len(rest)] = memoryview(rest)
        self._fill(slot, client, account, number, start, len(rest), self._silence_ns(request))
        note = f", though it asked for {wanted}" if wanted > 0 and start != wanted else ""
        self.log.info("{}: logged in, next sequence {}{}", client, start, note)

    def _silence_ns(self, request: LoginRequest) -> int:
        """How long a client may be silent: as long as it says itself (SoupBinTCP 4.1), within what
        a heartbeat a second can keep and an hour, else as the config says."""
        asked_ms = request.heartbeat_timeout_ms
        limit_ms = self.config.silence_timeout_ms if not asked_ms else \
            min(max(asked_ms, _SHORTEST_SILENCE_MS), _LONGEST_SILENCE_MS)
        return int(limit_ms * _NS_PER_MS)

    def _fill(self, slot: int, client: Client, account: int, number: int, start: int,
              filled: int, silence_ns: int) -> None:
        """Writes the session's row and, last, offers it to the reactor."""
        row, record = self.venue.sessions.sessions[slot], self.venue.record[0]
        receive_at = int(row["receive_at"])
        self.venue.sessions.sessions[slot] = np.zeros((), row.dtype)
        row["receive_at"], row["filled"] = receive_at, filled
        row["fd"], row["kind"], row["account"] = client.socket.fileno(), client.kind, account
        row["log"], row["start_seq"] = number, start
        row["silence_ns"] = silence_ns
        record["used"] = max(int(record["used"]), slot + 1)
        row["state"] = SessionState.OFFERED
        record["offered"] += 1


def _login_in(received: bytes) -> tuple[LoginRequest | None, bytes]:
    """The Login Request at the beginning of ``received``, once it is whole, and what follows.

    ProtocolError as soon as it cannot be one.
    """
    length = int.from_bytes(received[:2], "big") if len(received) >= 2 else 0
    if len(received) >= 2 and length - 1 not in _LOGIN_PAYLOADS:
        raise ProtocolError(f"not a Login Request: its packet length is {length}, not 47 or 52")
    if len(received) >= 3 and received[2] != soupbintcp.LOGIN_REQUEST:
        kind = chr(received[2])
        raise ProtocolError(f"not a Login Request: its packet type is {kind!r}, not 'L'")
    if len(received) < 2 or len(received) < 2 + length:
        return None, received
    return LoginRequest.decode(received[3 : 2 + length]), received[2 + length :]


def _send_quietly(connection: socket.socket, data: bytes) -> bool:
    """Whether a fresh socket, which has room, took all of ``data``."""
    try:
        return connection.send(data) == len(data)
    except OSError:
        return False
