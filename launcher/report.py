"""The report of a run: what was traded, how fast, what became of every message. Plain data.

It is read from shared memory, which outlives the processes: once when they have ended, for counts
that no longer move, but for what only a living process has (CPU time, memory), which is sampled
before.
"""

from __future__ import annotations

import importlib.metadata
import os
import pathlib
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from actors.runtime.clock import NS
from actors.runtime.histogram import COUNTS, summary
from actors.runtime.ledger import deployment_ledger
from actors.supervisor.events import read_events
from launcher.operate.deployment import Deployment
from launcher.operate.sample import ProcessUse, Sample, take_sample
from launcher.recoveries import recoveries

__all__ = ["HOPS", "MEASURES", "latencies", "machine", "measure", "positions", "report"]

HOPS = ("t1_t2", "t2_t3", "t3_t4", "t4_t5", "t1_t4")
"""The stages of an order as histograms name them: from one stamp to another."""

MEASURES = {
    "orders_sent": (("gateway", "orders_sent"),),
    "fills": (("gateway", "fills"),),
    "rejects": (("gateway", "rejects"), ("risk", "risk_rejects")),
    "market_data_messages": (("feed", "messages"),),
}
"""Of what counters each figure is the sum: (kind of actor, counter)."""


def measure(deployment: Deployment, sample: Sample, name: str) -> int:
    """The figure ``name`` of :data:`MEASURES`, over all actors of its kinds."""
    total = 0
    for actor, seen in sample.actors.items():
        page = deployment.vitals(actor)
        kind = page.description.get("kind") if page else None
        total += sum(seen.counters.get(counter, 0) for of, counter in MEASURES[name] if of == kind)
    return total


def latencies(deployment: Deployment) -> dict[str, dict[str, int]]:
    """For each hop ``count, p50, p95, p99, p999, max`` in ns, merged over all actors."""
    return {hop: summary(counts, max_ns) for hop, (counts, max_ns) in
            merged_histograms(deployment).items()}


def merged_histograms(deployment: Deployment) -> dict[str, tuple[np.ndarray, int]]:
    """For each hop the counts, shape (COUNTS,), and the exact maximum in ns, over all actors."""
    merged = {hop: (np.zeros(COUNTS, np.int64), 0) for hop in HOPS}
    for actor in deployment.plan.actors:
        page = deployment.vitals(actor.name)
        for hop in HOPS:
            if page is not None and hop in page.histogram_names:
                found = page.histogram(hop)
                counts, max_ns = merged[hop]
                merged[hop] = (counts + found["counts"], max(max_ns, int(found["max_ns"])))
    return merged


def positions(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """What risk holds of each symbol, and the profit: money in the currency, not in 1/10,000."""
    held: dict[str, dict[str, Any]] = {}
    for actor in deployment.plan.actors:
        table = deployment.table(actor.name, "positions")
        if table is None or not {"quantity", "cost_e4", "cash_e4"} <= set(table.dtype.names or ()):
            continue
        for symbol, row in zip(deployment.plan.symbols, table, strict=False):
            quantity, cost, cash = (int(row[n]) for n in ("quantity", "cost_e4", "cash_e4"))
            mark = int(row["mark_e4"])
            held[symbol] = {
                "quantity": quantity, "bought": int(row["bought"]), "sold": int(row["sold"]),
                "average_price": abs(cost / quantity) / 1e4 if quantity else 0.0,
                "mark": mark / 1e4, "realized": (cash + cost) / 1e4,
                "unrealized": (quantity * mark - cost) / 1e4,
                "total": (cash + quantity * mark) / 1e4,
            }
    return held


def machine() -> dict[str, Any]:
    """What the run ran on."""
    import zmq

    return {
        "cpu": _cpu_model(), "cores": os.cpu_count(), "usable_cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(), "python": platform.python_version(),
        "numba": importlib.metadata.version("numba"), "numpy": np.__version__,
        "pyzmq": zmq.__version__, "libzmq": zmq.zmq_version(),
        "pitwire": importlib.metadata.version("pitwire"),
    }


def _cpu_model() -> str:
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def report(deployment: Deployment, duration_ns: int, outcome: str, quiescent: bool,
           uses: Mapping[str, ProcessUse]) -> dict[str, Any]:
    """The report, ready for JSON.

    ``duration_ns`` counts from when trading was enabled. ``quiescent``: everything has stopped in
    good order, so that a message that is neither handled nor accounted for is unexplained.
    ``uses``: what each process had used when it was last seen alive.
    """
    plan, sample = deployment.plan, take_sample(deployment)
    return {
        "topology": plan.name, "file": plan.topology, "outcome": outcome,
        "duration_s": round(duration_ns / NS, 3),
        **{name: measure(deployment, sample, name) for name in MEASURES},
        "latency_ns": latencies(deployment),
        "ledger": _ledger(deployment, quiescent),
        "restarts": {name: actor.restarts for name, actor in sample.actors.items()},
        "recovery": recoveries(read_events(deployment.run_dir)),
        "positions": positions(deployment),
        "counters": {name: actor.counters for name, actor in sample.actors.items()},
        "processes": {name: {"cpu_s": round(use.cpu_ns / NS, 2),
                             "rss_mb": round(use.rss_bytes / 2**20, 1)}
                      for name, use in uses.items()},
        "machine": machine(),
    }


def _ledger(deployment: Deployment, quiescent: bool) -> dict[str, Any]:
    ledger = deployment_ledger(deployment.plan, deployment.wires, quiescent)
    return {**ledger["total"], "wires": ledger["wires"]}
