"""What people see in a terminal: log lines, durations, rates, names of states."""

from __future__ import annotations

import time
import zlib

from rich.console import Console
from rich.text import Text

from launcher.operate.logs import LogLine, Restarts

__all__ = ["LogPrinter", "actor_style", "clock_text", "duration_text", "log_console", "log_text",
           "number_text", "state_text"]

_ACTOR_STYLES = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green",
                 "bright_magenta", "bright_blue", "bright_yellow")
_LEVEL_STYLES = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}

_STATE_STYLES = {"RUNNING": "green", "FATAL": "bold red", "STOPPED": "dim", "STOPPING": "dim",
                 "NONE": "dim"}


def actor_style(actor: str) -> str:
    """The actor's colour: the same in every run and every view."""
    if actor == "system":
        return "bold"
    return _ACTOR_STYLES[zlib.crc32(actor.encode()) % len(_ACTOR_STYLES)]


def state_text(state: str) -> Text:
    """The name of an actor's state: green if all is well, red if it was given up."""
    return Text(state, _STATE_STYLES.get(state, "yellow"))


def clock_text(t_ns: int) -> str:
    """``09:30:00.010``, local time, of ``t_ns`` since 1970."""
    at = time.localtime(t_ns // 1_000_000_000)
    return f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}.{t_ns // 1_000_000 % 1000:03}"


def log_text(line: LogLine) -> Text:
    """``09:30:00.010 [EXCH   ] text``, in colour."""
    return Text.assemble(
        (clock_text(line.t_ns), "dim"), " ",
        (f"[{line.tag[:7]:<7}]", actor_style(line.actor)), " ",
        (line.text, _LEVEL_STYLES.get(line.level, "")))


def duration_text(ns: float) -> str:
    """``850ns``, ``12.3µs``, ``4.56ms``, ``1.20s``, ``3m07s``, ``2h05m``."""
    if ns < 1_000:
        return f"{ns:.0f}ns"
    for limit, divisor, unit in ((1e6, 1e3, "µs"), (1e9, 1e6, "ms"), (60e9, 1e9, "s")):
        if ns < limit:
            value = ns / divisor
            return f"{value:.2f}{unit}" if value < 10 else f"{value:.1f}{unit}"
    minutes, seconds = divmod(int(ns // 1_000_000_000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{seconds:02}s"


def number_text(value: float) -> str:
    """``950``, ``12,300``, ``1.2M``: short, for tables."""
    if abs(value) >= 1e7:
        return f"{value / 1e6:,.1f}M"
    return f"{value:,.0f}"


def log_console(stderr: bool = False) -> Console:
    """A console that neither wraps nor interprets what it prints."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)


class LogPrinter:
    """Prints log lines, with a rule where an actor was restarted. Details (DEBUG) only if asked."""

    def __init__(self, console: Console, debug: bool = False):
        self.console = console
        self.restarts = Restarts()
        self._debug = debug

    def print(self, line: LogLine) -> None:
        epoch = self.restarts.starts_epoch(line)
        if epoch is not None:
            self.console.print(Text(f"──── {line.actor} epoch {epoch} ────",
                                    actor_style(line.actor)))
        if self._debug or line.level not in ("DEBUG", "TRACE"):
            self.console.print(log_text(line))
