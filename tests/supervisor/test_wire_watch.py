"""What is lost, dropped and missed on wires is told once, as it grows."""

from __future__ import annotations

import numpy as np
import pytest

from actors.runtime.layout import WIRE_PAGE
from actors.runtime.plan import WirePlan
from actors.supervisor.wire_watch import WireWatch


@pytest.fixture
def pages():
    return np.zeros(2, WIRE_PAGE)


@pytest.fixture
def watch(pages):
    wires = [WirePlan(i, f"p{i}", "out", f"c{i}", "in", "OrderCommand", "ipc", "", 8, "block")
             for i in range(2)]
    return WireWatch(wires, pages)


def test_nothing_is_told_of_wires_on_which_all_is_handled(watch, pages):
    pages["offered"] = pages["published"] = pages["handled"] = 1_000
    pages["conflated"] = 50  # replaced by newer ones, as was asked for
    assert list(watch.look()) == []


def test_what_came_since_the_last_look_is_told_with_its_reasons(watch, pages):
    pages[1]["full"], pages[1]["down"] = 10, 2
    [news] = watch.look()
    assert (news.kind, news.wire.name, news.n, news.total) == ("dropped", "p1/out -> c1/in", 12, 12)
    assert news.text == "p1/out -> c1/in: 12 dropped, 10 no room, 2 no consumer (12 in all)"
    pages[1]["full"] = 1_010
    [news] = watch.look()
    assert news.text == "p1/out -> c1/in: 1,000 dropped, no room (1,012 in all)"
    assert list(watch.look()) == []


def test_losses_and_gaps_are_kinds_of_their_own(watch, pages):
    pages[0]["p_lost"], pages[0]["missing"] = 3, 4
    assert [(news.kind, news.n) for news in watch.look()] == [("lost", 3), ("gap", 4)]
