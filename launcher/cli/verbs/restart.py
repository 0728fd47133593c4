"""``pitwire restart``: stop an actor and start it again."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, topology_option

__all__ = ["command"]


@click.command("restart")
@click.argument("actor")
@topology_option
@json_option
def command(actor: str, topology: pathlib.Path, as_json: bool) -> None:
    """Stop ACTOR in good order, start it again, and wait until it runs.

    All actors of its process are restarted with it."""
    from launcher.operate.wishes import restart_actor, say_done

    say_done(*restart_actor(topology, actor), as_json)
