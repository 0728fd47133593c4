"""The end of a run in words: a report as a short table."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from launcher.operate.render import duration_text

__all__ = ["print_summary", "summary_view"]


def print_summary(report: dict[str, Any], console: Console) -> None:
    """Prints :func:`summary_view` below an empty line."""
    console.print()
    console.print(summary_view(report))


def summary_view(report: dict[str, Any]) -> Group:
    """What was traded, the latency of each hop, profit, lost messages and restarts."""
    head = Text.assemble(
        (f"{report['topology']}", "bold"), f" traded for {report['duration_s']:,.1f} s: ",
        f"{report['market_data_messages']:,} market data messages, "
        f"{report['orders_sent']:,} orders, {report['fills']:,} fills, "
        f"{report['rejects']:,} rejects")
    timed = any(found["count"] for found in report["latency_ns"].values())
    return Group(head, *([_latencies(report["latency_ns"])] if timed else []), *_lines(report))


def _latencies(latency_ns: dict[str, dict[str, int]]) -> Table:
    points = ("p50", "p95", "p99", "p999", "max")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("hop")
    for name in ("count", "p50", "p95", "p99", "p99.9", "max"):
        table.add_column(name, justify="right")
    for hop, found in latency_ns.items():
        times = [duration_text(found[p]) if found["count"] else "-" for p in points]
        table.add_row(hop.upper().replace("_", " → "), f"{found['count']:,}", *times,
                      style="bold" if hop == "t1_t4" else "")
    return table


def _recovery(actor: str, said: dict[str, Any]) -> Text:
    """How long the actor's restarts took, and whether that was within its budget."""
    took = said["total_ns"]
    budget, over = said["budget_ns"], said["over_budget"]
    text = (f"  {actor} was back after {duration_text(took['p50'])} (p50), "
            f"{duration_text(took['max'])} at most")
    if budget:
        text += f"; over its budget of {duration_text(budget)}: {over} of {said['count']}"
    return Text(text, "red" if over else "")


def _lines(report: dict[str, Any]) -> list[Text]:
    lines = []
    held = report["positions"]
    if held:
        total = sum(row["total"] for row in held.values())
        open_ = ", ".join(f"{row['quantity']:+,} {symbol}" for symbol, row in held.items()
                          if row["quantity"]) or "flat"
        lines.append(Text.assemble("profit ", (f"{total:+,.2f}", "bold"), f" · {open_}"))
    ledger = report["ledger"]
    bad = ledger["lost"] or ledger["unexplained"]
    lines.append(Text(
        f"messages: {ledger['sent']:,} sent, {ledger['handled']:,} handled, "
        f"{ledger['dropped']:,} dropped, {ledger['lost']:,} lost, "
        f"{ledger['unexplained']:,} unexplained", "red" if bad else ""))
    restarted = {name: n for name, n in report["restarts"].items() if n}
    if restarted:
        lines.append(Text("restarts: " + ", ".join(f"{name} {n}" for name, n in restarted.items()),
                          "yellow"))
    lines += [_recovery(name, said) for name, said in report.get("recovery", {}).items()]
    return lines
