"""The plain half of a feed on MoldUDP64 lines: sockets, silence, session rolls, snapshots.

It owns the LINES record while the reactor does not (:mod:`actors.feed.lines`), and the books while
they are being forgotten; it is driven from the actor's housekeeping and never blocks.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

import numpy as np

from actors.feed.config import FeedConfig, LinesConfig
from actors.feed.gaps import first_buffered, resume_at
from actors.feed.lines import LINES, MAX_LINES, PACKET_BYTES, RETRANSMISSION, SLOT, LinesState
from actors.feed.state import Counter
from actors.runtime.addresses import split_address
from actors.runtime.soup_kernels import SOUP_LINK
from actors.runtime.soup_session import SoupClient

__all__ = ["LineSockets", "POLLERS", "SNAPSHOT_POLLER"]

#: The pollers of the lines, the retransmission server's last, and of the GLIMPSE session.
POLLERS = (*(f"line_{chr(ord('a') + i)}" for i in range(RETRANSMISSION)), "retransmission")
SNAPSHOT_POLLER = "snapshot"
assert len(POLLERS) == MAX_LINES

_NS_PER_MS = 1_000_000
_LOOK_AT_DROPS_NS = 1_000_000_000
_SO_MEMINFO, _DROPS = 55, 8  # linux: nine words, of which the last counts packets dropped
_SO_RCVBUFFORCE = 33

#: Counters, and what of the lines each adds up: of every line, then of all together.
_OF_LINES = {Counter.PACKETS: "packets", Counter.DUPLICATES: "duplicates", Counter.EARLY: "early",
             Counter.BAD_PACKETS: "malformed", Counter.FOREIGN_PACKETS: "foreign",
             Counter.SOCKET_ERRORS: "errors", Counter.STALE: "stale"}
_OF_ALL = {Counter.OVERRUNS: "overruns", Counter.REQUESTS: "asked", Counter.GAPS: "lost",
           Counter.RECOVERED_GAPS: "recovered"}


class LineSockets:
    """The lines of one feed. ``lines`` and ``link`` are the LINES and SOUP_LINK records, shape ().

    ``attach(poller, fd)`` gives the reactor a descriptor. ``forget(directory)`` empties the books,
    and if ``directory`` also what the venue said of its symbols. ``follow_from(tail)`` says up to
    where what follows is history. ``count(counter, n)`` adds to a counter.
    """

    def __init__(self, lines: np.ndarray, link: np.ndarray, config: FeedConfig, log,
                 attach: Callable[[str, int], None], forget: Callable[[bool], None],
                 follow_from: Callable[[int], None], count: Callable[[Counter, int], None]):
        self.lines, self.link, self.config = lines, link, config
        self.said: LinesConfig = config.lines
        self._log, self._attach, self._count = log, attach, count
        self._forget, self._follow_from = forget, follow_from
        self._packets = np.zeros((MAX_LINES, PACKET_BYTES), np.uint8)
        self._ring = np.zeros(self.said.ring, SLOT)
        self._sockets: list[socket.socket | None] = [None] * MAX_LINES
        self._addresses = {i: group for i, group in enumerate(self.said.groups)}
        if self.said.retransmission:
            self._addresses[RETRANSMISSION] = self.said.retransmission
        self._retry_at = [0] * MAX_LINES
        self._failures = [0] * MAX_LINES
        self._stale: set[int] = set()
        self._counted: dict[Counter, int] = {}
        self._look_at_drops = 0
        self._glimpse: SoupClient | None = None
        self._snapshot_at = 0
        self._snapshot_failures = 0
        self._begin()

    def _begin(self) -> None:
        said, lines = self.said, self.lines
        lines[...] = np.zeros((), LINES)
        lines["line"]["fd"] = -1
        lines["line"]["packet"] = [p.ctypes.data for p in self._packets]
        lines["ring"], lines["mask"] = self._ring.ctypes.data, said.ring - 1
        lines["wait_ns"] = int(said.reorder_wait_ms * _NS_PER_MS)
        lines["timeout_ns"] = int(said.request_timeout_ms * _NS_PER_MS)
        lines["most_attempts"] = said.request_attempts
        lines["ask_every_ns"] = int(1e9 / said.requests_per_s)
        lines["silence_ns"] = int(said.stale_ms * _NS_PER_MS)
        lines["has_snapshot"] = said.glimpse is not None
        self._new_session()

    def _new_session(self) -> None:
        """Nothing is known; the next packet says which session it is."""
        lines = self.lines
        lines["former_0"], lines["former_1"] = lines["session_0"], lines["session_1"]
        lines["known"] = lines["ended"] = lines["jump"] = lines["began"] = 0
        lines["highest"] = 0
        self._ring["sequence"] = -1
        self._resume_at(1)

    def _resume_at(self, sequence: int) -> None:
        resume_at(self.lines.ctypes.data, sequence)

    # ---- what others see ---------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether the reactor follows the lines, and at least one of them is alive."""
        return (self.lines["state"] == LinesState.FOLLOWING
                and len(self._stale) < len(self.said.groups))

    @property
    def degraded(self) -> bool:
        """Whether a line is stale: what the others lose, nobody has."""
        return bool(self._stale)

    @property
    def session(self) -> str:
        """The venue's session, blank before the first packet."""
        name = (int(self.lines["session_0"]).to_bytes(8, "little", signed=True)
                + int(self.lines["session_1"]).to_bytes(2, "big"))
        return name.decode("latin-1").rstrip(" \0")

    def housekeep(self, now_ns: int) -> None:
        """Does what is due. Call it every few milliseconds."""
        self._open_sockets(now_ns)
        state = self.lines["state"]
        if state == LinesState.IDLE:
            self.lines["line"]["heard_ns"] = self.lines["heard_ns"] = now_ns
            self.lines["state"] = LinesState.FOLLOWING
        elif state == LinesState.ROLLING:
            self._roll()
        elif state == LinesState.FORGETTING:
            self._go_on_without()
        elif state == LinesState.SNAPSHOT:
            self._rebuild(now_ns)
        elif self._glimpse is not None and not self._glimpse.connected:
            self._end_snapshot(now_ns)
        self._look_for_silence(now_ns)
        self._take_counts(now_ns)

    def close(self) -> None:
        """Closes everything. The object is of no use after this."""
        self._drop_glimpse()
        for i in range(MAX_LINES):
            self._close_socket(i)

    # ---- sockets -----------------------------------------------------------------------------

    def _open_sockets(self, now_ns: int) -> None:
        for i, address in self._addresses.items():
            if self._sockets[i] is None and now_ns >= self._retry_at[i]:
                try:
                    opened = self._open(i, address)
                except OSError as error:
                    self._open_failed(i, address, error, now_ns)
                    continue
                self._sockets[i], self._failures[i] = opened, 0
                self.lines["line"][i]["heard_ns"] = now_ns
                self.lines["line"][i]["fd"] = opened.fileno()
                self._attach(POLLERS[i], opened.fileno())

    def _open(self, i: int, address: str) -> socket.socket:
        host, port = split_address(address)
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            self._size_buffer(opened, i)
            if i == RETRANSMISSION:
                opened.connect((host, port))  # answers come from there, and nowhere else
                return opened
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((host, port))  # to the group itself: not what others send to the port
            if int(host.split(".")[0]) in range(224, 240):
                opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                                  socket.inet_aton(host) + socket.inet_aton(self.said.interface))
        except OSError:
            opened.close()
            raise
        return opened

    def _size_buffer(self, opened: socket.socket, i: int) -> None:
        wanted = self.said.receive_buffer_kb * 1024
        try:
            opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
        except OSError:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
        got = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # linux says the double
        if got < wanted and i == 0:
            self._log.warning(
                "the system gives each line a receive buffer of {} KB, not the {} asked for "
                "(receive_buffer_kb): bursts may be lost; raise it with "
                "'sysctl -w net.core.rmem_max={}'", got // 1024, wanted // 1024, wanted)

    def _open_failed(self, i: int, address: str, error: OSError, now_ns: int) -> None:
        config = self.config
        delay_ms = min(config.reconnect_min_ms * 2 ** min(self._failures[i], 30),
                       config.reconnect_max_ms)
        self._failures[i] += 1
        self._retry_at[i] = now_ns + int(delay_ms * _NS_PER_MS)
        hint = ""
        if error.errno in (errno.ENODEV, errno.EADDRNOTAVAIL):
            hint = f" (is {self.said.interface} an interface that multicast can be joined on?)"
        self._log.warning("{} at {}: {}{}; next attempt in {:g} ms", self._name(i), address,
                          os.strerror(error.errno or 0).lower(), hint, delay_ms)

    def _close_socket(self, i: int) -> None:
        self._attach(POLLERS[i], -1)
        self.lines["line"][i]["fd"] = -1
        if self._sockets[i] is not None:
            self._sockets[i].close()
            self._sockets[i] = None

    @staticmethod
    def _name(i: int) -> str:
        return "retransmission" if i == RETRANSMISSION else f"line {chr(ord('A') + i)}"

    # ---- silence -----------------------------------------------------------------------------

    def _look_for_silence(self, now_ns: int) -> None:
        for i, group in enumerate(self.said.groups):
            line = self.lines["line"][i]
            silent = now_ns - int(line["heard_ns"]) > self.lines["silence_ns"]
            if silent and i not in self._stale:
                self._stale.add(i)
                line["stale"] += 1
                others = len(self.said.groups) - len(self._stale)
                self._log.warning("{} at {}: nothing came for {:g} ms; {}", self._name(i), group,
                                  self.said.stale_ms, f"{others} left" if others else
                                  "no line is left: the books are old")
            elif not silent and i in self._stale:
                self._stale.discard(i)
                self._log.info("{} at {} is back", self._name(i), group)

    def _take_counts(self, now_ns: int) -> None:
        totals = {counter: int(self.lines["line"][name].sum())
                  for counter, name in _OF_LINES.items()}
        totals |= {counter: int(self.lines[name]) for counter, name in _OF_ALL.items()}
        if now_ns >= self._look_at_drops:
            self._look_at_drops = now_ns + _LOOK_AT_DROPS_NS
            totals[Counter.SOCKET_DROPS] = self._drops()
        for counter, total in totals.items():
            before = self._counted.get(counter, 0)
            if total != before:
                self._counted[counter] = total
                self._count(counter, total - before)

    def _drops(self) -> int:
        drops = 0
        for opened in self._sockets:
            if opened is not None:
                words = opened.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36)
                drops += int.from_bytes(words[4 * _DROPS:], "little")
        if drops and not self._counted.get(Counter.SOCKET_DROPS):
            self._log.warning("{} packets found no room in a receive buffer (further ones are "
                              "counted only); receive_buffer_kb is {}", drops,
                              self.said.receive_buffer_kb)
        return drops

    # ---- sessions, losses and snapshots ------------------------------------------------------

    def _roll(self) -> None:
        self._log.warning("session '{}' is over after message {}, another one begins",
                          self.session, int(self.lines["expected"]) - 1)
        self._drop_glimpse()
        self._forget(True)
        self._new_session()
        self._count(Counter.SESSIONS, 1)
        self.lines["state"] = LinesState.FOLLOWING

    def _go_on_without(self) -> None:
        """Nobody can send what is missing: the books are void, and begin anew with what comes."""
        missing = int(self.lines["expected"])
        following = int(first_buffered(self.lines.ctypes.data))
        self._log.error("messages {:,} to {:,} are gone: the feed goes on at {:,}; orders from "
                        "before are unknown", missing, following - 1, following)
        self.lines["lost"] += following - missing
        self._forget(False)
        self._resume_at(following)
        self._follow_from(int(self.lines["highest"]))
        self.lines["state"] = LinesState.FOLLOWING

    def _rebuild(self, now_ns: int) -> None:
        if self._glimpse is None:
            if now_ns < self._snapshot_at:
                return
            missing = int(self.lines["expected"])
            self._log.warning("messages from {:,} on are missing, the venue is at {:,}: taking a "
                              "snapshot from {}", missing, int(self.lines["highest"]),
                              self.said.glimpse)
            self.link[...] = np.zeros((), SOUP_LINK)
            self._glimpse = SoupClient(
                self.link, self.config.model_copy(update={"venue": self.said.glimpse}),
                "GLIMPSE", self._log, lambda fd: self._attach(SNAPSHOT_POLLER, fd),
                on_fresh=lambda: self._forget(False), on_gap=lambda: None, resumes=False)
        self._glimpse.housekeep(now_ns)

    def _end_snapshot(self, now_ns: int) -> None:
        """The books are whole, and the reactor has logged out. The next snapshot, should it be
        needed soon, waits as a reconnection would."""
        self._drop_glimpse()
        self._count(Counter.RECOVERIES, 1)
        config = self.config
        if now_ns - self._snapshot_at > config.reconnect_max_ms * _NS_PER_MS:
            self._snapshot_failures = 0
        delay_ms = min(config.reconnect_min_ms * 2 ** min(self._snapshot_failures, 30),
                       config.reconnect_max_ms)
        self._snapshot_failures += 1
        self._snapshot_at = now_ns + int(delay_ms * _NS_PER_MS)

    def _drop_glimpse(self) -> None:
        if self._glimpse is not None:
            self._glimpse.close()
            self._glimpse = None
