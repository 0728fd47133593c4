"""The plain half of a feed that plays a recording: a thread reads ahead, housekeeping hands over.

Memory is bounded: a few chunks of some megabytes, however large the file.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

import numpy as np

from actors.feed.config import FileConfig
from actors.feed.lobster_itch import lobster_chunks
from actors.feed.player import RECORDING, PlayState
from schemas.recorded import Format, RecordingError, format_of
from schemas.venue import ProtocolError, binary_file
from schemas.venue.binary_file import Messages

__all__ = ["Player"]

_CHUNK_BYTES = 1 << 22
_READ_AHEAD = 2
_TELL_NS = 5_000_000_000


class Player:
    """Plays one file. ``recording`` is the RECORDING record, shape (), that the reactor sees;
    ``heard()`` says whether everybody is there who shall hear it from its beginning."""

    def __init__(self, recording: np.ndarray, config: FileConfig, symbols: tuple[str, ...], log,
                 heard: Callable[[], bool]):
        self.recording, self.config, self._log, self._heard = recording, config, log, heard
        self._symbols = symbols
        self._chunks: queue.Queue[Messages | Exception | None] = queue.Queue(_READ_AHEAD)
        self._held: list[Messages | None] = [None, None]
        self._stop = threading.Event()
        self._next = 0
        self._waits_since = 0
        self._end = ""
        recording[...] = np.zeros((), RECORDING)
        recording["speed"] = 0.0 if config.speed == "max" else config.speed
        recording["start_ns"] = config.start_ns
        self._thread = threading.Thread(target=self._read, name="recording", daemon=True)
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether it is being played, or has been."""
        return self.recording["state"] != PlayState.WAITING

    @property
    def degraded(self) -> bool:
        """Never: a file is there or it is not."""
        return False

    def housekeep(self, now_ns: int) -> None:
        """Hands over what was read. Call it every few milliseconds."""
        while not self.recording["chunks"][self._next]["full"] and not self.recording["ended"]:
            try:
                read = self._chunks.get_nowait()
            except queue.Empty:
                break
            self._take(read)
        ready = self.recording["chunks"][0]["full"] or self.recording["ended"]
        if not self.connected and ready:
            self._begin(now_ns)

    def close(self) -> None:
        """Ends the reading. The object is of no use after this."""
        self._stop.set()
        while not self._chunks.empty():
            self._chunks.get_nowait()

    # ---- reading, on a thread of its own -----------------------------------------------------

    def _read(self) -> None:
        try:
            for chunk in self._pieces():
                if not self._put(chunk):
                    return
            self._put(None)
        except (OSError, ProtocolError, RecordingError, ValueError) as error:
            self._put(error)

    def _pieces(self) -> Iterator[Messages]:
        config = self.config
        if format_of(config.path) == Format.LOBSTER:
            return lobster_chunks(config.path, config.book, config.symbol or self._symbols[0])
        return binary_file.stream(config.path, _CHUNK_BYTES)

    def _put(self, item: Messages | Exception | None) -> bool:
        while not self._stop.is_set():
            try:
                self._chunks.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    # ---- handing over ------------------------------------------------------------------------

    def _take(self, read: Messages | Exception | None) -> None:
        if isinstance(read, Exception):
            self._log.error("recording {}: {}", self.config.path, read)
        if read is None or isinstance(read, Exception):
            self.recording["ended"] = 1
            return
        if read.end is not None:
            self._end = read.end.text
            if not read.end.whole:
                self._log.error("recording {}: {}", self.config.path, self._end)
        if len(read) == 0:
            return
        chunk = self.recording["chunks"][self._next]
        self._held[self._next] = read
        chunk["buffer"], chunk["end"] = read.buffer.ctypes.data, read.buffer.size
        chunk["offsets"], chunk["lengths"] = read.offsets.ctypes.data, read.lengths.ctypes.data
        chunk["count"], chunk["at"] = len(read), 0
        chunk["framed"] = read.offsets[0] >= 2 and _is_framed(read)
        chunk["full"] = 1
        self._next ^= 1

    def _begin(self, now_ns: int) -> None:
        """Starts when all consumers are there: they are to hear the whole of it."""
        if not self._heard():
            self._waits_since = self._waits_since or now_ns
            if now_ns - self._waits_since > _TELL_NS:
                self._log.info("recording {}: waits for every consumer to be connected",
                               self.config.path)
                self._waits_since = now_ns
            return
        speed = self.config.speed
        pace = "as fast as the wires take it" if speed == "max" else f"at {speed:g} times its speed"
        self._log.info("recording {}: played {}", self.config.path, pace)
        self.recording["state"] = PlayState.PLAYING

    def describe_end(self, played: int) -> str:
        """What is said when the last message has been played."""
        more = f" ({self._end})" if self._end else ""
        return (f"recording {self.config.path} is over after {played:,} messages{more}; the books "
                f"stay as they are")


def _is_framed(read: Messages) -> bool:
    """Whether each message's length stands before it, so that it can be looked ahead for."""
    at = int(read.offsets[0])
    return int(read.buffer[at - 2]) * 256 + int(read.buffer[at - 1]) == int(read.lengths[0])
