"""The restarts of a run, from its events: how many, how long, in which phases. Plain data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from actors.supervisor.recovery import PHASES

__all__ = ["recoveries"]

_POINTS = (50, 99)


def recoveries(events: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """For each actor that was restarted: ``count``, ``total_ns`` and each phase's ns as ``p50``,
    ``p99`` and ``max``, its ``budget_ns`` (0: none), how often it took longer (``over_budget``),
    and every restart in ``restarts``.

    Restarts are those that events tell of; of a very long run the oldest are forgotten.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event.get("kind") == "ready" and event.get("restart_ns"):
            for actor in event["actors"]:
                found.setdefault(actor, []).append(event)
    return {actor: _of(restarts) for actor, restarts in found.items()}


def _of(restarts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "count": len(restarts),
        "total_ns": _spread([event["restart_ns"] for event in restarts]),
        "phases_ns": {phase: _spread([event["phases_ns"][phase] for event in restarts])
                      for phase in PHASES},
        "budget_ns": restarts[-1].get("budget_ns", 0),
        "over_budget": sum(bool(event.get("over_budget")) for event in restarts),
        "restarts": [{"t_ns": event["t_ns"], "incarnation": event["incarnation"],
                      "total_ns": event["restart_ns"], "phases_ns": event["phases_ns"]}
                     for event in restarts],
    }


def _spread(values: list[int]) -> dict[str, int]:
    points = {f"p{p}": int(np.percentile(values, p, method="higher")) for p in _POINTS}
    return {**points, "max": max(values)}
