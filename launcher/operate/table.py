"""``pitwire ps`` as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from launcher.operate.render import actor_style, duration_text, number_text, state_text

__all__ = ["ps_view"]

_WIDE = 110  # columns from which on the reason of the last exit has a column of its own


def ps_view(rows: Sequence[dict[str, Any]], width: int) -> RenderableType:
    """The supervisor's rows, an actor each, for a terminal of ``width`` columns."""
    wide = width >= _WIDE
    table = Table(box=None, padding=(0, 2 if wide else 1, 0, 0), pad_edge=False,
                  header_style="dim")
    for name in ("actor", "state", "pid", "process", "epoch", "restarts", "uptime", "handled/s",
                 "queue"):
        text = name in ("actor", "state", "process")
        table.add_column(name, justify="left" if text else "right", no_wrap=True,
                         min_width=None if text else len(name), overflow="ellipsis")
    if wide:
        table.add_column("last exit", overflow="fold")
    for row in rows:
        cells = [
            Text(row["actor"], actor_style(row["actor"])), state_text(row["state"]),
            str(row["pid"] or "-"), row["process"], str(row["epoch"]), str(row["restarts"]),
            duration_text(row["uptime_ns"]) if row["uptime_ns"] else "-",
            number_text(row["handled_per_s"]), number_text(row["queue"])]
        table.add_row(*cells, *([row["reason"]] if wide else []))
    exits = [] if wide else [Text(f"{row['actor']}: last exit: {row['reason']}", "yellow")
                             for row in rows if row["reason"]]
    mortems = [Text(f"{row['actor']}: post-mortem in {row['post_mortem']}", "dim")
               for row in rows if row["post_mortem"]]
    return Group(table, *exits, *mortems)
