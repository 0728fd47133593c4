"""A SoupBinTCP client without an actor: the test is housekeeper and reactor in one."""

from __future__ import annotations

import time

import numpy as np

from actors.runtime.layout import CTX
from actors.runtime.soup_kernels import (
    SOUP_LINK, LinkState, consumed, keep_alive, next_message, receive,
)
from actors.runtime.soup_session import SoupClient, SoupConfig

__all__ = ["LogLines", "SoupRig", "read_memory"]


class LogLines:
    """Stands in for a loguru logger; keeps (level, text)."""

    def __init__(self):
        self.lines: list[tuple[str, str]] = []

    def __getattr__(self, level: str):
        return lambda text, *values: self.lines.append((level, text.format(*values)))

    def __contains__(self, part: str) -> bool:
        return any(part in text for _, text in self.lines)


def read_memory(address: int, size: int) -> bytes:
    """Bytes at an address, copied."""
    import ctypes
    return ctypes.string_at(address, size)


class SoupRig:
    """``turn`` does what housekeeper and reactor would; ``messages`` is what came, with numbers."""

    def __init__(self, venue: str, **config):
        self.table = np.zeros(1, SOUP_LINK)
        self.link = self.table[0]
        self.log = LogLines()
        self.fds: list[int] = []
        self.fresh = self.gaps = 0
        self.hold = False
        self.messages: list[tuple[int, bytes]] = []
        config = {"reconnect_min_ms": 1, "reconnect_max_ms": 20, **config}
        self.client = SoupClient(
            self.table.reshape(()), SoupConfig(venue=venue, **config), "market data", self.log,
            self.fds.append, on_fresh=self._note_fresh, on_gap=self._note_gap,
            may_log_in=lambda: not self.hold)
        self._ctx = np.zeros((), CTX)

    def _note_fresh(self) -> None:
        self.fresh += 1

    def _note_gap(self) -> None:
        self.gaps += 1

    def turn(self) -> None:
        self.client.housekeep(time.monotonic_ns())
        self.react()

    def react(self) -> None:
        """The reactor's part alone."""
        link = self.link
        if link["state"] != LinkState.ACTIVE:
            return
        receive(link, self._ctx.ctypes.data)
        while next_message(link):
            self.messages.append((int(link["next_sequence"]),
                                  read_memory(int(link["payload"]), int(link["payload_size"]))))
            consumed(link)
        keep_alive(link, time.monotonic_ns())

    def until(self, condition, timeout: float = 10.0):
        """Turns until ``condition()``; fails after ``timeout`` s."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, f"did not come about; log: {self.log.lines}"
            self.turn()
            time.sleep(0.0005)

    def until_connected(self) -> None:
        self.until(lambda: self.client.connected)

    def texts(self) -> list[bytes]:
        return [payload for _, payload in self.messages]
