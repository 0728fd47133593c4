"""``pitwire ps``: how the actors are."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, print_json, topology_option

__all__ = ["command"]

_PIPE_WIDTH = 160


@click.command("ps")
@topology_option
@json_option
def command(topology: pathlib.Path, as_json: bool) -> None:
    """List the actors of the running deployment, and say whether it may trade."""
    from rich.console import Console

    from launcher.operate.asking import asking
    from launcher.operate.deployment import Deployment
    from launcher.operate.table import ps_view
    from launcher.operate.trading import trading_line

    with asking(Deployment.running(topology)) as client:
        reply = client.request("ps")
    rows = reply["actors"]
    if as_json:
        print_json(rows)
    else:
        console = Console(highlight=False)
        if not console.is_terminal:  # into a pipe go whole lines
            console = Console(highlight=False, width=_PIPE_WIDTH)
        console.print(ps_view(rows, console.width))
        console.print(trading_line(reply["trading"]))
