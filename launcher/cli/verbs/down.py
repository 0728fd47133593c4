"""``pitwire down``: stop a deployment."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import topology_option

__all__ = ["command"]


@click.command("down")
@topology_option
def command(topology: pathlib.Path) -> None:
    """Stop everything in good order, in the reverse order of its start.

    Also ends and removes what a run that died has left. Logs stay."""
    from launcher.operate.deployment import Deployment
    from launcher.operate.down import bring_down

    click.echo(bring_down(Deployment.find(topology)))
