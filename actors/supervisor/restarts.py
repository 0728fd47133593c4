"""The restarts under way: stamps taken as they come, and what is told when one is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from actors.runtime.plan import Plan
from actors.runtime.vitals import map_table
from actors.supervisor.children import Child
from actors.supervisor.pages import Pages
from actors.supervisor.recovery import Stamps, phases_of, phases_text

__all__ = ["Restarts", "budget_of"]


@dataclass
class _Death:
    sign_ns: int
    dead_ns: int
    reaped_ns: int


def budget_of(plan: Plan, process: str) -> int:
    """How long a restart of the process may take by the smallest budget of its actors, in ns; 0 if
    none of them has one."""
    budgets = [plan.actor(name).recovery_budget_ns for name in plan.process(process).actors]
    return min((ns for ns in budgets if ns), default=0)


class Restarts:
    """Deaths of processes whose successors are not ready yet. ``last``: of each process the data of
    the restart it had last."""

    def __init__(self, pages: Pages):
        self._pages, self._plan = pages, pages.plan
        self._deaths: dict[str, _Death] = {}
        self.last: dict[str, dict[str, Any]] = {}

    def died(self, child: Child, hung: bool, now_ns: int) -> None:
        """A process was reaped; its page is still as it left it. If it dies again before it is
        ready, the restart is one, from the first death on. ``hung``: it was killed because it gave
        no sign of life."""
        dead_ns = child.dead_ns or now_ns
        sign_ns = self._pages.last_heartbeat_ns(child.process, child.pid)
        if not hung:
            sign_ns = max(sign_ns, child.killed_ns)
        self._deaths.setdefault(child.process, _Death(
            min(sign_ns, dead_ns) if sign_ns else dead_ns, dead_ns, now_ns))

    def forget(self, process: str) -> None:
        """It is down for good: when it comes back, that is a start."""
        self._deaths.pop(process, None)

    def ready(self, child: Child | None, process: str, now_ns: int) -> dict[str, Any] | None:
        """What to tell of a process that is ready: None if this was its start, else ``restart_ns``,
        ``phases_ns``, ``budget_ns``, ``over_budget`` and a ``text``."""
        death = self._deaths.pop(process, None)
        if death is None or child is None:
            return None
        times = self._pages.start_times(process)
        phases = phases_of(Stamps(
            death.sign_ns, death.dead_ns, death.reaped_ns, child.asked_ns, times["began_ns"],
            times["live_ns"], times["connected_ns"], times["ready_ns"], now_ns,
            self._replay_ns(process)))
        took, budget = sum(phases.values()), budget_of(self._plan, process)
        over = bool(budget) and took > budget
        told = f"running again after {took / 1e6:.0f} ms: {phases_text(phases)}"
        data = {"restart_ns": took, "phases_ns": phases, "budget_ns": budget, "over_budget": over}
        self.last[process] = data
        return {**data, "text": told}

    def _replay_ns(self, process: str) -> int:
        """How long the slowest actor of the process says it replayed its journal."""
        return max(self._said(process, "replay_ns").values(), default=0)

    def recovered(self, process: str) -> dict[str, int]:
        """By actor, the last record of its journal that its present incarnation found."""
        return self._said(process, "recovered")

    def _said(self, process: str, field: str) -> dict[str, int]:
        """A field of the table ``durability`` of those actors that have it."""
        found = {name: self._durability(name) for name in self._plan.process(process).actors}
        return {name: int(table[field].flat[0]) for name, table in found.items()
                if table is not None and field in (table.dtype.names or ())}

    def _durability(self, actor: str) -> np.ndarray | None:
        """The actor's shared table ``durability``, as its page describes it; None without one."""
        page = self._pages.described(actor)
        described = page.get("tables", {}).get("durability")
        if described is None:
            return None
        try:
            dtype = np.lib.format.descr_to_dtype([tuple(field) for field in described["dtype"]])
            return map_table(self._plan.shm_dir, actor, "durability", dtype,
                             tuple(described["shape"]))
        except (OSError, ValueError, TypeError):
            return None
