"""``pitwire start``: start an actor that is down."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, topology_option

__all__ = ["command"]


@click.command("start")
@click.argument("actor")
@topology_option
@json_option
def command(actor: str, topology: pathlib.Path, as_json: bool) -> None:
    """Start ACTOR, which was stopped or given up, and wait until it runs.

    All actors of its process start with it."""
    from launcher.operate.wishes import start_actor, say_done

    say_done(*start_actor(topology, actor), as_json)
