"""What happened lately: a bounded list of events, numbered from 1, for ``pitwire events``."""

from __future__ import annotations

from collections import deque
from typing import Any

__all__ = ["EventRing"]


class EventRing:
    """The last ``capacity`` events, each a dict that JSON can carry, with its number ``n``."""

    def __init__(self, capacity: int = 1000):
        self._events: deque[dict[str, Any]] = deque(maxlen=capacity)
        self.last = 0

    def add(self, **event: Any) -> dict[str, Any]:
        """Numbers and keeps an event; the oldest makes room."""
        self.last += 1
        event = {"n": self.last, **event}
        self._events.append(event)
        return event

    def since(self, n: int) -> tuple[list[dict[str, Any]], int]:
        """The events after number ``n``, and how many of those were already forgotten."""
        kept = [event for event in self._events if event["n"] > n]
        return kept, max(self.last - max(n, 0) - len(kept), 0)
