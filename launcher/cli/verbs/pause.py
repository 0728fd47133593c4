"""``pitwire pause``: no new orders for a while."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, timeout_option, topology_option

__all__ = ["command"]


@click.command("pause")
@click.option("--reason", default="", help="Why, for those who see it later.")
@timeout_option
@topology_option
@json_option
def command(reason: str, timeout: float, topology: pathlib.Path, as_json: bool) -> None:
    """Send no new orders until `resume`; working ones stay, cancels pass.

    Ends with the deployment: what has to last is a `halt`."""
    from launcher.operate.trading import ask, say_outcome

    say_outcome("paused", ask(topology, "pause", timeout, reason=reason), as_json)
