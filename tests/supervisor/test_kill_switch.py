"""The supervisor's half of the kill switch: words in the page, a file that lasts, breakers fed."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pytest

from actors.runtime.plan import BreakerPlan, LeasePlan
from actors.runtime.vitals import Vitals
from actors.supervisor.kill_switch import Busy, KillSwitch
from actors.supervisor.latch import HALT_FILE, is_latched, set_latch
from actors.supervisor.pages import Pages
from schemas.enums import Instruction, TradingState
from tests.feed.alone import plan_of

MS = 1_000_000
VENUE = BreakerPlan("venue", (0,), (), ("rejects", "timeouts", "overflow", "deaths"), 3, 1 * MS,
                    8 * MS, on_open="reduce_only")


@pytest.fixture
def plan(tmp_path):
    return replace(
        plan_of(tmp_path, {"risk": ("tests.feed.alone:Desk", {}),
                           "gateway": ("tests.feed.alone:Desk", {})},
                [("risk/orders", "gateway/orders", "OrderCommand", "fail", 1024)], apart=True),
        risks=("risk",), gateways=("gateway",), lease=LeasePlan(), breakers=(VENUE,))


class World:
    """A kill switch, its pages, the gateway's vitals, and what was told."""

    def __init__(self, plan):
        self.plan, self.told = plan, []
        self.pages = Pages(plan)
        self.gateway = Vitals(f"{plan.shm_dir}/gateway.vitals", ("acks", "rejects", "timeouts"))
        self.now = 10**15
        self.begin()

    def begin(self):
        """A supervisor comes, the first or the next one."""
        self.switch = KillSwitch(self.plan, self.pages, self._tell)
        self.words = self.switch.words
        self.look()

    def _tell(self, kind, text, **data):
        self.told.append(text)

    def look(self, after=20 * MS):
        self.now += after
        self.switch.turn(self.now)

    def count(self, name, n=1):
        self.gateway.counters[self.gateway.counter_names.index(name)] += n

    def answer(self):
        """Gateway and risk complete what was asked."""
        for role in ("gateway", "risk"):
            self.words[role][0]["done"] = self.words["request"]

    def modes(self):
        return TradingState(int(self.words["floor"])).name, \
            TradingState(int(self.words["mode"])).name


@pytest.fixture
def world(plan):
    return World(plan)


def test_leases_are_demanded_of_the_supervisor_and_of_risk(world):
    assert world.words["holders"] == 2
    assert world.words["leases"][0] == world.now + 50 * MS
    assert 0 < world.words["leases"][1] < world.now  # risk has not renewed it yet
    assert world.switch.summary()["lease"]["missing"][-1:] == ["risk"]


def test_without_risk_only_the_supervisors_lease_is_demanded(plan):
    world = World(replace(plan, risks=()))
    assert world.words["holders"] == 1


def test_a_halt_lasts_until_somebody_arms(world):
    world.switch.halt("fat finger", "ann")
    assert world.modes() == ("HALTED", "HALTED")
    world.words["operator"] = TradingState.NONE  # a page made anew, after down and up
    world.begin()
    assert world.modes() == ("HALTED", "HALTED")
    assert "halted by ann: fat finger" in world.switch.why
    world.answer()
    world.switch.arm()
    assert world.modes() == ("TRADING", "TRADING") and is_latched(world.plan.run_dir) is None


def test_a_halt_keeps_its_first_reason_and_an_unreadable_file_halts(world, plan):
    set_latch(plan.run_dir, "first", "ann")
    assert set_latch(plan.run_dir, "second", "bob").reason == "first"
    pathlib.Path(plan.run_dir, HALT_FILE).write_text("{")
    world.begin()
    assert world.modes() == ("HALTED", "HALTED") and "cannot be read" in world.switch.why


def test_requests_one_after_the_other_but_a_halt_takes_over(world):
    first = world.switch.cancel_all(symbol_id=1)
    assert not world.switch.outcome(first)["done"]
    assert world.switch.outcome(first)["waiting_for"] == ["gateway"]
    with pytest.raises(Busy, match="cancel-all"):
        world.switch.flatten(-1, "")
    number = world.switch.halt("now", "ann")
    assert world.words["instruction"] == Instruction.HALT and world.words["symbol_id"] == -1
    assert world.switch.outcome(first)["superseded"]
    world.answer()
    assert world.switch.outcome(number)["done"]


def test_a_supervisor_that_comes_later_sees_a_request_through(world):
    world.switch.pause("lunch")
    number = int(world.words["request"])
    world.begin()
    assert world.modes() == ("PAUSED", "PAUSED") and not world.switch.outcome(number)["done"]
    world.answer()
    assert world.switch.outcome(number)["done"]
    assert world.switch.resume() == number + 1


def test_flatten_pauses_and_waits_for_risk_too(world):
    number = world.switch.flatten(-1, "")
    assert world.modes() == ("PAUSED", "PAUSED") and world.words["flattening"] == 1
    world.words["gateway"][0]["done"] = number
    assert world.switch.outcome(number)["waiting_for"] == ["risk"]
    world.answer()
    world.look()
    assert world.words["flattening"] == 0 and world.modes() == ("PAUSED", "PAUSED")


def test_rejects_open_a_breaker_a_probe_that_works_closes_it(world):
    world.count("rejects", 3)
    world.look()
    assert world.modes() == ("REDUCE_ONLY", "REDUCE_ONLY")
    world.look()
    assert world.modes() == ("TRADING", "REDUCE_ONLY")  # half open
    assert world.words["granted"] - world.words["taken"] == 1
    world.words["taken"] += 1
    world.count("acks")
    world.look()
    assert world.modes() == ("TRADING", "TRADING")
    assert world.words["granted"] == world.words["taken"]
    assert [text.split(":")[0] for text in world.told] == [
        "breaker venue open for 0.001 s, reduce_only", "breaker venue half open",
        "breaker venue closed"]


def test_more_successes_than_rejects_in_a_look_are_no_failure(world):
    world.count("rejects", 4)
    world.count("acks", 5)
    world.look()
    assert world.modes() == ("TRADING", "TRADING")


@pytest.mark.parametrize("what", ["timeouts", "overflow", "deaths"])
def test_what_else_a_breaker_counts(world, what):
    for _ in range(3):
        if what == "overflow":
            world.pages.wires[0]["failed"] += 1
        elif what == "deaths":
            world.switch.died(("risk",))
        else:
            world.count(what)
        world.look()
    assert world.switch.breakers[0].opened == 1
    assert what in world.switch.breakers[0].why


def test_deaths_of_others_are_not_its_business(world):
    for _ in range(5):
        world.switch.died(("exchange",))
        world.look()
    assert world.modes() == ("TRADING", "TRADING")


def test_restarts_count_from_the_second_half_of_the_budget(plan):
    world = World(replace(plan, breakers=(replace(VENUE, failures=("restarts",), max_failures=1),)))
    for used in (1, 2):
        world.switch.restarting(("gateway",), used, 5)
        world.look()
        assert world.modes()[0] == "TRADING"
    world.switch.restarting(("gateway",), 3, 5)
    world.look()
    assert world.modes()[0] == "REDUCE_ONLY"


def test_staleness_is_a_failure_a_time(plan):
    world = World(replace(plan, breakers=(replace(
        VENUE, failures=("staleness",), max_failures=2, stale_after_ns=50 * MS, reset_ns=10**12,
        max_reset_ns=10**12),)))
    for _ in range(8):
        world.gateway.header["handled"] += 1
        world.look()
    assert world.modes()[0] == "TRADING"
    for _ in range(6):
        world.look()
    assert world.modes()[0] == "REDUCE_ONLY"


def test_a_breaker_may_cancel_everything_or_halt(plan):
    world = World(replace(plan, breakers=(replace(VENUE, on_open="cancel_all"),)))
    world.count("timeouts", 3)
    world.look()
    assert world.modes()[1] == "PAUSED" and world.words["instruction"] == Instruction.CANCEL_ALL
    world = World(replace(plan, breakers=(replace(VENUE, on_open="halt"),)))
    world.count("timeouts", 3)
    world.look()
    assert world.words["instruction"] == Instruction.HALT
    assert is_latched(plan.run_dir).by == "breaker venue"
    world.answer()
    world.switch.arm()
    assert world.modes() == ("TRADING", "TRADING")
