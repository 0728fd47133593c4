"""``pitwire arm``: the end of a halt."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, timeout_option, topology_option

__all__ = ["command"]


@click.command("arm")
@timeout_option
@topology_option
@json_option
def command(timeout: float, topology: pathlib.Path, as_json: bool) -> None:
    """Trade again after a halt.

    Ends a pause too, a halt by risk's loss limit, and closes breakers that are open."""
    from launcher.operate.trading import arm, say_outcome

    outcome = arm(topology, timeout)
    said = f" ({outcome['why']})" if outcome["why"] else ""
    say_outcome(f"armed; trading is {outcome['mode']}{said}", outcome, as_json)
