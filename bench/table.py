"""One line of a benchmark's result, and how it is printed."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

__all__ = ["Row", "print_rows", "row_json"]


@dataclass(frozen=True)
class Row:
    """What was measured, once a round. ``target`` is met ``below``, ``above`` or ``equal``."""

    name: str
    unit: str
    values: list[float]
    target: float | None = None
    sense: str = "below"

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, or nothing where there is no target."""
        if self.target is None:
            return ""
        met = {"below": self.median < self.target, "above": self.median > self.target,
               "equal": self.median == self.target}[self.sense]
        return "met" if met else "missed"


def row_json(row: Row) -> dict:
    return {**asdict(row), "median": row.median, "verdict": row.verdict}


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:,.2f}"


def print_rows(console: Console, title: str, rows: list[Row]) -> None:
    """A table with target, median and spread of every row."""
    table = Table(title=title, title_justify="left")
    table.add_column("measured")
    for column in ("target", "median", "min", "max"):
        table.add_column(column, justify="right")
    table.add_column("unit")
    table.add_column("verdict")
    signs = {"below": "<", "above": ">", "equal": "="}
    for row in rows:
        target = "" if row.target is None else f"{signs[row.sense]} {_number(row.target)}"
        style = {"met": "green", "missed": "bold red"}.get(row.verdict, "")
        table.add_row(row.name, target, _number(row.median), _number(min(row.values)),
                      _number(max(row.values)), row.unit, f"[{style}]{row.verdict}[/]"
                      if style else "")
    console.print(table)
