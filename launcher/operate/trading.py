"""``pitwire halt`` and its kin: what they ask for, and what came of it; whether trading goes on."""

from __future__ import annotations

import contextlib
import getpass
import pathlib
import time
from typing import Any

import click
from rich.text import Text

from actors.supervisor import ControlClient, ControlError
from actors.supervisor.latch import is_latched, release, set_latch
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.cli.options import print_json
from launcher.operate.deployment import Deployment, command_text
from launcher.operate.render import duration_text

__all__ = ["arm", "ask", "halt", "say_outcome", "trading_line", "trading_mode"]

_POLL_S = 0.005
_ANSWER_S = 1.0  # for one answer of the supervisor, before it is asked again

_STYLES = {"TRADING": "green", "REDUCE_ONLY": "yellow", "PAUSED": "yellow", "HALTED": "bold red"}
_CODES = {"unknown_symbol": ExitCode.USAGE, "unknown_actor": ExitCode.UNKNOWN_ACTOR,
          "timeout": ExitCode.TIMED_OUT, "no_deployment": ExitCode.NOT_RUNNING}

Outcome = dict[str, Any]


def ask(topology: pathlib.Path, verb: str, timeout: float, **arguments: Any) -> Outcome:
    """Asks the running deployment for ``verb`` and waits until it came about.

    Returns the outcome, with ``elapsed_ns`` as seen from here. :class:`Failure` if it is refused,
    or did not come about within ``timeout`` s: it says what had been done by then.
    """
    deployment = Deployment.running(topology)
    began = time.monotonic()
    with ControlClient(deployment.run_dir, min(_ANSWER_S, timeout)) as client:
        number = _patiently(client, began + timeout, verb, topology, **arguments)["request"]
        while True:
            outcome = _patiently(client, began + timeout, "trading", topology, request=number)
            if outcome["superseded"]:
                raise Failure(f"{_word(verb)} was taken over by another request",
                              f"see {command_text(topology, 'ps')}")
            if outcome["done"]:
                return {**outcome, "elapsed_ns": int((time.monotonic() - began) * 1e9)}
            if time.monotonic() - began > timeout:
                raise Failure(_unfinished(verb, outcome, timeout),
                              f"it goes on; see {command_text(topology, 'ps')}",
                              ExitCode.TIMED_OUT)
            time.sleep(_POLL_S)


def _patiently(client: ControlClient, deadline: float, verb: str, topology: pathlib.Path,
               **arguments: Any) -> dict[str, Any]:
    """The supervisor's answer, asked again while it is slow: no request does harm twice."""
    while True:
        try:
            return client.request(verb, **arguments)
        except ControlError as error:
            if error.code == "timeout" and time.monotonic() < deadline:
                continue
            hint = ""
            if error.code == "halted":
                hint = f"{command_text(topology, 'arm')} ends a halt"
            raise Failure(str(error), hint, _CODES.get(error.code, ExitCode.FAILURE)) from None


def _unfinished(verb: str, outcome: Outcome, timeout: float) -> str:
    left = [f"{outcome['orders_left']} working orders left"] if outcome["orders_left"] else []
    left += [f"{outcome['shares_left']} shares left"] if outcome["shares_left"] else []
    waiting = ", ".join(outcome["waiting_for"])
    return (f"{_word(verb)} did not come about within {timeout:g} s: {waiting} did not answer"
            + (f"; {', '.join(left)}" if left else "") + f"; trading is {outcome['mode']}")


def _word(verb: str) -> str:
    return verb.replace("_", "-")


def halt(topology: pathlib.Path, reason: str, timeout: float) -> Outcome:
    """Halts a deployment whether or not it runs, and whether or not its supervisor answers."""
    deployment = Deployment.find(topology)
    latch = set_latch(deployment.run_dir, reason or "no reason given", _who())
    if not deployment.is_running:
        return {"done": True, "mode": "HALTED", "why": latch.reason, "orders_cancelled": 0,
                "orders_left": 0, "took_ns": 0, "running": False}
    try:
        return ask(topology, "halt", timeout, reason=latch.reason)
    except Failure as failure:
        if failure.exit_code == ExitCode.TIMED_OUT:
            failure.hint = ("the halt is latched and lasts; without the supervisor's lease "
                            "gateways send no new order and do with working ones what the "
                            "topology's lease says")
        raise


def arm(topology: pathlib.Path, timeout: float) -> Outcome:
    """Ends a halt, of a deployment that runs or of the next run."""
    deployment = Deployment.find(topology)
    if deployment.is_running:
        return ask(topology, "arm", timeout)
    release(deployment.run_dir)
    return {"done": True, "mode": "TRADING", "why": "", "took_ns": 0, "running": False}


def _who() -> str:
    with contextlib.suppress(OSError, KeyError):
        return getpass.getuser()
    return "somebody"


def say_outcome(text: str, outcome: Outcome, as_json: bool) -> None:
    """Prints what was done: a sentence with how long it took, or the outcome."""
    if as_json:
        print_json(outcome)
        return
    took = f" in {duration_text(outcome['took_ns'])}" if outcome["took_ns"] > 0 else ""
    click.echo(f"{text}{took}" + ("" if outcome.get("running", True) else
                                  " (for the next run: the deployment does not run)"))


def trading_line(trading: dict[str, Any]) -> Text:
    """``trading: HALTED (why) · lease lost once``, in colour."""
    mode, lease = trading["mode"], trading["lease"]
    line = Text.assemble("trading: ", (mode, _STYLES[mode]),
                         f" ({trading['why']})" if trading["why"] else "")
    if lease["missing"]:
        line.append(f" · no lease of {', '.join(lease['missing'])}", "bold red")
    for name, losses in lease["losses"].items():
        if losses:
            line.append(f" · {name} has been without a lease {losses} times", "yellow")
    return line


def trading_mode(deployment: Deployment) -> dict[str, str]:
    """The trading ``mode`` in force and, if a halt is latched, ``why``: from shared memory and the
    run folder, whoever lives."""
    from actors.runtime.trading import strictest
    from schemas.enums import TradingState

    words = deployment.page["trading"]
    modes = [words["mode"], *words["risk"]["mode"]]
    latch = is_latched(deployment.run_dir)
    return {"mode": strictest(*(TradingState(int(mode)) for mode in modes if mode)).name,
            "why": f"by {latch.by}: {latch.reason}" if latch is not None else ""}
