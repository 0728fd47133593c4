"""10,000 orders a second through the default deployment for a minute, nothing lost."""

from __future__ import annotations

from bench.deployment import run_deployment
from bench.table import Row

__all__ = ["NAME", "run"]

NAME = "orders"


def run(quick: bool = False) -> list[Row]:
    """Rows: sustained rate, losses, and latency by hop at that rate."""
    report = run_deployment("orders_10000", 10 if quick else 60)
    ledger = report["ledger"]
    rows = [
        Row("orders sent", "1/s", [report["orders_sent"] / report["duration_s"]], 9_900, "above"),
        Row("lost", "messages", [float(ledger["lost"])], 0, "equal"),
        Row("unexplained", "messages", [float(ledger["unexplained"])], 0, "equal"),
        Row("rejects", "orders", [float(report["rejects"])], 0, "equal"),
    ]
    for hop in ("t1_t2", "t2_t3", "t3_t4", "t1_t4", "t4_t5"):
        for point in ("p50", "p99"):
            rows.append(Row(f"{hop} {point}", "µs", [report["latency_ns"][hop][point] / 1000]))
    return rows
