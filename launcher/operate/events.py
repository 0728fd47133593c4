"""A deployment's events as people see them, and as they come."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from typing import Any

from rich.text import Text

from actors.supervisor.events import event_files, parse_event
from launcher.operate.render import actor_style, clock_text

__all__ = ["EventFollower", "Since", "event_text", "parse_since"]

_BAD = ("fatal", "hung", "stuck", "lost", "budget_exceeded")
_WORTH_A_LOOK = ("killed", "backoff", "escalated", "suspended", "unhealthy", "slow", "dropped",
                 "gap", "fork_server", "group")

Since = tuple[int, int]
"""From which number and from which time on (ns since 1970), as ``--since`` says."""


def parse_since(text: str, now_ns: int) -> Since:
    """``120``: from event 120 on; ``5m``: of the last five minutes. ValueError for anything else.
    """
    from actors.runtime.durations import parse_duration

    if text.isdecimal():
        return int(text), 0
    return 0, now_ns - parse_duration(text)


class EventFollower:
    """The events of a run that pass: about ``actors``, of ``kinds`` (all if empty), ``since``."""

    def __init__(self, run_dir: str | os.PathLike[str], actors: Collection[str] = (),
                 kinds: Collection[str] = (), since: Since = (0, 0)):
        self._old, self._path = event_files(run_dir)
        self._actors, self._kinds, self._since = frozenset(actors), frozenset(kinds), since
        self._last = 0
        self._inode = self._at = 0

    def poll(self) -> Iterator[dict[str, Any]]:
        """Those that came since the last call."""
        for event in filter(None, map(parse_event, self._lines())):
            if event["n"] > self._last:
                self._last = event["n"]
                if self._passes(event):
                    yield event

    def _lines(self) -> list[bytes]:
        """What was written since the last call; where a new file was begun, with all of the old."""
        lines: list[bytes] = []
        try:
            with self._path.open("rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                if inode != self._inode:
                    lines = self._old.read_bytes().splitlines() if self._old.exists() else []
                    self._inode, self._at = inode, 0
                file.seek(self._at)
                data = file.read()
        except FileNotFoundError:  # nothing has happened yet, or it is just being set aside
            return lines
        whole = data[:data.rfind(b"\n") + 1]
        self._at += len(whole)
        return lines + whole.splitlines()

    def _passes(self, event: dict[str, Any]) -> bool:
        number, t_ns = self._since
        return (event["n"] >= number and event.get("t_ns", 0) >= t_ns
                and (not self._kinds or event.get("kind") in self._kinds)
                and (not self._actors or not self._actors.isdisjoint(event.get("actors", ()))))


def event_text(event: dict[str, Any]) -> Text:
    """``09:30:00.010   12 exited     risk       killed by SIGKILL``, in colour."""
    kind, process = str(event.get("kind", "")), str(event.get("process", ""))
    style = "bold red" if kind in _BAD else "yellow" if kind in _WORTH_A_LOOK \
        or kind == "exited" and event.get("failed") else ""
    text = Text.assemble(
        (clock_text(int(event.get("t_ns", time.time_ns()))), "dim"), " ",
        (f"{event['n']:>5}", "dim"), " ", (f"{kind:<10}", style), " ",
        (f"{process:<10}", actor_style(process or "system")), " ", str(event.get("text", "")))
    if event.get("post_mortem"):
        text.append(f"  (see {event['post_mortem']})", "dim")
    return text
