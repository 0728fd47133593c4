"""Tick-to-trade, T1 -> T4, socket write included: fused, shm and default, at 2,000 messages a second.

The deployments take turns, so that a slow minute of the machine hits all.
"""

from __future__ import annotations

from bench.deployment import run_deployment
from bench.table import Row

__all__ = ["NAME", "run"]

NAME = "tick_to_trade"

TARGETS_US = {"fused": 20, "shm": 15, "default": 100}
HOPS = ("t1_t2", "t2_t3", "t3_t4", "t1_t4", "t4_t5")


def run(quick: bool = False) -> list[Row]:
    """Rows of p50 and p99 in µs for each deployment and hop."""
    rounds, seconds = (1, 5) if quick else (3, 15)
    reports: dict[str, list[dict]] = {deployment: [] for deployment in TARGETS_US}
    for _ in range(rounds):
        for deployment in reports:
            reports[deployment].append(run_deployment(f"{deployment}_2000", seconds))
    rows = []
    for deployment, runs in reports.items():
        for hop in HOPS:
            for point in ("p50", "p99"):
                values = [r["latency_ns"][hop][point] / 1000 for r in runs]
                target = TARGETS_US[deployment] if (hop, point) == ("t1_t4", "p50") else None
                rows.append(Row(f"{deployment} {hop} {point}", "µs", values, target, "below"))
        orders = [r["orders_sent"] / r["duration_s"] for r in runs]
        rows.append(Row(f"{deployment} orders", "1/s", orders))
        data = [r["market_data_messages"] / r["duration_s"] for r in runs]
        rows.append(Row(f"{deployment} market data", "1/s", data))
        lost = [float(r["ledger"]["lost"] + r["ledger"]["unexplained"]) for r in runs]
        rows.append(Row(f"{deployment} lost or unexplained", "messages", lost, 0, "equal"))
    return rows
