"""``pitwire events``: what happened to the actors."""

from __future__ import annotations

import json
import pathlib
import time

import click

from launcher.cli.options import json_option, long_topology_option

__all__ = ["command"]

_POLL_S = 0.05


@click.command("events")
@click.argument("actors", nargs=-1, metavar="[ACTOR]...")
@long_topology_option
@click.option("-f", "--follow", "follow", is_flag=True, help="Go on as things happen.")
@click.option("--since", metavar="TIME|N", default="0", show_default=False,
              help="Only of the last TIME, such as 5m, or from event N on.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND",
              help="Only events of this kind, such as exited; may be said again.")
@json_option
def command(actors: tuple[str, ...], topology: pathlib.Path, follow: bool, since: str,
            kinds: tuple[str, ...], as_json: bool) -> None:
    """Print what happened: exits, restarts, changes of state, losses, breakers.

    Also after `pitwire down`: the last run's events stay. With --json one object a line."""
    from launcher.operate.deployment import Deployment
    from launcher.operate.events import EventFollower, event_text, parse_since
    from launcher.operate.render import log_console

    try:
        begin = parse_since(since, time.time_ns())
    except ValueError as error:
        raise click.BadParameter(f"{error}; or the number of an event",
                                 param_hint="--since") from None
    deployment = Deployment.find(topology)
    for actor in actors:
        deployment.require_actor(actor)
    console = log_console()
    follower = EventFollower(deployment.run_dir, actors, kinds, begin)

    def show() -> None:
        for event in follower.poll():
            if as_json:
                click.echo(json.dumps(event, ensure_ascii=False))
            else:
                console.print(event_text(event))

    show()
    while follow and deployment.is_running:
        time.sleep(_POLL_S)
        show()
    show()
