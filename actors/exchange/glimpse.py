"""GLIMPSE: logged-in clients who are sent a snapshot of the books. Plain Python, the housekeeper's.

Everything here happens beside the reactor, so that neither a snapshot nor a slow reader of one
delays an order. A session is SoupBinTCP's: heartbeats both ways, and after End of Snapshot it goes
on, silent, until the client logs out or the day ends.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.exchange.public_book import BookState
from actors.exchange.snapshots import Snapshot, SnapshotMaker
from schemas.venue import ProtocolError, soupbintcp
from schemas.venue.soupbintcp import HEARTBEAT_INTERVAL_NS

if TYPE_CHECKING:
    from actors.exchange.front_door import Client

__all__ = ["Glimpse", "Viewer"]

_CHUNK = 4_096
_SEND_AT_A_TIME = 1 << 18  # of one client, then others get theirs
_NS_PER_MS = 1_000_000
_HEARTBEAT = soupbintcp.packet(soupbintcp.SERVER_HEARTBEAT)
_END_OF_SESSION = soupbintcp.packet(soupbintcp.END_OF_SESSION)
_LONGEST_PACKET = 1_024  # a client has nothing to say here; a debug text perhaps


@dataclass
class Viewer:
    """A client, its snapshot until it has it, how many bytes of it were sent, and what else is on
    its way out. ``heard_ns``: when it last sent something; ``sent_ns``: when it took something.
    """

    client: Client
    snapshot: Snapshot | None
    heard_ns: int
    sent_ns: int
    sent: int = 0
    unsent: bytes = b""
    received: bytes = b""

    @property
    def at_rest(self) -> bool:
        """Whether what was sent are whole packets."""
        return not self.unsent and (self.snapshot is None or self.sent == 0)


class Glimpse:
    """``maker`` makes the snapshots; ``silence_ms``: after how long without a sign of life a client
    is dropped, and after how long without taking a byte; ``log`` a loguru logger; ``served()`` and
    ``dropped()`` count."""

    def __init__(self, maker: SnapshotMaker, silence_ms: float, log, served, dropped):
        self.maker = maker
        self._silence_ns = int(silence_ms * _NS_PER_MS)
        self._log, self._served, self._dropped = log, served, dropped
        self.viewers: list[Viewer] = []
        self._failure_told = False

    def admit(self, client: Client, rest: bytes, now_ns: int) -> None:
        """Takes over a client that was told that it is logged in; ``rest`` came with its login."""
        viewer = Viewer(client, self.maker.ask(now_ns), now_ns, now_ns, received=rest)
        self.viewers.append(viewer)

    def attend(self, now_ns: int) -> None:
        """Goes on with the snapshot and with everybody's session, a bounded piece."""
        self.maker.work()
        if self.maker.failure is not None and not self._failure_told:
            self._failure_told = True
            self._log.error("glimpse: no more snapshots today: {}", _EXPLAINED[self.maker.failure])
        for viewer in list(self.viewers):
            ended = self._hear(viewer, now_ns) or self._speak(viewer, now_ns)
            if ended:
                self._end(viewer, *ended)

    def dismiss(self, username: str | None) -> None:
        """Ends the sessions of a user, in upper case, or of all."""
        for viewer in list(self.viewers):
            if username is None or viewer.client.username.upper() == username:
                self._end(viewer, "disconnected by the operator", False)

    def close(self) -> None:
        """Ends every session, with End of Session where that is not within a message."""
        for viewer in list(self.viewers):
            if viewer.at_rest:
                _send(viewer, _END_OF_SESSION)
            self._end(viewer, "the day is over", False)

    # ---- one session: each part returns why it is over, and whether that is a fault -------------

    def _hear(self, viewer: Viewer, now_ns: int) -> tuple[str, bool] | None:
        try:
            chunk = viewer.client.socket.recv(_CHUNK)
        except BlockingIOError:
            chunk = None
        except OSError as error:
            return _lost(error), True
        if chunk == b"":
            return "closed the connection", False
        if chunk is not None:
            viewer.heard_ns = now_ns
            viewer.received += chunk
        elif now_ns - viewer.heard_ns >= self._silence_ns:
            return f"silent for {self._silence_ns / 1e9:g} s", True
        return self._read_packets(viewer)

    def _read_packets(self, viewer: Viewer) -> tuple[str, bool] | None:
        try:
            packets, viewer.received = soupbintcp.split(viewer.received)
        except ProtocolError as error:
            return str(error), True
        if len(viewer.received) > _LONGEST_PACKET:
            return f"a packet of more than {_LONGEST_PACKET} bytes, which has no place here", True
        for kind, _ in packets:
            if kind == soupbintcp.LOGOUT_REQUEST:
                return "logged out", False
            if kind not in (soupbintcp.CLIENT_HEARTBEAT, soupbintcp.DEBUG):
                return f"a SoupBinTCP packet of type {chr(kind)!r}, which has no place here", True
        return None

    def _speak(self, viewer: Viewer, now_ns: int) -> tuple[str, bool] | None:
        snapshot = viewer.snapshot
        if snapshot is not None and snapshot.abandoned:
            return "so slow that its snapshot had to make room for others", True
        if snapshot is not None and not snapshot.whole and self.maker.failure is not None:
            return "there are no more snapshots today", True
        try:
            if viewer.unsent:
                viewer.unsent = viewer.unsent[viewer.client.socket.send(viewer.unsent):]
                viewer.sent_ns = now_ns
            if not viewer.unsent and snapshot is not None and snapshot.whole:
                self._send_snapshot(viewer, snapshot, now_ns)
        except BlockingIOError:
            if now_ns - viewer.sent_ns >= self._silence_ns:
                return f"took nothing for {self._silence_ns / 1e9:g} s", True
            return None
        except OSError as error:
            return _lost(error), True
        if viewer.at_rest and now_ns - viewer.sent_ns >= HEARTBEAT_INTERVAL_NS:
            viewer.unsent = _HEARTBEAT
        return None

    def _send_snapshot(self, viewer: Viewer, snapshot: Snapshot, now_ns: int) -> None:
        data = snapshot.bytes()
        piece = data[viewer.sent : viewer.sent + _SEND_AT_A_TIME]
        viewer.sent += viewer.client.socket.send(piece)
        viewer.sent_ns = now_ns
        if viewer.sent == len(data):
            self._let_go(viewer)
            self._served()
            self._log.info("{}: has the snapshot, {:,} bytes; ITCH goes on with {}", viewer.client,
                           viewer.sent, snapshot.sequence)

    @staticmethod
    def _let_go(viewer: Viewer) -> None:
        if viewer.snapshot is not None:
            viewer.snapshot.readers -= 1
            viewer.snapshot = None

    def _end(self, viewer: Viewer, why: str, fault: bool) -> None:
        self.viewers.remove(viewer)
        if fault:
            if viewer.at_rest:
                _send(viewer, soupbintcp.debug(why))
            self._dropped()
            self._log.warning("{}: dropped: {}", viewer.client, why)
        else:
            self._log.info("{}: {}", viewer.client, why)
        self._let_go(viewer)
        viewer.client.socket.close()


_EXPLAINED = {
    BookState.FELL_BEHIND: "the market data log went round before it was read; give it more of "
       "capacity.market_data_log_mib",
    BookState.FULL: "more orders are displayed than capacity.orders allows",
    BookState.AT_ODDS: "the market data contradicts itself, which is a bug",
}


def _lost(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)


def _send(viewer: Viewer, data: bytes) -> None:
    try:
        viewer.client.socket.send(data)
    except OSError:
        pass  # it is gone, or takes nothing: nobody to tell
