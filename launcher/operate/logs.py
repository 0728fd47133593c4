"""A deployment's log files, read as one: merged by time, followed as they grow."""

from __future__ import annotations

import heapq
import json
import os
import pathlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

__all__ = ["LogFollower", "LogLine", "Restarts", "last_lines", "read_logs"]

_SETTLE_NS = 60_000_000  # lines of different files arrive out of order by less than this


@dataclass(frozen=True, order=True)
class LogLine:
    """One line of a log. ``t_ns`` counts from 1970; ``epoch`` is 0 for what is no incarnation's."""

    t_ns: int
    actor: str
    tag: str
    epoch: int
    level: str
    text: str

    def to_json(self) -> dict:
        return {"t": self.t_ns, "actor": self.actor, "tag": self.tag, "epoch": self.epoch,
                "level": self.level, "text": self.text}


def parse_line(raw: str, process: str, after_ns: int) -> LogLine:
    """A line of the log of ``process``. What is not as the runtime writes it, such as a line that a
    crash cut short, is shown as it is, right after the line before it."""
    try:
        said = json.loads(raw)
        return LogLine(int(said["t"]), str(said["actor"]), str(said["tag"]), int(said["epoch"]),
                       str(said["level"]), str(said["text"]))
    except (ValueError, KeyError, TypeError):
        return LogLine(after_ns, process, process.upper()[:7], 0, "WARNING", raw)


class _File:
    """One log file, of which each call reads what is new."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self._at = 0
        self._inode = 0
        self._partial = b""
        self._last_ns = 0

    def read(self) -> Iterator[LogLine]:
        try:
            with self.path.open("rb") as file:
                stat = os.fstat(file.fileno())
                if stat.st_ino != self._inode or stat.st_size < self._at:
                    self._inode, self._at, self._partial = stat.st_ino, 0, b""
                file.seek(self._at)
                data = file.read()
        except FileNotFoundError:
            return
        self._at += len(data)
        *lines, self._partial = (self._partial + data).split(b"\n")
        for raw in lines:
            if raw.strip():
                line = parse_line(raw.decode(errors="replace"), self.path.stem, self._last_ns)
                self._last_ns = line.t_ns
                yield line


class LogFollower:
    """All log files of a deployment as one stream in the order of time.

    A line waits a moment before :meth:`ready` gives it, so that an older one of another process can
    overtake it. ``actors``: only theirs; all if empty.
    """

    def __init__(self, run_dir: str | os.PathLike[str], actors: Collection[str] = ()):
        self._folder = pathlib.Path(run_dir) / "logs"
        self._actors = frozenset(actors)
        self._files: dict[pathlib.Path, _File] = {}
        self._waiting: list[tuple[int, int, LogLine]] = []
        self._taken = 0

    def poll(self) -> None:
        """Reads what was written since the last call."""
        for path in sorted(self._folder.glob("*.jsonl")):
            for line in self._files.setdefault(path, _File(path)).read():
                if not self._actors or line.actor in self._actors:
                    self._taken += 1
                    heapq.heappush(self._waiting, (line.t_ns, self._taken, line))

    def ready(self, now_ns: int) -> Iterator[LogLine]:
        """The lines that are old enough at ``now_ns`` (since 1970) for none to come before them."""
        while self._waiting and self._waiting[0][0] <= now_ns - _SETTLE_NS:
            yield heapq.heappop(self._waiting)[2]

    def rest(self) -> Iterator[LogLine]:
        """All lines that still wait."""
        while self._waiting:
            yield heapq.heappop(self._waiting)[2]


def read_logs(run_dir: str | os.PathLike[str], actors: Collection[str] = ()) -> list[LogLine]:
    """Every line of the deployment's last run, in the order of time."""
    follower = LogFollower(run_dir, actors)
    follower.poll()
    return list(follower.rest())


def last_lines(lines: list[LogLine], n: int | None, details: bool = True) -> list[LogLine]:
    """The end of ``lines`` from the ``n``-th last on; all if ``n`` is None. Without ``details``
    only lines above DEBUG are counted."""
    if n is None:
        return lines
    counted = [at for at, line in enumerate(lines) if details or line.level != "DEBUG"]
    if n >= len(counted):
        return lines
    return lines[counted[-n]:] if n else []


class Restarts:
    """Tells where, in a stream of lines, an actor's next incarnation speaks for the first time."""

    def __init__(self) -> None:
        self._epochs: dict[str, int] = {}

    def skip(self, lines: Iterable[LogLine]) -> None:
        """Takes note of lines that are not shown."""
        for line in lines:
            self.starts_epoch(line)

    def starts_epoch(self, line: LogLine) -> int | None:
        """The epoch that begins with ``line``, unless it is the first or goes on."""
        before = self._epochs.get(line.actor, 0)
        if line.epoch <= before:
            return None
        self._epochs[line.actor] = line.epoch
        return line.epoch if line.epoch > 1 else None
