"""What a run shows while it lasts: the merged log, and a progress bar while kernels compile."""

from __future__ import annotations

import json
import os
import pathlib
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from launcher.operate.logs import LogFollower, LogLine
from launcher.operate.render import LogPrinter

__all__ = ["CompileBar", "LauncherLog", "LogScreen"]

_LINES_EVERY = 10  # units of work between two lines, where there is no terminal for a bar
_FOUND_WITHIN_S = 2.0


class LauncherLog:
    """The launcher's own lines, in the log of the run like everybody's."""

    def __init__(self, run_dir: str | os.PathLike[str]):
        self._path = pathlib.Path(run_dir) / "logs" / "launcher.jsonl"

    def write(self, text: str, level: str = "INFO") -> None:
        line = LogLine(time.time_ns(), "system", "SYSTEM", 0, level, text)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line.to_json(), ensure_ascii=False) + "\n")


class LogScreen:
    """Prints the run's log as it grows, from its start or, ``new`` only, from here on."""

    def __init__(self, run_dir: str | os.PathLike[str], console: Console, new: bool = False):
        self._follower = LogFollower(run_dir)
        if new:
            self._follower.poll()
            for _ in self._follower.rest():
                pass
        self._printer = LogPrinter(console)

    def update(self) -> None:
        """Prints what is due."""
        self._follower.poll()
        for line in self._follower.ready(time.time_ns()):
            self._printer.print(line)

    def finish(self) -> None:
        """Prints everything that is left."""
        self._follower.poll()
        for line in self._follower.rest():
            self._printer.print(line)


class CompileBar:
    """How far compiling is: a bar on a terminal, now and then a line elsewhere.

    Nothing is shown while everything is found on disk, which takes no time; what takes longer is
    being compiled, the first kernel too, of which nobody has said so yet.
    """

    def __init__(self, console: Console):
        self._console = console
        self._began_s = time.monotonic()
        self._bar: Progress | None = None
        self._said = 0

    def update(self, done: int, total: int, compiled: int, name: str) -> None:
        """``done`` of ``total`` kernels are ready, ``compiled`` of them compiled just now."""
        if total == 0 or compiled == 0 and time.monotonic() - self._began_s < _FOUND_WITHIN_S:
            return
        if not self._console.is_terminal:
            if done >= self._said + _LINES_EVERY or self._said == 0:
                self._said = max(done, 1)
                self._console.print(f"compiling kernels, once: {done} of {total}")
            return
        if self._bar is None:
            self._bar = Progress(
                TextColumn("compiling kernels, once"), BarColumn(), MofNCompleteColumn(),
                TimeElapsedColumn(), TextColumn("[dim]{task.fields[name]}"),
                console=self._console, transient=True)
            self._bar.start()
            self._bar.add_task("compiling", total=total, name=name)
        self._bar.update(self._bar.task_ids[0], completed=done, total=total,
                         name=name.rpartition(".")[2])

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
