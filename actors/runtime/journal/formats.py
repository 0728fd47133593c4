"""How record types read: who writes a journal registers a name and a function for each type.

``pitwire journal show`` imports ``actors.KIND.journal_records`` for a journal of kind KIND, which
registers them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["RecordFormat", "record_format", "register_format"]

Fields = Callable[[bytes], dict[str, Any]]


@dataclass(frozen=True)
class RecordFormat:
    """``fields`` turns a payload into names and values that JSON knows."""

    name: str
    fields: Fields


def _raw(payload: bytes) -> dict[str, Any]:
    return {"bytes": payload.hex(" ")}


_formats: dict[tuple[str, int], RecordFormat] = {}


def register_format(kind: str, record_type: int, name: str, fields: Fields) -> None:
    """Says how records of ``record_type`` in journals of ``kind`` are called and printed."""
    _formats[kind, int(record_type)] = RecordFormat(name, fields)


def record_format(kind: str, record_type: int) -> RecordFormat:
    """What was registered, or the number and the bytes in hex."""
    return _formats.get((kind, record_type), RecordFormat(f"TYPE_{record_type}", _raw))
