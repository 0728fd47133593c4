"""How record types read: who writes a journal registers a name and a function for each type.

``pitwire journal show`` imports ``actors.KIND.journal_records`` for a journal of kind KIND, which
registers them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["BEGINNING", "RecordFormat", "record_format", "register_format"]

Fields = Callable[[bytes], dict[str, Any]]

#: Type of the first record of an actor's journal, see :mod:`.actor_journal`: JSON, which says what
#: the records' meaning depends on. ``apply`` gets it too, and has nothing to do.
BEGINNING = 0xFFFE


@dataclass(frozen=True)
class RecordFormat:
    """``fields`` turns a payload into names and values that JSON knows."""

    name: str
    fields: Fields


def _raw(payload: bytes) -> dict[str, Any]:
    return {"bytes": payload.hex(" ")}


_EVERYBODY = ""


def _beginning(payload: bytes) -> dict[str, Any]:
    return {name: value for name, value in json.loads(payload).items() if name != "counted"}


_formats: dict[tuple[str, int], RecordFormat] = {
    (_EVERYBODY, BEGINNING): RecordFormat("BEGINNING", _beginning)}


def register_format(kind: str, record_type: int, name: str, fields: Fields) -> None:
    """Says how records of ``record_type`` in journals of ``kind`` are called and printed."""
    _formats[kind, int(record_type)] = RecordFormat(name, fields)


def record_format(kind: str, record_type: int) -> RecordFormat:
    """What was registered, or the number and the bytes in hex."""
    return _formats.get((kind, record_type)) or _formats.get(
        (_EVERYBODY, record_type), RecordFormat(f"TYPE_{record_type}", _raw))
