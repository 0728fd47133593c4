"""Log lines: structured, one JSON object a line in a file per process, written through loguru.

A line has ``t`` (nanoseconds since 1970), ``actor``, ``tag``, ``epoch``, ``level`` and ``text``.
Handlers leave binary records in their vitals page; the housekeeper turns them into lines here.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
from collections import defaultdict

from loguru import logger

from actors.runtime.clock import NS, wall_offset_ns
from actors.runtime.host import ActorHost
from actors.runtime.layout import LOG_CAPACITY

__all__ = ["EventLog", "actor_logger", "log_file", "log_line", "open_log"]

_LINES_PER_SECOND = 20  # of one kind, then they are counted


def log_file(run_dir: str | os.PathLike, process: str) -> pathlib.Path:
    """Where the process called ``process`` writes its lines."""
    return pathlib.Path(run_dir) / "logs" / f"{process}.jsonl"


def log_line(record: dict) -> str:
    """One line for a loguru record."""
    extra = record["extra"]
    line = {"t": int(record["time"].timestamp() * 1e6) * 1000,
            "actor": extra.get("actor", "system"), "tag": extra.get("tag", "SYSTEM"),
            "epoch": extra.get("epoch", 0), "level": record["level"].name,
            "text": record["message"]}
    if "t" in extra:
        line["t"] = extra["t"]
    return json.dumps(line, ensure_ascii=False) + "\n"


def open_log(run_dir: str | os.PathLike, process: str, echo: bool = False) -> None:
    """Sends loguru's output to the process's file; with ``echo`` warnings also go to stderr."""
    path = log_file(run_dir, process)
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    logger.remove()
    logger.add(lambda message: os.write(fd, log_line(message.record).encode()),
               level="DEBUG", format="{message}", catch=True)
    if echo:
        logger.add(sys.stderr, level="WARNING")


def actor_logger(host: ActorHost):
    """A logger that marks its lines with the actor."""
    tag = host.cls.tag if host.name == host.cls.kind else host.name.upper()[:7]
    return logger.bind(actor=host.name, tag=tag, epoch=host.epoch)


class EventLog:
    """Formats what an actor's handlers logged; repeats beyond 20 a second are only counted."""

    def __init__(self, host: ActorHost):
        self._host = host
        self._logger = actor_logger(host)
        self._before = self._logger.bind(epoch=host.epoch - 1)
        self._second = 0
        self._written: dict[int, int] = defaultdict(int)
        self._held_back: dict[int, int] = defaultdict(int)
        self._dropped = int(host.vitals.header["log_dropped"])

    def drain(self, now_ns: int) -> int:
        """Writes the records left since the last call; returns how many there were."""
        header, records = self._host.vitals.header, self._host.vitals.records
        head, tail = int(header["log_head"]), int(header["log_tail"])
        if now_ns // NS != self._second:
            self._report_held_back()
            self._second = now_ns // NS
        offset = wall_offset_ns() if head > tail else 0
        for position in range(tail, head):
            ours = position >= self._host.log_begins
            self._write(records[position % LOG_CAPACITY], offset,
                        self._logger if ours else self._before)
            header["log_tail"] = position + 1
        return head - tail

    def finish(self, now_ns: int) -> None:
        """Writes what is left, and what was held back: nothing more will come."""
        self.drain(now_ns)
        self._report_held_back()

    def _write(self, record, offset: int, log) -> None:
        code = int(record["code"])
        self._written[code] += 1
        if self._written[code] > _LINES_PER_SECOND:
            self._held_back[code] += 1
            return
        values = tuple(int(v) for v in record["values"])
        level, text = self._host.actor.describe_event(code, values)
        log.bind(t=int(record["time_ns"]) + offset).log(level, "{}", text)

    def _report_held_back(self) -> None:
        for code, n in self._held_back.items():
            self._logger.info("{:,} more lines like the last event {}", n, code)
        dropped = int(self._host.vitals.header["log_dropped"])
        if dropped > self._dropped:
            self._logger.warning("log ring full: {:,} events not shown", dropped - self._dropped)
            self._dropped = dropped
        self._written.clear()
        self._held_back.clear()
