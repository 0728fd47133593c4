"""What the supervisor sees in passing, once in a while: lost messages and slow reactors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actors.runtime.clock import NS
from actors.runtime.plan import Plan
from actors.supervisor.pages import Pages
from actors.supervisor.wire_watch import WireWatch
from actors.supervisor.words import duration

__all__ = ["Sightings"]

_EVERY_NS = NS // 2

Sighting = tuple[str, str, str, dict[str, Any]]
"""Kind, process, text and data of an event."""


class Sightings:
    """Compares pages with what they were at the last look, twice a second."""

    def __init__(self, plan: Plan, pages: Pages):
        self._plan, self._pages = plan, pages
        self._wires = WireWatch(plan.wires, pages.wires)
        self._slow: dict[str, int] = {}
        self._next_ns = 0

    def look(self, now_ns: int) -> Iterator[Sighting]:
        """What is new, if it is time to look."""
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + _EVERY_NS
        for news in self._wires.look():
            process = self._plan.actor(news.wire.target_actor).process
            yield news.kind, process, news.text, {
                "wire": news.wire.name, "messages": news.n, "total": news.total,
                "reasons": news.reasons}
        for actor in self._plan.actors:
            yield from self._slow_turns(actor.name, actor.process, actor.health.slow_ns)

    def _slow_turns(self, name: str, process: str, limit_ns: int) -> Iterator[Sighting]:
        turns, took_ns = self._pages.slow_turns(name)
        before, self._slow[name] = self._slow.get(name, 0), turns
        if turns > before:
            times = "a turn" if turns == before + 1 else f"{turns - before} turns, the last,"
            yield "slow", process, (f"{name}: {times} of its reactor took {duration(took_ns)}; "
                                    f"slow is from {duration(limit_ns)} on"), {
                "actor": name, "turns": turns - before, "took_ns": took_ns, "limit_ns": limit_ns}
