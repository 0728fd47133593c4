"""Lengths of time as people write them: ``250us``, ``10ms``, ``1m30s``. Integers of ns inside."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

import pydantic

__all__ = ["Duration", "MAX_DURATION_NS", "PositiveDuration", "format_duration", "parse_duration"]

UNITS_NS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000,
    "m": 60_000_000_000, "h": 3_600_000_000_000,
}
MAX_DURATION_NS = 8_784 * UNITS_NS["h"]
"""The longest duration: 366 days, far below what an int64 of ns holds."""

_PART = re.compile(r"(\d{1,20}(?:\.\d{1,20})?)\s*(ns|us|µs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(rf"\s*(?:{_PART.pattern}\s*)+", re.ASCII)
_JSON_PATTERN = r"^\s*([0-9]+(\.[0-9]+)?\s*(ns|us|µs|ms|s|m|h)\s*)+$"


def parse_duration(value: Any) -> int:
    """Nanoseconds in ``value``: numbers with units ns, us, ms, s, m, h; several add up.

    ValueError for a bare number, an unknown unit, a fraction of a nanosecond, or over 366 days.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ValueError(f"a duration needs a unit: write {value}ms or {value}s, not {value}")
    if not isinstance(value, str):
        raise ValueError("must be a duration, such as 10ms or 1m30s")
    text = value.replace("μ", "µ")
    if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text):
        bare = text.strip()
        raise ValueError(f"a duration needs a unit: write {bare}ms or {bare}s, not {bare}")
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"'{value[:40]}' is not a duration: write 50us, 10ms, 2s, 1m30s or 1h")
    total = sum(Decimal(number) * UNITS_NS[unit] for number, unit in _PART.findall(text))
    if total > MAX_DURATION_NS:
        raise ValueError(f"'{value[:40]}' is longer than {format_duration(MAX_DURATION_NS)}")
    if total != int(total):
        raise ValueError(f"'{value[:40]}' is not a whole number of nanoseconds")
    return int(total)


def format_duration(ns: int) -> str:
    """The shortest writing with one unit that :func:`parse_duration` takes back: 90s, not 1m30s."""
    for unit in ("h", "m", "s", "ms", "us"):
        if ns and ns % UNITS_NS[unit] == 0:
            return f"{ns // UNITS_NS[unit]}{unit}"
    return f"{ns}ns" if ns else "0s"


def _positive(value: Any) -> int:
    ns = parse_duration(value)
    if ns == 0:
        raise ValueError(f"must be longer than {value}")
    return ns


_schema = pydantic.WithJsonSchema({"type": "string", "pattern": _JSON_PATTERN})

Duration = Annotated[int, pydantic.PlainValidator(parse_duration), _schema]
PositiveDuration = Annotated[int, pydantic.PlainValidator(_positive), _schema]
