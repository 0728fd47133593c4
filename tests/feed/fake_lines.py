"""A venue that publishes on MoldUDP64 lines, in plain Python: it does what a test tells it to.

It numbers messages into packets and sends each on every line, but for what a test's ``loses`` takes
away. A thread answers retransmission requests. Its GLIMPSE server is a :class:`FakeVenue` whose
stream is a snapshot of the market.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from schemas.venue.moldudp64 import Packet, Request

__all__ = ["FakeLines", "free_port"]

_ROOM = 1400  # bytes of messages in a packet


def free_port() -> int:
    """A UDP port of 127.0.0.1 that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class FakeLines:
    """Use as a context manager. ``groups`` are the lines' addresses."""

    def __init__(self, lines: int = 2, session: str = "DAY1", groups: tuple[str, ...] = ()):
        self.session = session
        self.groups = groups or tuple(f"127.0.0.1:{free_port()}" for _ in range(lines))
        self.stream: list[bytes] = []
        #: Whether line ``i`` loses the packet that begins with message ``sequence``.
        self.loses: Callable[[int, int], bool] = lambda i, sequence: False
        #: Whether a retransmission request is answered; called with it.
        self.answers: Callable[[Request], bool] = lambda request: True
        self.requests: list[Request] = []
        self._to = [(host, int(port)) for host, port in (g.split(":") for g in self.groups)]
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                                socket.inet_aton("127.0.0.1"))
        self._server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._server.bind(("127.0.0.1", 0))
        self._heart = threading.Event()
        self._heartbeats = [True] * len(self.groups)
        self._lock = threading.Lock()

    @property
    def retransmission(self) -> str:
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def __enter__(self) -> FakeLines:
        threading.Thread(target=self._serve, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *exc) -> None:
        self._heart.set()
        with contextlib.suppress(OSError):  # wakes the thread that serves
            self._sender.sendto(b"", self._server.getsockname())
        self._sender.close()

    # ---- lines -------------------------------------------------------------------------------

    def publish(self, *messages: bytes, each: int = 20) -> None:
        """Adds messages to the stream and sends them, up to ``each`` in a packet."""
        while messages:
            batch, messages = messages[:each], messages[each:]
            with self._lock:
                first = len(self.stream) + 1
                self.stream.extend(batch)
            data = Packet(self.session, first, tuple(batch)).encode()
            for i in range(len(self.groups)):
                if not self.loses(i, first):
                    self.send(i, data)

    def send(self, i: int, data: bytes) -> None:
        """Any bytes on line ``i``."""
        with contextlib.suppress(OSError):
            self._sender.sendto(data, self._to[i])

    def heartbeat(self) -> None:
        self._each(Packet(self.session, len(self.stream) + 1))

    def end_session(self) -> None:
        self._each(Packet(self.session, len(self.stream) + 1, end_of_session=True))

    def begin_session(self, session: str) -> None:
        with self._lock:
            self.session, self.stream = session, []

    def silence(self, *lines: int) -> None:
        """These lines' heartbeats stop; all others' go on."""
        self._heartbeats = [i not in lines for i in range(len(self.groups))]

    def _each(self, packet: Packet) -> None:
        for i, beats in enumerate(self._heartbeats):
            if beats:
                self.send(i, packet.encode())

    def _beat(self) -> None:
        while not self._heart.wait(0.005):
            self.heartbeat()

    # ---- retransmission ----------------------------------------------------------------------

    def _serve(self) -> None:
        with self._server:
            while not self._heart.is_set():
                data, client = self._server.recvfrom(2048)
                if data:
                    self._answer(Request.decode(data), client)

    def _answer(self, request: Request, client) -> None:
        self.requests.append(request)
        if request.session != self.session or not self.answers(request):
            return
        with self._lock:
            first = request.sequence_number - 1
            messages = self.stream[first:first + request.message_count]
        fitting, size = [], 0
        for message in messages:
            size += 2 + len(message)
            if size > _ROOM:
                break
            fitting.append(message)
        self._server.sendto(Packet(self.session, request.sequence_number,
                                   tuple(fitting)).encode(), client)
