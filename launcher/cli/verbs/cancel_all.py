"""``pitwire cancel-all``: the end of all working orders."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, timeout_option, topology_option

__all__ = ["command"]


@click.command("cancel-all")
@click.argument("symbol", required=False)
@click.option("--strategy", metavar="ACTOR", help="Only the orders of this strategy.")
@timeout_option
@topology_option
@json_option
def command(symbol: str | None, strategy: str | None, timeout: float, topology: pathlib.Path,
            as_json: bool) -> None:
    """Cancel all working orders, or those of SYMBOL or of a strategy. Trading goes on."""
    from launcher.operate.trading import ask, say_outcome

    outcome = ask(topology, "cancel_all", timeout, symbol=symbol, strategy=strategy)
    say_outcome(f"{outcome['orders_cancelled']} orders cancelled, {outcome['orders_left']} left",
                outcome, as_json)
