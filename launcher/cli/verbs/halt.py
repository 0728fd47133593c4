"""``pitwire halt``: the kill switch."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, timeout_option, topology_option

__all__ = ["command"]


@click.command("halt")
@click.option("--reason", default="", help="Why, for those who see it later.")
@timeout_option
@topology_option
@json_option
def command(reason: str, timeout: float, topology: pathlib.Path, as_json: bool) -> None:
    """Send no new orders and cancel all working ones, until `arm`.

    Lasts over restarts of anything, `down` and `up` included."""
    from launcher.operate.trading import halt, say_outcome

    outcome = halt(topology, reason, timeout)
    say_outcome(f"halted; {outcome['orders_cancelled']} orders cancelled, "
                f"{outcome['orders_left']} left", outcome, as_json)
