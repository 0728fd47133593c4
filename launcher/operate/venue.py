"""Asking an exchange of the deployment for what only its operator may have."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.deployment import Deployment
from launcher.problems import did_you_mean

__all__ = ["ask_venue", "exchange_of"]

_ANSWER_S = 10.0
_POLL_S = 0.002


def exchange_of(deployment: Deployment, wanted: str = "") -> str:
    """The actor that is an exchange, or that of the given name. Failure if there is none."""
    names = [actor.name for actor in deployment.plan.actors
             if deployment.table(actor.name, "operator") is not None]
    if wanted:
        deployment.require_actor(wanted)
        if wanted not in names:
            raise Failure(f"{wanted} is no exchange", did_you_mean(wanted, names), ExitCode.USAGE)
        return wanted
    if not names:
        raise Failure("the deployment has no exchange of its own",
                      "it trades at a venue elsewhere", ExitCode.UNKNOWN_ACTOR)
    if len(names) > 1:
        raise Failure(f"there are several exchanges: {', '.join(names)}", "say --exchange NAME",
                      ExitCode.USAGE)
    return names[0]


def ask_venue(deployment: Deployment, exchange: str, wish: dict[str, Any]) -> dict[str, Any]:
    """What the exchange answers to a wish. Failure if it refuses, or does not answer in time."""
    from actors.exchange.operator_page import read_answer, write_wish

    page = deployment.table(exchange, "operator")
    until = time.monotonic() + _ANSWER_S
    with _only_one(deployment, exchange, until):
        number = write_wish(page, wish)
        while (answer := read_answer(page, number)) is None:
            if time.monotonic() > until:
                _withdraw(page, number)
                raise Failure(f"{exchange} does not answer", "`pitwire ps` shows how it is",
                              ExitCode.TIMED_OUT)
            time.sleep(_POLL_S)
    if "error" in answer:
        raise Failure(f"{exchange}: {answer['error']}")
    return answer


def _withdraw(page: np.ndarray, number: int) -> None:
    """What was not taken up in time is not to be done later, when nobody expects it."""
    if page["answered"][0] < number:
        page["answered"][0] = number


@contextlib.contextmanager
def _only_one(deployment: Deployment, exchange: str, until: float) -> Iterator[None]:
    path = pathlib.Path(deployment.plan.shm_dir) / f"{exchange}.operator.table"
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise Failure(f"somebody else is asking {exchange}", "try again",
                                  ExitCode.TIMED_OUT) from None
                time.sleep(_POLL_S)
        yield
    finally:
        os.close(fd)
