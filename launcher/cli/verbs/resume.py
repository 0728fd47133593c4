"""``pitwire resume``: the end of a pause."""

from __future__ import annotations

import pathlib

import click

from launcher.cli.options import json_option, timeout_option, topology_option

__all__ = ["command"]


@click.command("resume")
@timeout_option
@topology_option
@json_option
def command(timeout: float, topology: pathlib.Path, as_json: bool) -> None:
    """Trade again after a pause or a flatten."""
    from launcher.operate.trading import ask, say_outcome

    outcome = ask(topology, "resume", timeout)
    said = f" ({outcome['why']})" if outcome["why"] else ""
    say_outcome(f"resumed; trading is {outcome['mode']}{said}", outcome, as_json)
