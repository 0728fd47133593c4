"""The result of an experiment for people."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

__all__ = ["invariant_lines", "matrix_table"]


def matrix_table(rows: list[dict[str, Any]]) -> Table:
    """Target × fault × outcome × recovery time."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("target", "fault"):
        table.add_column(name)
    table.add_column("times", justify="right")
    table.add_column("outcome")
    for name in ("recovery p50", "p99", "max", "first order p50"):
        table.add_column(name, justify="right")
    for row in rows:
        outcomes = ", ".join(f"{name} {n}" if len(row["outcomes"]) > 1 else name
                             for name, n in row["outcomes"].items())
        bad = "not recovered" in row["outcomes"]
        recovery, order = row["recovery"] or {}, row["first_order"] or {}
        fault = f"{row['fault']} at {row['point']}" if row["point"] else row["fault"]
        table.add_row(row["target"], fault, f"{row['times']:,}",
                      Text(outcomes, "red" if bad else ""),
                      *(_ms(recovery.get(key)) for key in ("p50_ns", "p99_ns", "max_ns")),
                      _ms(order.get("p50_ns")))
    return table


def _ms(ns: int | None) -> str:
    return "-" if ns is None else f"{ns / 1e6:,.1f} ms"


def invariant_lines(invariants: list[dict[str, Any]]) -> list[Text]:
    """A line for each invariant."""
    return [Text.assemble(("holds  " if one["holds"] else "BROKEN ",
                           "green" if one["holds"] else "bold red"),
                          f"{one['name']}: {one['found']}") for one in invariants]
