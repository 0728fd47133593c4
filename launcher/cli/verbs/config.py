"""``pitwire config``: what does the topology come to?"""

from __future__ import annotations

import pathlib

import click

from launcher.cli.errors import InvalidTopology
from launcher.cli.options import json_option, print_json, topology_option

__all__ = ["command"]


@click.command("config")
@topology_option
@json_option
def command(topology: pathlib.Path, as_json: bool) -> None:
    """Print the topology with nothing left unsaid.

    Extended files are merged, configs complete, placement, transports and addresses said. What is
    printed is a topology itself."""
    from launcher.topology import check_topology
    from launcher.topology.resolved import resolved, resolved_yaml

    checked = check_topology(topology)
    if checked.plan is None:
        raise InvalidTopology(checked.problems)
    if as_json:
        print_json(resolved(checked.plan, checked.topology))
    else:
        click.echo(resolved_yaml(checked.plan, checked.topology), nl=False)
