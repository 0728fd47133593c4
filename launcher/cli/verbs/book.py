"""``pitwire book``: a symbol's order book, live."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import sys
import time
from typing import TYPE_CHECKING

import click

from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import json_option, topology_option

if TYPE_CHECKING:
    from rich.console import Console

    from launcher.book import BookWatch, Ladder
    from launcher.operate.deployment import Deployment

__all__ = ["command"]

_ONCE_S = 0.5      # over which a single look counts updates
_MOST_LEVELS = 10  # unless asked for more


@click.command("book")
@click.argument("symbol")
@topology_option
@click.option("-n", "--levels", type=click.IntRange(1, 64), metavar="N",
              help="Levels a side  [default: what the terminal has room for, at most 10]")
@click.option("--feed", default="", metavar="ACTOR", help="The feed to ask, if there are several.")
@click.option("--hz", type=click.FloatRange(0.2, 50), default=10.0, show_default=True,
              help="How often to look.")
@click.option("--once", is_flag=True, help="Print one look and end.")
@json_option
def command(symbol: str, topology: pathlib.Path, levels: int | None, feed: str, hz: float,
            once: bool, as_json: bool) -> None:
    """Show the order book of a SYMBOL as a ladder, live.

    The feed copies its best levels when it is asked, between two messages: a ladder is the book
    after one message of the venue. With --json one object a look, a line each. Ctrl-C ends it."""
    from rich.console import Console

    from launcher.book import BookWatch
    from launcher.book.view import OTHER_LINES
    from launcher.operate.aside import standing_aside
    from launcher.operate.deployment import Deployment

    deployment = Deployment.running(topology)
    console = Console(highlight=False)
    room = min(max((console.height - OTHER_LINES) // 2, 1), _MOST_LEVELS)
    watch = BookWatch(deployment, symbol, levels or room, feed)
    with standing_aside(deployment.plan), contextlib.suppress(KeyboardInterrupt):
        watch.look()  # from here on updates are counted
        if once or not as_json and not console.is_terminal:
            _print_once(watch, console, as_json)
            return
        try:
            if as_json:
                _print_lines(deployment, watch, 1 / hz)
            else:
                _redraw(deployment, watch, 1 / hz, console)
        except BrokenPipeError:  # whoever read it has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
        Console(highlight=False, stderr=True).print(f"the deployment of {topology} has ended")


def _print_once(watch: BookWatch, console: Console, as_json: bool) -> None:
    from launcher.book import ladder_view

    time.sleep(_ONCE_S)
    ladder = watch.look()
    if ladder.state == "NO_ANSWER":
        raise Failure(f"{watch.feed} does not answer", "`pitwire ps` shows how it is",
                      ExitCode.TIMED_OUT)
    if as_json:
        _print_line(ladder)
    else:
        console.print(ladder_view(ladder))


def _print_lines(deployment: Deployment, watch: BookWatch, every_s: float) -> None:
    while deployment.is_running:
        time.sleep(every_s)
        _print_line(watch.look())


def _print_line(ladder: Ladder) -> None:
    click.echo(json.dumps(ladder.to_json()))


def _redraw(deployment: Deployment, watch: BookWatch, every_s: float, console: Console) -> None:
    from rich.live import Live

    from launcher.book import ladder_view

    with Live(ladder_view(watch.look()), console=console, screen=True, auto_refresh=False) as live:
        while deployment.is_running:
            time.sleep(every_s)
            live.update(ladder_view(watch.look()), refresh=True)
