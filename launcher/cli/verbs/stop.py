"""``pitwire stop``: stop an actor."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, topology_option

__all__ = ["command"]


@click.command("stop")
@click.argument("actor")
@topology_option
@json_option
def command(actor: str, topology: pathlib.Path, as_json: bool) -> None:
    """Stop ACTOR in good order and wait until it has ended.

    All actors of its process stop with it; it stays down until `pitwire start`."""
    from launcher.operate.wishes import stop_actor, say_done

    say_done(*stop_actor(topology, actor), as_json)
