"""What is known of a process that failed, in a folder of its own: ``post-mortem/risk-3``.

====================  ==============================================================================
``summary.txt``       who, when, why; where a core dump would be
``vitals.json``       for each actor every field, counter and histogram, and its last log records
``wires.json``        the pages of its wires
``log.jsonl``         the end of its log; ``out.txt``: of what it printed
``traceback.txt``     what ``faulthandler`` wrote, of a crash or a hang
``journal-NAME.txt``  the last records of an actor's journal, if it keeps one in the run folder
====================  ==============================================================================

What the successor will write over is copied when the process is found dead; the rest, and all
writing, waits until the successor is ready. The newest :data:`KEPT` folders are kept.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import shutil
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from actors.runtime.histogram import HISTOGRAM, summary
from actors.runtime.layout import COUNTERS, LOG_CAPACITY, LOG_RECORD, VITALS
from actors.runtime.logs import log_file
from actors.runtime.plan import Plan
from actors.supervisor.events import POST_MORTEM_FOLDER
from schemas.enums import ActorState

__all__ = ["KEPT", "PostMortem"]

KEPT = 20
_TAIL_BYTES = 65_536
_LOG_RECORDS = 50
_JOURNAL_RECORDS = 50
_JOURNAL_TIMEOUT_S = 20


@dataclass
class PostMortem:
    """A process that failed, as it was found. ``pages``: by actor, a copy of its vitals page;
    ``wires``: by name, a copy of the WIRE_PAGE. ``crash_at``: where in its ``.crash`` file this
    incarnation's part begins."""

    plan: Plan
    process: str
    incarnation: int
    pid: int
    reason: str
    t_ns: int
    pages: dict[str, np.ndarray]
    wires: dict[str, np.ndarray]
    crash_at: int = 0
    recovered: dict[str, int] = field(default_factory=dict)

    @property
    def folder(self) -> pathlib.Path:
        return pathlib.Path(self.plan.run_dir) / POST_MORTEM_FOLDER \
            / f"{self.process}-{self.incarnation}"

    def write(self) -> None:
        """Writes the folder, and sees to it that there are not too many. ``recovered``: by actor,
        the last record of its journal that is not its successor's. OSError if it cannot."""
        folder = self.folder.with_name(f".{self.folder.name}")  # it appears whole
        log = log_file(self.plan.run_dir, self.process)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        _write(folder / "summary.txt", self._summary())
        _write(folder / "vitals.json", json.dumps(
            {name: _vitals(page) for name, page in self.pages.items()}, indent=1))
        _write(folder / "wires.json", json.dumps(
            {name: _fields(page) for name, page in self.wires.items()}, indent=1))
        _write(folder / "log.jsonl", _tail(log))
        _write(folder / "out.txt", _tail(log.with_suffix(".out")))
        _write(folder / "traceback.txt", _tail(log.with_suffix(".crash"), self.crash_at))
        shutil.rmtree(self.folder, ignore_errors=True)
        folder.rename(self.folder)
        _bound(folder.parent)
        for actor in self.pages:
            journal = pathlib.Path(self.plan.run_dir) / "journal" / actor
            if journal.is_dir():
                _ask_for_journal(journal, self.recovered.get(actor, 0),
                                 self.folder / f"journal-{actor}.txt")

    def _summary(self) -> str:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.t_ns // 1_000_000_000))
        actors = ", ".join(self.pages) or "no actor"
        return (f"process {self.process} ({actors}), incarnation {self.incarnation}, pid "
                f"{self.pid}\nended {at}: {self.reason}\n{_core_hint()}\n")


def _write(path: pathlib.Path, text: str) -> None:
    if text:
        path.write_text(text, encoding="utf-8", errors="replace")


def _tail(path: pathlib.Path, begin: int = 0) -> str:
    """The end of a file, whole lines, from byte ``begin`` on; empty if there is none."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = max(size - _TAIL_BYTES, begin)
            file.seek(start)
            data = file.read()
    except OSError:
        return ""
    if start > begin:
        data = data.partition(b"\n")[2]
    return data.decode(errors="replace")


def _core_hint() -> str:
    """Where a core dump of a crash is, or what to do to get one."""
    soft, _ = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    except OSError:
        pattern = "unknown"
    where = f"kernel.core_pattern is '{pattern}'"
    if pattern.startswith("|"):
        return f"core dumps go to a program: {where}; with systemd: coredumpctl list"
    if soft == 0:
        return f"no core dump: 'ulimit -c' is 0; before `up`: ulimit -c unlimited ({where})"
    return f"core dump, if the signal makes one: {where}"


# ---- the page ------------------------------------------------------------------------------------

def _vitals(page: np.ndarray) -> dict[str, Any]:
    """Everything in a copy of a vitals page, uint8 (n,)."""
    header = page[:VITALS.itemsize].view(VITALS)[0]
    said = json.loads(bytes(_part(page, header["description_at"], header["description_size"])))
    counters = _part(page, header["counters_at"], 8 * COUNTERS).view(np.int64)
    names = said["histograms"]
    found = _part(page, header["histograms_at"], len(names) * HISTOGRAM.itemsize).view(HISTOGRAM)
    fields = _fields(header)
    fields["state"] = ActorState(fields["state"]).name
    return {**fields, "counters": dict(zip(said["counters"], counters.tolist(), strict=False)),
            "histograms": {name: summary(one["counts"], int(one["max_ns"]))
                           for name, one in zip(names, found, strict=True)},
            "log_records": _log_records(page, header)}


def _part(page: np.ndarray, at, size) -> np.ndarray:
    return page[int(at):int(at) + int(size)]


def _log_records(page: np.ndarray, header) -> list[dict[str, Any]]:
    """The last records that handlers left; those from ``log_tail`` on were in no log yet."""
    ring = _part(page, header["log_at"], LOG_CAPACITY * LOG_RECORD.itemsize).view(LOG_RECORD)
    head = int(header["log_head"])
    records = [ring[n % LOG_CAPACITY] for n in range(max(head - _LOG_RECORDS, 0), head)]
    return [{"time_ns": int(r["time_ns"]), "code": int(r["code"]), "values": r["values"].tolist()}
            for r in records]


def _fields(record) -> dict[str, Any]:
    """A record of numbers and texts, less its padding."""
    values = {name: record[name].item() for name in record.dtype.names
              if not name.startswith("_") and not name.endswith("_pad")}
    return {name: value.decode(errors="replace") if isinstance(value, bytes) else value
            for name, value in values.items()}


def _bound(parent: pathlib.Path) -> None:
    folders = sorted((p for p in parent.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)
    for old in folders[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


# ---- the journal ---------------------------------------------------------------------------------

def _ask_for_journal(journal: pathlib.Path, last: int, out: pathlib.Path) -> None:
    """Has another process print the journal's end, when nobody else wants the core: a large journal
    takes a while to walk over."""
    command = [sys.executable, "-m", "actors.supervisor.post_mortem", os.fspath(journal), str(last)]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    os.posix_spawn(sys.executable, command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, os.fspath(out), flags, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)])


def print_journal(folder: pathlib.Path, last: int) -> None:
    """Prints the records of the journal in ``folder`` before ``last`` and that one; 0: to the end.
    """
    import importlib
    import importlib.util
    from collections import deque

    from actors.runtime.journal import JournalError, read_journal, read_records
    from actors.runtime.journal.formats import record_format
    from actors.runtime.journal.segments import list_segments

    try:
        segments = list_segments(folder)
        begin = max(max(segments, default=0) - 3, min(segments, default=0))
        reading = read_journal(folder, begin)
    except JournalError as error:
        print(error)
        return
    if importlib.util.find_spec(f"actors.{reading.kind}.journal_records"):
        importlib.import_module(f"actors.{reading.kind}.journal_records")
    last = min(last or reading.following - 1, reading.following - 1)
    kept: deque = deque(maxlen=_JOURNAL_RECORDS)
    for record in read_records(reading, max(last - _JOURNAL_RECORDS + 1, reading.first)):
        if record.sequence > last:
            break
        kept.append(record)
    for record in kept:
        form = record_format(reading.kind, record.kind)
        try:
            fields = form.fields(record.payload)
        except Exception as error:  # a record of another version
            fields = {"unreadable": str(error), "bytes": record.payload.hex(" ")}
        told = " ".join(f"{name}={value}" for name, value in fields.items())
        print(f"{record.sequence:>10} {record.time_ns:>16} {form.name:<10} {told}".rstrip())


if __name__ == "__main__":
    import signal

    os.nice(19)
    signal.alarm(_JOURNAL_TIMEOUT_S)
    print_journal(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
