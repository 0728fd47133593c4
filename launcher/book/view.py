"""A ladder for the terminal: prices in the middle, bids left, asks right; fits 80 columns."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from launcher.book.ladder import Ladder, Level
from launcher.operate.render import number_text

__all__ = ["OTHER_LINES", "ladder_view"]

OTHER_LINES = 3
"""Lines of a view that are not levels: the title, the heads, and the middle."""

_BAR = 11
_STATE_STYLES = {"LIVE": "green", "NO_ANSWER": "bold red"}


def ladder_view(ladder: Ladder) -> RenderableType:
    """Title, asks from the worst shown to the best, spread, bids from the best on."""
    whole_cents = all(level.price_e4 % 100 == 0 for level in (*ladder.bids, *ladder.asks))
    decimals = 2 if whole_cents else 4
    largest = max((level.quantity for level in (*ladder.bids, *ladder.asks)), default=1)
    asks, bids = _side_table(), _side_table(heads=False)
    for level in reversed(ladder.asks):
        _ask_row(asks, level, largest, decimals)
    for level in ladder.bids:
        _bid_row(bids, level, largest, decimals)
    return Group(_title(ladder), asks, _middle(ladder, decimals), bids)


def _title(ladder: Ladder) -> Text:
    state = ladder.state.replace("_", " ").lower()
    return Text.assemble(
        (ladder.symbol, "bold"), f" · {ladder.feed} epoch {ladder.epoch} · ",
        (state, _STATE_STYLES.get(ladder.state, "yellow")),
        f" · {number_text(ladder.updates_per_second)} updates/s"
        f" · {ladder.bid_levels:,}/{ladder.ask_levels:,} levels"
        f" · message {ladder.sequence:,}", overflow="ellipsis", no_wrap=True)


def _middle(ladder: Ladder, decimals: int) -> Text:
    parts = []
    if ladder.spread_e4 is not None:
        parts += [f"spread {ladder.spread_e4 / 1e4:,.{decimals}f}",
                  f"mid {ladder.mid_e4 / 1e4:,.{decimals + 1}f}"]
    if ladder.last_quantity:
        parts.append(f"last {ladder.last_e4 / 1e4:,.{decimals}f} × {ladder.last_quantity:,}")
    return Text(" · ".join(parts) or "no orders", "dim", justify="center")


def _side_table(heads: bool = True) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim",
                  show_header=heads)
    for name, width, justify in (
            ("own", 5, "right"), ("orders", 6, "right"), ("bid", 8, "right"), ("", _BAR, "right"),
            ("price", 10, "right"), ("", _BAR, "left"), ("ask", 8, "right"),
            ("orders", 6, "right"), ("own", 5, "right")):
        table.add_column(name, width=width, justify=justify, no_wrap=True, overflow="ellipsis")
    return table


def _bid_row(table: Table, level: Level, largest: int, decimals: int) -> None:
    halves = _halves(level.quantity, largest)
    table.add_row(_own(level), f"{level.orders:,}", Text(f"{level.quantity:,}", "green"),
                  Text("▐" * (halves % 2) + "█" * (halves // 2), "green"),
                  f"{level.price_e4 / 1e4:,.{decimals}f}", "", "", "", "")


def _ask_row(table: Table, level: Level, largest: int, decimals: int) -> None:
    halves = _halves(level.quantity, largest)
    table.add_row("", "", "", "", f"{level.price_e4 / 1e4:,.{decimals}f}",
                  Text("█" * (halves // 2) + "▌" * (halves % 2), "red"),
                  Text(f"{level.quantity:,}", "red"), f"{level.orders:,}", _own(level))


def _halves(quantity: int, largest: int) -> int:
    """The length of a depth bar in half columns: at least one, or it would look like nothing."""
    return max(round(2 * _BAR * quantity / max(largest, 1)), 1)


def _own(level: Level) -> Text:
    return Text(number_text(level.own) if level.own else "", "bold cyan")
