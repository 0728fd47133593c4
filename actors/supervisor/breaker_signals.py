"""What breakers listen to: counters of vitals and wire pages, seen at every look, and deaths.

Each kind of failure is a count that only grows. In one look a breaker hears of one thing: that its
wires and actors failed, if there were more failures than successes since the last look, or that
they worked. Where rejects or timeouts count, an order the venue acknowledged is the success; elsewhere a
message that was handled.
"""

from __future__ import annotations

from collections import Counter

from actors.runtime.plan import BreakerPlan, Plan
from actors.supervisor.breakers import Event, Failed, Worked
from actors.supervisor.pages import Pages

__all__ = ["BreakerSignals"]

_FROM_VITALS = {"timeouts": ("timeouts",), "rejects": ("rejects",), "gaps": ("gaps",)}
_FROM_WIRES = {"gaps": ("missing",), "overflow": ("full", "failed")}
_VENUE = ("timeouts", "rejects")


class BreakerSignals:
    """Turns what is seen of one breaker's wires and actors into its events."""

    def __init__(self, rules: BreakerPlan, plan: Plan, pages: Pages):
        self.rules, self._pages = rules, pages
        named = [plan.wires[index] for index in rules.wires]
        of_actors = [w for actor in rules.actors for w in plan.inputs_of(actor)]
        self._wires = tuple(sorted({w.index for w in [*named, *of_actors]}))
        #: Whose vitals count: those named, and who takes from the wires named.
        self.actors = tuple(dict.fromkeys([*rules.actors, *(w.target_actor for w in named)]))
        #: Whose deaths count: those, and who feeds the wires named.
        self.peers = frozenset([*self.actors, *(w.source_actor for w in named)])
        self._deaths: Counter[str] = Counter()
        self._before: Counter[str] | None = None
        self._moved_ns = 0

    def died(self, actors: tuple[str, ...]) -> None:
        """A process of these actors failed."""
        if self.peers & set(actors):
            self._deaths["deaths"] += 1

    def restarting(self, actors: tuple[str, ...], used: int, budget: int) -> None:
        """One of them is restarted, after ``used`` of the ``budget`` of restarts: a failure from
        the second half on."""
        if self.peers & set(actors) and 2 * used > budget:
            self._deaths["restarts"] += 1

    def look(self, now_ns: int) -> Event | None:
        """What happened since the last look; None if nothing did."""
        seen, before = self._counts(), self._before
        self._before = seen
        if before is None:
            self._moved_ns = now_ns
            return None
        grown = {kind: seen[kind] - before[kind] for kind in seen if seen[kind] > before[kind]}
        failed = {kind: grown[kind] for kind in self.rules.failures if grown.get(kind, 0) > 0}
        if self._is_stale(bool(grown.get("handled")), now_ns):
            failed["staleness"] = 1
        worked = grown.get("acks" if set(_VENUE) & set(self.rules.failures) else "handled", 0)
        if failed and sum(failed.values()) > (worked if set(failed) <= set(_VENUE) else 0):
            return Failed(sum(failed.values()), ", ".join(failed))
        return Worked(worked) if worked else None

    def _is_stale(self, moved: bool, now_ns: int) -> bool:
        """Whether nothing has moved for ``stale_after``; once for each such time."""
        if moved:
            self._moved_ns = now_ns
        if "staleness" not in self.rules.failures \
                or now_ns - self._moved_ns < self.rules.stale_after_ns:
            return False
        self._moved_ns = now_ns
        return True

    def _counts(self) -> Counter[str]:
        counts = Counter(self._deaths)
        for name in self.actors:
            page = self._pages.page(name)
            if page is None:
                continue
            counts["handled"] += int(page.header["handled"])
            names = page.vitals.counter_names
            for kind, counters in (*_FROM_VITALS.items(), ("acks", ("acks",))):
                counts[kind] += sum(page.vitals.counter(c) for c in counters if c in names)
        for index in self._wires:
            for kind, fields in _FROM_WIRES.items():
                counts[kind] += sum(int(self._pages.wires[index][field]) for field in fields)
        return counts
