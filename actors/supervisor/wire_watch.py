"""What is lost, dropped and missed on wires, told as it grows. Counters in, texts out.

A message that a newer one of its symbol replaced (``latest``) is no loss and is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from actors.runtime.plan import WirePlan

__all__ = ["WireNews", "WireWatch"]

#: What is told: kind of event, and of what counters of a WIRE_PAGE it is the sum.
_TOLD = {
    "dropped": {"full": "no room", "down": "no consumer", "left": "left by a consumer that ended",
                "stale": "of an earlier incarnation", "foreign": "not of the wire's type"},
    "lost": {"p_lost": "in flight to a consumer that died", "c_lost": "in flight between two "
             "incarnations", "unsent": "not sent when the producer died"},
    "gap": {"missing": "missed by the consumer"},
}


@dataclass(frozen=True)
class WireNews:
    """``n`` messages since the last look, ``total`` in all, by reason in ``reasons``."""

    kind: str
    wire: WirePlan
    n: int
    total: int
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        words = _TOLD[self.kind]
        why = ", ".join(f"{n:,} {words[name]}" if len(self.reasons) > 1 else words[name]
                        for name, n in self.reasons.items())
        lead = "" if self.kind == "gap" else f" {self.kind}"
        return f"{self.wire.name}: {self.n:,}{lead}, {why} ({self.total:,} in all)"


class WireWatch:
    """Compares the wires' pages with what it saw before."""

    def __init__(self, wires: Iterable[WirePlan], pages: np.ndarray):
        self._wires, self._pages = tuple(wires), pages
        self._names = [name for reasons in _TOLD.values() for name in reasons]
        self._before = self._sample()

    def _sample(self) -> list[list[int]]:
        return [[int(page[name]) for name in self._names] for page in self._pages]

    def look(self) -> Iterator[WireNews]:
        """What came since the last look, one for each wire and kind."""
        before, self._before = self._before, self._sample()
        for wire, then, now in zip(self._wires, before, self._before, strict=True):
            if now == then:
                continue
            grown = {name: n - m for name, n, m in zip(self._names, now, then, strict=True)}
            total = dict(zip(self._names, now, strict=True))
            for kind, reasons in _TOLD.items():
                found = {name: grown[name] for name in reasons if grown[name] > 0}
                if found:
                    yield WireNews(kind, wire, sum(found.values()),
                                   sum(total[name] for name in reasons), found)
