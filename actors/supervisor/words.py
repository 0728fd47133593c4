"""Times in words, as notices tell them."""

from __future__ import annotations

__all__ = ["duration"]


def duration(ns: int) -> str:
    """``1.5 s``, ``200 ms``, ``50 µs``, ``7 ns``."""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns} ns"
