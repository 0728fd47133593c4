"""``pitwire tap``: what goes over the wires."""

from __future__ import annotations

import pathlib
import sys

import click

from launcher.cli.options import topology_option
from launcher.run.component import DURATION

__all__ = ["command"]


@click.command("tap")
@click.argument("port")
@topology_option
@click.option("-n", "--count", type=click.IntRange(min=1), metavar="N",
              help="End after N messages.")
@click.option("--for", "for_ns", type=DURATION, metavar="TIME",
              help="End after so long, such as 5s.")
@click.option("--symbol", "symbols", multiple=True, metavar="SYMBOL",
              help="Only messages about this symbol; may be given more than once.")
@click.option("--filter", "where", multiple=True, metavar="FIELD=VALUE",
              help="Only messages whose field has this value; with several, all of them.")
@click.option("--fields", default="", metavar="A,B,...", help="Print only these fields.")
def command(port: str, topology: pathlib.Path, count: int | None, for_ns: int | None,
            symbols: tuple[str, ...], where: tuple[str, ...], fields: str) -> None:
    """Print the messages of a PORT as JSON Lines, live.

    PORT is ACTOR/OUTPUT, or ACTOR/INPUT for what is sent to it, or a wire as `pitwire ps` and
    reports name it. It costs the wire's consumer nothing: what is tapped is a copy, and messages
    that come faster than they can be printed are skipped, and counted on standard error. Goes on
    over restarts of the actor. Ctrl-C ends it."""
    from launcher.operate.aside import standing_aside
    from launcher.operate.deployment import Deployment
    from launcher.operate.render import log_console
    from launcher.tap import Selection, Tap, find_ports

    deployment = Deployment.running(topology)
    ports = find_ports(deployment, port)
    selection = Selection(ports[0].message, deployment.plan.symbols, symbols, where,
                          [field for field in fields.split(",") if field])
    console = log_console(stderr=True)
    with standing_aside(deployment.plan):
        tap = Tap(deployment, ports, selection, sys.stdout, console)
        try:
            tap.run(count, for_ns)
        except KeyboardInterrupt:
            pass
        finally:
            tap.close()
            skipped = f", {tap.skipped:,} skipped" if tap.skipped else ""
            console.print(f"{tap.printed:,} messages{skipped}", style="dim")
