"""What an experiment's runs came to: a matrix of target × fault, with recovery times. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from launcher.chaos.watch import Struck

__all__ = ["matrix", "percentile"]


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest of ``values`` that at least ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * round(share * 1000) // 1000) - 1, 0)]


def matrix(struck: Iterable[Struck]) -> list[dict[str, Any]]:
    """A row for each target, fault and crash point: ``times``, ``outcomes`` (how often each), and
    of recovery and of the first order after it ``p50_ns``, ``p99_ns``, ``max_ns``, or None."""
    groups: dict[tuple[str, str, str], list[Struck]] = defaultdict(list)
    for one in struck:
        groups[one.step.target, str(one.step.fault), one.step.get("point", "")].append(one)
    return [{"target": target, "fault": fault, "point": point, "times": len(ones),
             "outcomes": dict(Counter(str(one.outcome) for one in ones)),
             "recovery": _spread([one.recovery_ns for one in ones]),
             "first_order": _spread([one.order_ns for one in ones])}
            for (target, fault, point), ones in sorted(groups.items())]


def _spread(values: Iterable[int | None]) -> dict[str, int] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"p50_ns": percentile(known, 0.5), "p99_ns": percentile(known, 0.99),
            "max_ns": max(known)}
