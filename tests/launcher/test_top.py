"""What ``pitwire top`` makes of the pages of a deployment."""

import io

import pytest
from rich.console import Console

from actors.runtime.histogram import record_ns
from launcher.top import Watch, view
from schemas.enums import ActorState
from tests.launcher.test_report import run  # noqa: F401  the fixture


@pytest.fixture
def watched(run):  # noqa: F811
    deployment, pages = run
    deployment.page["trading_enabled"] = 1
    return Watch(deployment), deployment, pages


def shown(frame, width):
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(view(frame))
    return out.getvalue()


def test_rates_and_recent_percentiles_are_of_what_came_between_two_looks(watched):
    watch, deployment, pages = watched
    hop = pages["gateway"].histogram("t1_t4").__array_interface__["data"][0]
    for _ in range(3):
        record_ns(hop, 1_000)
    watch.look()
    record_ns(hop, 50_000)
    pages["gateway"].counters[0] = 10
    deployment.wires[0]["handled"] = 4
    watch.look()
    frame = watch.frame()
    assert frame.overall["t1_t4"]["count"] == 4 and frame.overall["t1_t4"]["max"] == 50_000
    assert frame.recent["t1_t4"]["count"] == 4  # the window goes back to the first look
    assert frame.measures["orders_sent"].total == 10
    assert frame.measures["orders_sent"].per_second > 0
    assert frame.wires[0].per_second > 0
    watch.look()
    assert watch.frame().measures["orders_sent"].per_second == 0


def test_what_is_older_than_the_window_is_no_longer_recent(watched, monkeypatch):
    watch, _, pages = watched
    monkeypatch.setattr("launcher.top.frame._WINDOW_NS", 0)
    record_ns(pages["gateway"].histogram("t1_t4").__array_interface__["data"][0], 1_000)
    watch.look()
    frame = watch.frame()
    assert frame.recent["t1_t4"]["count"] == 0 and frame.overall["t1_t4"]["count"] == 1


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_look_fits_the_terminal(watched, width):
    watch, _, pages = watched
    pages["one"].header["state"] = ActorState.RUNNING
    pages["two"].header["state"] = ActorState.FATAL
    watch.look()
    text = shown(watch.frame(), width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    for word in ("trading enabled", "T1→T4", "one/orders → risk/orders", "RUNNING", "FATAL",
                 "market data"):
        assert word in text
