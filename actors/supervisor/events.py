"""What happened, for ``pitwire events``: numbered events, in memory and in a file.

An event is an object of JSON: ``n``, its number from 1 on; ``t_ns`` since 1970; ``kind``, one word;
``process`` and ``actors`` it is about, empty if it is about all; ``text`` for people; and whatever
else programs should know of that kind. The file is ``events/events.jsonl`` in the run folder, a
line an event; it outlives the run, and the supervisor: the next one numbers on. When it is full it
becomes ``events.1.jsonl``, of which there is one.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections import deque
from collections.abc import Iterator
from typing import Any

__all__ = ["EVENTS_FOLDER", "EventLog", "POST_MORTEM_FOLDER", "event_files", "parse_event",
           "read_events"]

EVENTS_FOLDER = "events"
POST_MORTEM_FOLDER = "post-mortem"  #: where events say what is left of a process that failed
_FILE, _OLD_FILE = "events.jsonl", "events.1.jsonl"
_LARGEST_BYTES = 4 << 20
_TAIL_BYTES = 65_536


def event_files(run_dir: str | os.PathLike[str]) -> tuple[pathlib.Path, pathlib.Path]:
    """Where events lie, the older ones first; neither file need be there."""
    folder = pathlib.Path(run_dir) / EVENTS_FOLDER
    return folder / _OLD_FILE, folder / _FILE


def read_events(run_dir: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The events of a run, the last that were kept. Lines cut short by a crash are left out."""
    for path in event_files(run_dir):
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            continue
        for line in lines:
            event = parse_event(line)
            if event is not None:
                yield event


def parse_event(line: bytes) -> dict[str, Any] | None:
    """The event that a line holds; None if it was cut short."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("n"), int) else None


class EventLog:
    """The last ``capacity`` events in memory, and all of them, within bounds, in files.

    A disk that takes no more costs events in the file, and nothing else: ``unwritten`` counts them.
    """

    def __init__(self, run_dir: str | os.PathLike[str], capacity: int = 1000,
                 largest_bytes: int = _LARGEST_BYTES):
        self._events: deque[dict[str, Any]] = deque(maxlen=capacity)
        self._old_path, self._path = event_files(run_dir)
        self._largest_bytes = largest_bytes
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.last = self._last_written()
        self.unwritten = 0
        self._fd = -1
        self._open()

    def _last_written(self) -> int:
        """The number of the last event that an earlier supervisor of this run wrote; else 0."""
        for path in (self._path, self._old_path):
            try:
                with path.open("rb") as file:
                    file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
                    lines = file.read().splitlines()
                found = [event["n"] for event in map(parse_event, lines) if event]
            except FileNotFoundError:
                continue
            if found:
                return max(found)
        return 0

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._fd).st_size
        if self._size and os.pread(self._fd, 1, self._size - 1) != b"\n":
            self._size += os.write(self._fd, b"\n")  # a line that a crash cut short ends here

    def add(self, **event: Any) -> dict[str, Any]:
        """Numbers and keeps an event; the oldest makes room."""
        self.last += 1
        event = {**event, "n": self.last}
        self._events.append(event)
        try:
            self._write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
        except OSError:
            self.unwritten += 1
        return event

    def _write(self, line: bytes) -> None:
        if self._size + len(line) > self._largest_bytes:
            os.close(self._fd)
            self._path.replace(self._old_path)
            self._open()
        self._size += os.write(self._fd, line)

    def since(self, n: int) -> tuple[list[dict[str, Any]], int]:
        """The events after number ``n``, and how many of those were already forgotten."""
        kept = [event for event in self._events if event["n"] > n]
        return kept, max(self.last - max(n, 0) - len(kept), 0)

    def close(self) -> None:
        os.close(self._fd)
