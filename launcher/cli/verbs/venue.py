"""``pitwire venue``: what the operator of the deployment's exchange may do while it runs."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable
from typing import Any

import click

from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import json_option, print_json, topology_option

__all__ = ["command"]


@click.group("venue")
def command() -> None:
    """Operate the exchange: halt, bust, delay, drop, disconnect, close, status."""


def _common(function: Callable[..., Any]) -> Callable[..., Any]:
    @topology_option
    @click.option("--exchange", default="", metavar="ACTOR",
                  help="The exchange to ask, if there are several.")
    @json_option
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapped


def _ask(topology: pathlib.Path, exchange: str, as_json: bool, **wish: Any) -> None:
    answer = _answer(topology, exchange, wish)
    if as_json:
        print_json(answer)
    else:
        click.echo(answer["done"])


def _answer(topology: pathlib.Path, exchange: str, wish: dict[str, Any]) -> dict[str, Any]:
    from launcher.operate.deployment import Deployment
    from launcher.operate.venue import ask_venue, exchange_of

    deployment = Deployment.running(topology)
    return ask_venue(deployment, exchange_of(deployment, exchange), wish)


@command.command("halt")
@click.argument("symbol")
@click.option("--reason", default="", metavar="CODE", help="ITCH's reason, such as T1.")
@_common
def halt(symbol: str, reason: str, topology: pathlib.Path, exchange: str, as_json: bool) -> None:
    """Halt a SYMBOL: orders are rejected, cancels taken, what rests stays."""
    _ask(topology, exchange, as_json, verb="halt", symbol=symbol, reason=reason)


@command.command("resume")
@click.argument("symbol")
@click.option("--reason", default="", metavar="CODE", help="ITCH's reason, such as R4.")
@_common
def resume(symbol: str, reason: str, topology: pathlib.Path, exchange: str, as_json: bool) -> None:
    """Let a SYMBOL that is halted trade again."""
    _ask(topology, exchange, as_json, verb="resume", symbol=symbol, reason=reason)


@command.command("freeze")
@click.argument("symbol")
@click.option("--cancels", type=click.Choice(["pend", "reject"]), default="pend",
              show_default=True, help="Whether cancels wait for `thaw`, or are rejected.")
@_common
def freeze(symbol: str, cancels: str, topology: pathlib.Path, exchange: str,
           as_json: bool) -> None:
    """Take no cancels in a SYMBOL, as late before a cross.

    Clients hear Cancel Pending or Cancel Reject; their replacements are rejected."""
    _ask(topology, exchange, as_json, verb="freeze", symbol=symbol, cancels=cancels)


@command.command("thaw")
@click.argument("symbol")
@_common
def thaw(symbol: str, topology: pathlib.Path, exchange: str, as_json: bool) -> None:
    """Take cancels in a SYMBOL again; those that were pending are carried out."""
    _ask(topology, exchange, as_json, verb="thaw", symbol=symbol)


@command.command("bust")
@click.argument("match", type=click.IntRange(min=1))
@click.option("--reason", type=click.Choice(["E", "C", "S", "X"], case_sensitive=False),
              default="S", show_default=True,
              help="Erroneous, consent, supervisory or external.")
@_common
def bust(match: int, reason: str, topology: pathlib.Path, exchange: str, as_json: bool) -> None:
    """Break the trade of number MATCH: Broken Trade to its accounts and to the public."""
    _ask(topology, exchange, as_json, verb="bust", match=match, reason=reason)


@command.command("disconnect")
@click.argument("account")
@click.option("--port", "ports", multiple=True,
              type=click.Choice(["order_entry", "market_data", "glimpse"]),
              help="Only its sessions there; may be given again.  [default: all]")
@_common
def disconnect(account: str, ports: tuple[str, ...], topology: pathlib.Path, exchange: str,
               as_json: bool) -> None:
    """End the sessions of an ACCOUNT, or of `all`. They may come back."""
    _ask(topology, exchange, as_json, verb="disconnect", account=account, ports=list(ports))


@command.command("delay", context_settings={"ignore_unknown_options": True})
@click.argument("direction", metavar="orders|replies|market_data")
@click.argument("words", nargs=-1, required=True, metavar="KIND [VALUE]...")
@_common
def delay(direction: str, words: tuple[str, ...], topology: pathlib.Path, exchange: str,
          as_json: bool) -> None:
    """Let messages of one direction be late from now on.

    constant TIME, uniform LOW HIGH, lognormal MEDIAN SIGMA, spikes BASE SIZE PROBABILITY, or
    none. Times have units: 50us, 5ms."""
    _ask(topology, exchange, as_json, verb="delay", direction=direction, words=list(words))


@command.command("drop")
@click.argument("what", metavar="orders|market_data")
@click.argument("amount", metavar="N|P%|none")
@click.option("--line", type=click.IntRange(min=1), help="Of market_data: only on this line.")
@_common
def drop(what: str, amount: str, line: int | None, topology: pathlib.Path, exchange: str,
         as_json: bool) -> None:
    """Lose the next N messages, or P% of all from now on, or none any more.

    orders: requests of clients, unanswered; market_data: MoldUDP64 packets."""
    count, fraction = _amount(amount)
    _ask(topology, exchange, as_json, verb="drop", what=what, count=count, fraction=fraction,
         line=line)


def _amount(text: str) -> tuple[int, float]:
    try:
        if text == "none":
            return 0, 0.0
        if text.endswith("%"):
            return 0, float(text[:-1]) / 100
        return int(text), 0.0
    except ValueError:
        raise Failure(f"'{text}' is no amount: write 5, 2.5% or none", "",
                      ExitCode.USAGE) from None


@command.command("close")
@_common
def close(topology: pathlib.Path, exchange: str, as_json: bool) -> None:
    """End the trading day: day orders are canceled, sessions end with End of Session."""
    _ask(topology, exchange, as_json, verb="close")


@command.command("status")
@_common
def status(topology: pathlib.Path, exchange: str, as_json: bool) -> None:
    """Say how the exchange is: the day, halts, clients, what is late and what is lost."""
    answer = _answer(topology, exchange, {"verb": "status"})
    if as_json:
        print_json(answer)
        return
    click.echo(f"session {answer['session']}, {answer['phase'].lower().replace('_', ' ')}, "
               f"{answer['symbols']} symbols")
    for symbol, state in answer["not_trading"].items():
        cancels = "" if state["cancels"] == "TAKEN" else f", cancels {state['cancels'].lower()}"
        click.echo(f"  {symbol}: {state['state'].lower()}{cancels}")
    for client in answer["clients"]:
        behind = f", {client['behind_bytes']:,} bytes behind" if client["behind_bytes"] else ""
        click.echo(f"  {client['account']} at {client['peer']}: {client['port']}{behind}")
    for direction, text in answer["latency"].items():
        click.echo(f"late: {direction} {text}")
    for what, lost in answer["drops"].items():
        click.echo(f"dropping: {what} the next {lost['next']:,}, {lost['fraction']:.6g} of them")
    click.echo(", ".join(f"{name.replace('_', ' ')} {count:,}"
                         for name, count in answer["counters"].items()))
