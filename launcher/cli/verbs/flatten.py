"""``pitwire flatten``: the end of all positions."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import json_option, timeout_option, topology_option

__all__ = ["command"]

_COUNTS = ("orders_cancelled", "orders_left", "orders_sent", "shares_flattened", "shares_left",
           "took_ns", "elapsed_ns")


@click.command("flatten")
@click.argument("symbols", nargs=-1, metavar="[SYMBOL]...")
@click.option("--reason", default="", help="Why, for those who see it later.")
@timeout_option
@topology_option
@json_option
def command(symbols: tuple[str, ...], reason: str, timeout: float, topology: pathlib.Path,
            as_json: bool) -> None:
    """Pause strategies, cancel orders and close positions: of SYMBOLs, or all.

    Strategies stay paused until `resume`. Ends with 1 if the market did not take everything."""
    from launcher.operate.trading import ask, say_outcome

    parts = [ask(topology, "flatten", timeout, symbol=symbol, reason=reason)
             for symbol in symbols or (None,)]
    outcome = {**parts[-1], **{key: sum(part[key] for part in parts) for key in _COUNTS}}
    say_outcome(f"{outcome['shares_flattened']} shares flattened with {outcome['orders_sent']} "
                f"orders, {outcome['shares_left']} left; {outcome['orders_cancelled']} orders "
                f"cancelled; strategies are paused", outcome, as_json)
    if outcome["shares_left"]:
        raise click.exceptions.Exit(ExitCode.FAILURE)
