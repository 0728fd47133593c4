"""A SoupBinTCP server in plain Python that does what a test tells it to.

It keeps one stream of sequenced messages. Every connection is served by a thread of its own: it
reads the login, answers as the rules say (or as the test's), sends the stream from the number asked
for, then follows it. What clients send is kept in ``received``.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field

from schemas.venue import soupbintcp as soup

__all__ = ["FakeVenue", "Login"]


@dataclass
class Login:
    """One login request that was answered with Login Accepted."""

    request: soup.LoginRequest
    connection: "Connection"


@dataclass
class FakeVenue:
    """A listening server; use it as a context manager. ``port`` is chosen by the system."""

    session: str = "DAY1"
    stream: list[bytes] = field(default_factory=list)
    #: Bytes a send() takes at most: 1 makes every split point of every packet happen.
    chunk: int = 1 << 20
    #: Answer to every login instead of the normal one.
    refuse: soup.LoginRejectReason | None = None
    heartbeats: bool = True
    #: First number the venue can still send.
    retained_from: int = 1
    #: How many messages before the one asked for it starts with.
    rewind: int = 0
    #: Accepts logins, but sends nothing of the stream.
    hold_stream: bool = False
    port: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Condition()
        self.logins: list[Login] = []
        self.received: list[bytes] = []
        self.client_heartbeats = 0
        self.logouts = 0
        self.connections: list[Connection] = []
        self.on_request = None  # called with the payload of every unsequenced message
        self._listener: socket.socket | None = None

    def __enter__(self) -> FakeVenue:
        self.listen()
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop_listening(self) -> None:
        """Refuses connections from now on."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def close(self) -> None:
        self.stop_listening()
        self.drop()

    def drop(self) -> None:
        """Cuts every connection."""
        with self.lock:
            connections, self.connections = self.connections, []
        for connection in connections:
            connection.close()

    def publish(self, *messages: bytes) -> None:
        """Adds messages to the stream; whoever is logged in gets them."""
        with self.lock:
            self.stream.extend(messages)
            self.lock.notify_all()

    def restart(self, session: str) -> None:
        """A new, empty stream, as after a venue's restart without recovery."""
        self.drop()
        with self.lock:
            self.session, self.stream = session, []

    def send_raw(self, data: bytes) -> None:
        """Writes bytes to every connection that is logged in, past all rules."""
        with self.lock:
            for connection in self.connections:
                connection.write(data)

    def followers(self) -> int:
        """Connections that are logged in for the stream, not only to look."""
        with self.lock:
            return sum(c.following for c in self.connections)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            served = Connection(self, connection)
            with self.lock:
                self.connections.append(served)
            threading.Thread(target=served.serve, daemon=True).start()


class Connection:
    """One client of a :class:`FakeVenue`."""

    def __init__(self, venue: FakeVenue, connection: socket.socket):
        self.venue, self.socket = venue, connection
        self.following = False
        self.position = 0
        self._rest = b""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self.following = False
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            for at in range(0, len(data), self.venue.chunk):
                self.socket.sendall(data[at:at + self.venue.chunk])

    def serve(self) -> None:
        try:
            self._serve()
        except OSError:
            pass
        finally:
            self.close()

    def _serve(self) -> None:
        kind, payload = self._packet()
        if kind != soup.LOGIN_REQUEST:
            return
        request = soup.LoginRequest.decode(payload)
        venue = self.venue
        if venue.refuse is not None:
            self.write(soup.LoginRejected(venue.refuse).encode())
            return
        with venue.lock:
            following = len(venue.stream) + 1
            first = request.sequence_number or following
            first = min(max(first - venue.rewind, venue.retained_from), following)
            venue.logins.append(Login(request, self))
            self.write(soup.LoginAccepted(venue.session, first).encode())
            self.position, self.following = first - 1, True
        threading.Thread(target=self._follow, daemon=True).start()
        self._read()

    def _follow(self) -> None:
        venue = self.venue
        while self.following:
            with venue.lock:
                if (venue.hold_stream or self.position >= len(venue.stream)) \
                        and not venue.lock.wait(0.02 if venue.hold_stream else 0.2):
                    data = soup.packet(soup.SERVER_HEARTBEAT) if venue.heartbeats else b""
                else:
                    messages = [] if venue.hold_stream else venue.stream[self.position:]
                    self.position += len(messages)
                    data = b"".join(soup.packet(soup.SEQUENCED_DATA, m) for m in messages)
                if self.following:
                    self.write(data)

    def _read(self) -> None:
        while True:
            kind, payload = self._packet()
            if kind == soup.UNSEQUENCED_DATA:
                self.venue.received.append(payload)
                if self.venue.on_request is not None:
                    self.venue.on_request(payload)
            elif kind == soup.CLIENT_HEARTBEAT:
                self.venue.client_heartbeats += 1
            elif kind == soup.LOGOUT_REQUEST:
                self.venue.logouts += 1
                return

    def _packet(self) -> tuple[int, bytes]:
        """The next packet from the client; OSError at the end of the connection."""
        while True:
            packets, rest = soup.split(self._rest)
            if packets:
                kind, payload = packets[0]
                self._rest = self._rest[3 + len(payload):]
                return kind, payload
            chunk = self.socket.recv(65536)
            if not chunk:
                raise ConnectionResetError
            self._rest = rest + chunk
