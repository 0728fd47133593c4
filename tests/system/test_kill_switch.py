"""The kill switch on a deployment that trades: what is told to stop stops, and goes on after."""

from __future__ import annotations

import os
import pathlib
import signal

import numpy as np
import pytest

from actors.gateway.state import ORDER
from actors.risk.positions import POSITION_STATE
from actors.runtime.clock import monotonic_ns
from actors.runtime.vitals import Vitals, map_deployment, map_table
from tests.runtime.deployments import eventually
from tests.system.desk import desk, until_running
from tests.system.resting_strategy import SENT

pytestmark = pytest.mark.system

RESTING = 8
PERIOD_NS = 50_000_000
BREAKER = {"max_failures": 3, "reset_timeout": "200ms", "max_reset_timeout": "2s",
           "on_open": "cancel_all", "failures": ["rejects"]}


class Desk:
    """A deployment in which a strategy keeps orders resting and buys."""

    def __init__(self, cli):
        self.cli = cli

    @property
    def words(self):
        """What governs trading, in shared memory."""
        return map_deployment(self.cli.plan()["shm_dir"])["trading"]

    @property
    def orders(self) -> np.ndarray:
        """The gateway's order table."""
        return self._table("gateway", "orders", ORDER, 1 << 14)

    @property
    def positions(self) -> np.ndarray:
        return self._table("risk", "positions", POSITION_STATE, len(self.cli.plan()["symbols"]))

    def _table(self, actor, name, dtype, rows):
        return map_table(self.cli.plan()["shm_dir"], actor, name, dtype, (rows,))

    def page(self, actor: str) -> Vitals:
        return Vitals(pathlib.Path(self.cli.plan()["shm_dir"]) / f"{actor}.vitals")

    def working(self) -> int:
        """Orders the venue may still trade, as the gateway knows them."""
        return int(np.isin(self.orders["status"], (1, 2, 3, 10)).sum())

    def last_decided_ns(self) -> int:
        """When the gateway last let an order pass, by the clock it compared the lease with."""
        config = next(a["config"] for a in self.cli.plan()["actors"] if a["name"] == "gateway")
        return int(self.orders["deadline_ns"].max()) - int(config["order_timeout_ms"] * 1e6)

    def sent(self) -> int:
        return self.page("gateway").counter("orders_sent")

    def goes_on(self, what: str) -> None:
        """Waits until more orders go out."""
        before = self.sent()
        eventually(lambda: self.sent() > before + 2, timeout=60, what=f"orders {what}")

    def rests(self) -> None:
        """Has the strategy rest its orders, again if they were cancelled; waits until they do."""
        eventually(lambda: self.words["mode"] == 1, timeout=30, what="free trading")
        if self.working() < RESTING:
            self._table("strategy", "sent", SENT, 1)["resting"] = 0
        eventually(lambda: self.working() >= RESTING, timeout=60, what="resting orders")

    def kill(self, actor: str) -> None:
        """Kills an actor and waits for its next incarnation."""
        epoch = self.cli.ps()[actor]["epoch"]
        self.cli("kill", actor)
        eventually(lambda: (row := self.cli.ps()[actor])["epoch"] > epoch
                   and row["state"] == "RUNNING", timeout=60, what=f"the next epoch of {actor}")


@pytest.fixture(scope="module")
def trading():
    strategy = {"class": "tests.system.resting_strategy:Rester",
                "config": {"window": None, "threshold_sigma": None, "resting": RESTING,
                           "only_buys": True}}
    with desk(actors={"strategy": strategy, "risk": {"config": {"max_position": 1_000_000}}},
              breakers={"venue": BREAKER}, defaults={"max_restarts": 100}) as cli:
        cli("up", "-d")
        yield Desk(cli)
        cli("down")


def test_halt_stops_orders_at_once_and_cancels_all_that_work(trading):
    trading.rests()
    done = trading.cli.json("halt", "--reason", "fat finger")
    assert done["orders_cancelled"] >= RESTING and done["orders_left"] == 0
    assert trading.working() == 0
    assert trading.last_decided_ns() <= trading.words["requested_ns"]
    printed = trading.cli("ps").stdout
    assert "HALTED" in printed and "fat finger" in printed
    assert trading.cli.json("top")["mode"] == "HALTED"


def test_the_halt_survives_the_kill_of_everybody_and_down_and_up(trading):
    sent = trading.sent()
    for actor in ("strategy", "risk", "gateway", "feed", "exchange"):
        trading.kill(actor)
    refused = "risk_rejects"
    before = trading.page("risk").counter(refused)
    eventually(lambda: trading.page("risk").counter(refused) > before, what="orders refused")
    assert trading.sent() == sent
    trading.cli("down")
    trading.cli("up", "-d")
    eventually(lambda: trading.page("risk").counter(refused) > 0, timeout=60, what="orders refused")
    assert trading.sent() == 0
    assert "fat finger" in trading.cli("ps").stdout
    assert "arm" in trading.cli("resume", code=1).output
    assert "arm" in trading.cli("flatten", code=1).output
    trading.cli("arm")
    trading.goes_on("after arming")


def test_a_stopped_supervisor_stops_orders_within_a_lease_period(trading):
    trading.rests()
    supervisor = trading.cli.ps()["supervisor"]["pid"]
    gateway = trading.words["gateway"][0]
    losses = int(gateway["losses"])
    os.kill(supervisor, signal.SIGSTOP)
    try:
        eventually(lambda: "T (stopped)" in _status(supervisor), what="the supervisor stopped")
        until_ns = int(trading.words["leases"][0])
        assert until_ns <= monotonic_ns() + PERIOD_NS
        eventually(lambda: gateway["losses"] > losses, what="the lease lost")
        eventually(lambda: trading.working() == 0, timeout=30, what="working orders cancelled")
        assert trading.last_decided_ns() < until_ns
    finally:
        os.kill(supervisor, signal.SIGCONT)
    trading.goes_on("once the supervisor is back")


def test_a_stopped_risk_manager_loses_the_lease_and_trading_goes_on_with_the_next(trading):
    gateway = trading.words["gateway"][0]
    losses = int(gateway["losses"])
    trading.cli("kill", "-s", "STOP", "risk")
    eventually(lambda: gateway["losses"] > losses, what="the lease lost")
    until_running(trading.cli, "risk")
    trading.goes_on("with the next risk manager")


def test_pause_keeps_working_orders_and_resume_goes_on(trading):
    trading.rests()
    trading.cli("pause", "--reason", "lunch")
    sent, working = trading.sent(), trading.working()
    refused = trading.page("risk").counter("risk_rejects")
    eventually(lambda: trading.page("risk").counter("risk_rejects") > refused + 2,
               what="orders refused")
    assert (trading.sent(), trading.working()) == (sent, working)
    assert "lunch" in trading.cli("ps").stdout
    trading.cli("resume")
    trading.goes_on("after the pause")


def test_cancel_all_of_a_strategy_and_of_nobody(trading):
    trading.rests()
    assert trading.cli("cancel-all", "NONE", code=2).exit_code == 2
    trading.cli("cancel-all", "--strategy", "nobody", code=7)
    done = trading.cli.json("cancel-all")
    assert done["orders_cancelled"] >= RESTING and done["orders_left"] == 0
    trading.goes_on("after a cancel-all")


def test_rejects_open_the_breaker_and_a_probe_closes_it(trading):
    trading.rests()
    page = trading.page("gateway")
    rejects = page.counter_names.index("rejects")

    def told(word):
        return any(word in event["text"] for event in _events(trading))

    def rejected_until_open():
        page.counters[rejects] += 3  # as if the venue had said no; unless it says yes just then
        return told("breaker venue open")

    eventually(rejected_until_open, what="the breaker open")
    eventually(lambda: told("breaker venue closed"), timeout=60, what="the breaker closed again")
    assert trading.words["taken"] >= 1
    trading.goes_on("after the breaker closed")


def test_flatten_leaves_no_position_and_strategies_paused(trading):
    eventually(lambda: (trading.positions["quantity"] > 0).any(), timeout=60, what="a position")
    done = trading.cli.json("flatten", "--timeout", "30")
    assert not trading.positions["quantity"].any()
    assert done["shares_flattened"] > 0 and done["shares_left"] == 0 and done["orders_sent"] > 0
    assert trading.cli.json("top")["mode"] == "PAUSED"
    trading.cli("resume")
    trading.goes_on("after flattening")


def test_a_gateway_killed_in_the_middle_of_a_halt_completes_it(trading):
    trading.rests()
    halt = trading.cli.follow("halt", "--timeout", "60")
    eventually(lambda: trading.words["instruction"] == 3, what="the halt")
    trading.cli("kill", "gateway")
    assert halt.finish() == 0, halt.lines
    until_running(trading.cli, "gateway")
    assert trading.working() == 0
    trading.cli("arm")


def _status(pid: int) -> str:
    return pathlib.Path(f"/proc/{pid}/status").read_text()


def _events(trading) -> list[dict]:
    from actors.supervisor import ControlClient

    with ControlClient(trading.cli.run_dir) as client:
        return client.events()[0]
