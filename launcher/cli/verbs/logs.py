"""``pitwire logs``: what the actors say."""

from __future__ import annotations

import json
import pathlib
import time

import click

from launcher.cli.options import json_option, long_topology_option

__all__ = ["command"]

_POLL_S = 0.05


@click.command("logs")
@click.argument("actors", nargs=-1, metavar="[ACTOR]...")
@long_topology_option
@click.option("-f", "--follow", "follow", is_flag=True, help="Go on as lines are written.")
@click.option("-n", "--lines", "n", type=click.IntRange(min=0), metavar="N",
              help="Begin with the last N lines  [default: all, with --follow 20]")
@click.option("--debug", is_flag=True, help="Also show details, such as tracebacks.")
@json_option
def command(actors: tuple[str, ...], topology: pathlib.Path, follow: bool, n: int | None,
            debug: bool, as_json: bool) -> None:
    """Print the logs of all actors, or of some, merged by time.

    Also after `pitwire down`: the last run's logs stay."""
    from launcher.operate.deployment import Deployment
    from launcher.operate.logs import LogFollower, last_lines
    from launcher.operate.render import LogPrinter, log_console

    deployment = Deployment.find(topology)
    for actor in actors:
        if actor not in ("system", "supervisor"):
            deployment.require_actor(actor)
    wanted = ("system", *actors) if "supervisor" in actors else actors
    printer = LogPrinter(log_console(), debug)

    def show(line) -> None:
        if as_json:
            click.echo(json.dumps(line.to_json(), ensure_ascii=False))
        else:
            printer.print(line)

    follower = LogFollower(deployment.run_dir, wanted)
    follower.poll()
    lines = list(follower.rest())
    shown = last_lines(lines, 20 if n is None and follow else n, debug or as_json)
    printer.restarts.skip(lines[:len(lines) - len(shown)])
    for line in shown:
        show(line)
    while follow and deployment.is_running:
        time.sleep(_POLL_S)
        follower.poll()
        for line in follower.ready(time.time_ns()):
            show(line)
    for line in follower.rest():
        show(line)
