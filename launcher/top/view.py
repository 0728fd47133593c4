"""A frame of ``pitwire top`` as a table for the terminal; fits 80 columns."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from launcher.operate.render import (
    actor_style, duration_text, number_text, state_text,
)
from launcher.report import HOPS
from launcher.top.frame import Frame

__all__ = ["view"]

_MEASURE_NAMES = {"market_data_messages": "market data", "orders_sent": "orders",
                  "fills": "fills", "rejects": "rejects"}
_RISK_STYLES = {"TRADING": "green", "REDUCE_ONLY": "yellow", "PAUSED": "yellow",
                "HALTED": "bold red"}


def view(frame: Frame) -> RenderableType:
    """Everything, from top to bottom: rates, latencies, positions, wires, actors."""
    return Group(_header(frame), _rates(frame), _latencies(frame), _positions(frame),
                 _wires(frame), _actors(frame))


def _header(frame: Frame) -> Text:
    trading = ("trading enabled", "green") if frame.trading_enabled else ("not trading", "yellow")
    parts = [(frame.name, "bold"), f" · {frame.topology} · up {duration_text(frame.uptime_ns)} · ",
             trading]
    if frame.mode != "TRADING":
        parts += [" · ", (f"{frame.mode} {frame.why}".rstrip(), _RISK_STYLES[frame.mode])]
    if frame.risk_state:
        parts += [" · risk ", (frame.risk_state, _RISK_STYLES.get(frame.risk_state, ""))]
    return Text.assemble(*parts, overflow="ellipsis", no_wrap=True)


def _table(*columns: str, title: str = "") -> Table:
    """A borderless table; columns that begin with ``<`` are text, the others numbers."""
    table = Table(box=None, padding=(0, 1, 0, 0), title_justify="left", header_style="dim",
                  pad_edge=False)
    for column in columns:
        text = column.startswith("<")
        table.add_column(column.lstrip("<"), justify="left" if text else "right", no_wrap=True,
                         overflow="ellipsis")
    return table


def _rates(frame: Frame) -> Table:
    table = _table("<", *(_MEASURE_NAMES[name] for name in _MEASURE_NAMES))
    rates = [frame.measures[name] for name in _MEASURE_NAMES]
    table.add_row("a second", *(number_text(rate.per_second) for rate in rates))
    table.add_row("total", *(number_text(rate.total) for rate in rates))
    return table


def _latencies(frame: Frame) -> Table:
    recent = f"last {duration_text(frame.window_ns)}"
    table = _table(f"<\n{'hop'}", f"{recent}\nn", "\np50", "\np99", "\nmax", "│\n│",
                   "overall\nn", "\np50", "\np95", "\np99", "\np99.9", "\nmax")
    for hop in HOPS:
        now, ever = frame.recent[hop], frame.overall[hop]
        style = "bold" if hop == "t1_t4" else ""
        table.add_row(hop.upper().replace("_", "→"), number_text(now["count"]),
                      *_times(now, "p50", "p99", "max"), "│", number_text(ever["count"]),
                      *_times(ever, "p50", "p95", "p99", "p999", "max"), style=style)
    return table


def _times(found: dict[str, int], *points: str) -> list[str]:
    return [duration_text(found[p]) if found["count"] else "-" for p in points]


def _positions(frame: Frame) -> RenderableType:
    if not frame.positions:
        return Text("no positions yet", "dim")
    table = _table("<symbol", "position", "average", "mark", "realized", "unrealized", "total P&L")
    for symbol, held in frame.positions.items():
        table.add_row(symbol, f"{held['quantity']:+,}" if held["quantity"] else "0",
                      f"{held['average_price']:,.2f}", f"{held['mark']:,.2f}",
                      *(_money(held[n]) for n in ("realized", "unrealized", "total")))
    sums = [sum(held[n] for held in frame.positions.values())
            for n in ("realized", "unrealized", "total")]
    table.add_row("all", "", "", "", *map(_money, sums), style="bold")
    return table


def _money(value: float) -> Text:
    return Text(f"{value:+,.2f}", "green" if value > 0 else "red" if value < 0 else "")


def _wires(frame: Frame) -> Table:
    table = _table("<wire", "<over", "msg/s", "queue", "dropped", "lost")
    for wire in frame.wires:
        table.add_row(wire.name.replace(" -> ", " → "), wire.transport,
                      number_text(wire.per_second), number_text(wire.queue),
                      number_text(wire.dropped),
                      Text(number_text(wire.lost), "red" if wire.lost else ""))
    return table


def _actors(frame: Frame) -> Table:
    table = _table("<actor", "<state", "epoch", "restarts", "msg/s", "queue", "cpu", "rss")
    for actor in frame.actors:
        table.add_row(Text(actor.name, actor_style(actor.name)), state_text(actor.state),
                      str(actor.epoch), str(actor.restarts), number_text(actor.per_second),
                      number_text(actor.queue), f"{actor.cpu * 100:.0f}%",
                      f"{actor.rss_bytes / 2**20:.0f}M")
    return table
