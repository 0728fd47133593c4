"""Journals found by path, and their records as text and JSON."""

from __future__ import annotations

import importlib.util
import pathlib
from typing import Any

from actors.runtime.journal import (
    Checkpoint, JournalError, JournalRecord, Reading, read_checkpoint, read_journal,
)
from actors.runtime.journal.checkpoints import list_checkpoints
from actors.runtime.journal.formats import record_format
from actors.runtime.journal.reading import read_segment
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode

__all__ = ["checkpoint_lines", "damage_text", "found_journal", "record_json", "record_text"]


def found_journal(path: pathlib.Path) -> Reading:
    """The journal in the folder ``path``, or the one segment that is the file ``path``, with the
    formats of its records. :class:`Failure` if it is none."""
    try:
        reading = read_journal(path) if path.is_dir() else read_segment(path)
    except JournalError as error:
        raise Failure(str(error), "", ExitCode.DAMAGED if _is_journal(path)
                      else ExitCode.FAILURE) from None
    module = f"actors.{reading.kind}.journal_records"
    if reading.kind.isidentifier() and importlib.util.find_spec(f"actors.{reading.kind}") \
            and importlib.util.find_spec(module):
        importlib.import_module(module)
    return reading


def _is_journal(path: pathlib.Path) -> bool:
    return path.name.startswith("segment-") or path.is_dir() and any(path.glob("segment-*"))


def record_json(reading: Reading, record: JournalRecord) -> dict[str, Any]:
    """What ``--json`` prints of a record."""
    form = record_format(reading.kind, record.kind)
    return {"sequence": record.sequence, "time_ns": record.time_ns, "type": form.name,
            "segment": record.segment, "offset": record.offset, **_fields(form, record)}


def record_text(reading: Reading, record: JournalRecord) -> str:
    """One line for people."""
    form = record_format(reading.kind, record.kind)
    fields = " ".join(f"{name}={value}" for name, value in _fields(form, record).items())
    return f"{record.sequence:>10} {record.time_ns:>16} {form.name:<10} {fields}".rstrip()


def _fields(form, record: JournalRecord) -> dict[str, Any]:
    try:
        return form.fields(record.payload)
    except Exception as error:  # a record of another version: its bytes can be shown still
        return {"unreadable": f"{type(error).__name__}: {error}", "bytes": record.payload.hex(" ")}


def damage_text(reading: Reading) -> str:
    """What is wrong with the journal and what to do, or nothing."""
    damage = reading.damage
    if damage is None:
        return ""
    if damage.in_the_middle:
        return (f"{damage}\nbring the file back from a copy, or give up everything from record "
                f"{damage.sequence:,} on: pitwire journal cut {reading.folder}")
    return f"{damage}: whoever opens the journal next cuts that off"


def checkpoint_lines(folder: pathlib.Path) -> list[tuple[str, Checkpoint | None]]:
    """A line for each checkpoint of a folder, the newest first, and what could be read."""
    lines = []
    for path in list_checkpoints(folder) if folder.is_dir() else ():
        try:
            made = read_checkpoint(path)
        except JournalError as error:
            lines.append((str(error), None))
            continue
        size = sum(block.size for block in made.blocks.values())
        lines.append((f"{path.name}: before record {made.sequence:,}, {len(made.blocks)} blocks, "
                      f"{size / 2**20:.1f} MiB, hash {made.hash & 2**64 - 1:016x}", made))
    return lines
