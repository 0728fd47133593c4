"""``pitwire check``: is the topology right?"""

from __future__ import annotations

import pathlib

import click

from launcher.cli.errors import InvalidTopology
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import json_option, print_json, topology_option

__all__ = ["command"]


@click.command("check")
@topology_option
@json_option
@click.pass_context
def command(context: click.Context, topology: pathlib.Path, as_json: bool) -> None:
    """Report all errors of the topology at once."""
    from launcher.topology import check_topology, summary

    checked = check_topology(topology)
    if as_json:
        print_json({"ok": checked.plan is not None,
                    "summary": summary(checked.plan) if checked.plan else None,
                    "problems": [problem.to_json() for problem in checked.problems]})
        if checked.plan is None:
            context.exit(ExitCode.TOPOLOGY_INVALID)
        return
    if checked.plan is None:
        raise InvalidTopology(checked.problems)
    click.echo(f"{topology}: {summary(checked.plan)} — no errors")
