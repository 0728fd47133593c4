"""Whole deployments of the shipped actors, on ports of their own."""

from __future__ import annotations

import json
import pathlib
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import yaml

from actors.runtime.vitals import Vitals
from tests.runtime.deployments import eventually
from tests.system.cli import CHECKOUT, Cli, deployment

__all__ = ["desk", "exchange_alone", "free_ports", "trade", "until_counted", "until_running"]


@contextmanager
def desk(topology: str = "topology.yaml", **changes) -> Iterator[Cli]:
    """The shipped deployment of the file ``topology`` with ``changes`` to its top-level keys."""
    with deployment(yaml.safe_dump(_on_free_ports(topology, changes))) as cli:
        yield cli


@contextmanager
def exchange_alone(**config) -> Iterator[Cli]:
    """A deployment of an exchange and nobody else."""
    order_entry, market_data = (f"127.0.0.1:{port}" for port in free_ports(2))
    ports = {"order_entry": order_entry, "market_data": market_data}
    topology = {"version": 1, "name": "venue", "symbols": ["AAPL", "MSFT"], "actors": {
        "exchange": {"class": "actors.exchange:Exchange", "config": {**ports, **config}}}}
    with deployment(yaml.safe_dump(topology)) as cli:
        yield cli


def _on_free_ports(topology: str, changes: dict) -> dict:
    order_entry, market_data, http = (f"127.0.0.1:{port}" for port in free_ports(3))
    ports = {
        "exchange": {"order_entry": order_entry, "market_data": market_data},
        "feed": {"venue": market_data}, "gateway": {"venue": order_entry},
    }
    if "http" in _config_keys("monitor"):
        ports["monitor"] = {"http": http}
    actors = {name: dict(said) for name, said in changes.pop("actors", {}).items()}
    for name, config in ports.items():
        actor = actors.setdefault(name, {})
        actor["config"] = {**config, **actor.get("config", {})}
    return {"extends": str(CHECKOUT / topology), "actors": actors, **changes}


def _config_keys(actor: str) -> dict:
    shipped = yaml.safe_load((CHECKOUT / "topology.yaml").read_text())
    return shipped["actors"][actor].get("config", {})


def free_ports(n: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Ports of 127.0.0.1 that nobody has."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(type=kind)) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def trade(cli: Cli, words: str = "] fill ") -> dict:
    """Runs the deployment until somebody logs ``words``, ends it by Ctrl-C, and returns its report.

    Whatever the deployment, it must have ended in good order and left nothing behind.
    """
    file = cli.folder / "report.json"
    up = cli.follow("up", "--report", str(file))
    up.until(words)
    up.interrupt()
    assert up.process.returncode == 0, "\n".join(up.lines)
    assert cli.left_over() == []
    report = json.loads(file.read_text())
    ledger = report["ledger"]
    assert (ledger["lost"], ledger["unexplained"]) == (0, 0), ledger
    assert ledger["sent"] == ledger["handled"] + ledger["dropped"]
    return report


def until_counted(cli: Cli, actor: str, counter: str, more_than: int = 0) -> int:
    """Waits until a counter of an actor exceeds a value, and returns it."""
    page = Vitals(pathlib.Path(cli.plan()["shm_dir"]) / f"{actor}.vitals")
    return eventually(lambda: (n := page.counter(counter)) > more_than and n, timeout=60,
                      what=f"more than {more_than} {counter} of {actor}")


def until_running(cli: Cli, actor: str) -> dict:
    """Waits until another incarnation of an actor than its first runs, and returns its row of ps."""
    def running():
        row = cli.ps()[actor]
        return row if row["epoch"] > 1 and row["state"] == "RUNNING" else None

    return eventually(running, timeout=60, what=f"the next epoch of {actor}")
