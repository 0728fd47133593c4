"""The ledger of a wire adds up, and notices when a message vanishes."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.layout import WIRE_PAGE
from actors.runtime.ledger import WireLedger, deployment_ledger, wire_ledger
from tests.runtime.deployments import W, eventually, plan_of
from tests.runtime.in_process import InProcess

ACTORS = {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"}


def one_wire(root, overflow="drop_newest", capacity=8, **options):
    return InProcess(plan_of(root, ACTORS, [W("talker/numbers", "listener/numbers",
                                              overflow=overflow, capacity=capacity, **options)]))


def steal(desk) -> bytes:
    """Takes a message out of the consumer's socket behind the wire's back."""
    return desk.in_end().socket.recv()


def parts(ledger):
    return (ledger.handled + ledger.dropped + ledger.lost + ledger.in_flight + ledger.unexplained)


def test_an_untouched_wire_has_an_empty_ledger(tmp_path):
    with one_wire(tmp_path) as desk:
        assert desk.ledger() == desk.ledger(quiescent=True) == WireLedger()


def test_a_message_is_in_flight_until_it_is_handled(tmp_path):
    with one_wire(tmp_path) as desk:
        desk.send(1)
        assert (desk.ledger().in_flight, desk.ledger().handled) == (1, 0)
        desk.take()
        assert (desk.ledger().in_flight, desk.ledger().handled) == (0, 1)


def test_a_stolen_message_is_missed_as_soon_as_the_next_one_comes(tmp_path):
    with one_wire(tmp_path) as desk:
        for number in (1, 2, 3):
            desk.send(number)
        assert desk.take()["order_id"] == 1
        steal(desk)
        assert desk.ledger().unexplained == 0, "for all anybody knows it is under way"
        assert desk.take()["order_id"] == 3
        ledger = desk.ledger()
        assert (ledger.unexplained, ledger.in_flight) == (1, 0) and parts(ledger) == 3


def test_a_stolen_last_message_is_missed_once_nothing_flows(tmp_path):
    with one_wire(tmp_path) as desk:
        desk.send(1)
        steal(desk)
        assert desk.take() is None
        assert desk.ledger().unexplained == 0
        ledger = desk.ledger(quiescent=True)
        assert (ledger.unexplained, ledger.in_flight) == (1, 0)


def test_a_theft_is_not_explained_by_what_was_dropped(tmp_path):
    with one_wire(tmp_path, capacity=3) as desk:
        for number in range(1, 7):  # 4, 5 and 6 are dropped
            desk.send(number)
        steal(desk)
        assert desk.take_all() == [2, 3]
        desk.send(7)
        desk.take()
        assert desk.ledger(quiescent=True).unexplained == 1
        assert desk.ledger(quiescent=True).full == 3


@pytest.mark.parametrize("order", [("listener", "talker"), ("talker", "listener")])
def test_an_orderly_end_does_not_hide_a_theft(tmp_path, order):
    with one_wire(tmp_path) as desk:
        for number in (1, 2, 3):
            desk.send(number)
        steal(desk)
        for name in order:
            desk.hosts[name].close()
        desk.wires[0]["c_epoch"] = desk.wires[0]["p_connected"] = 0  # both were reaped
        ledger = desk.ledger(quiescent=True)
        assert (ledger.sent, ledger.handled, ledger.down, ledger.unexplained) == (3, 0, 2, 1)


@pytest.mark.parametrize("transport", ["inproc", "shm", "ipc", "tcp"])
@pytest.mark.parametrize("order", [("listener", "talker"), ("talker", "listener")])
def test_what_is_queued_at_an_orderly_end_is_dropped_and_counted(tmp_path, transport, order):
    with one_wire(tmp_path, capacity=100, transport=transport) as desk:
        for number in range(1, 51):
            desk.send(number)
        desk.take_all(count=10)
        handled = desk.ledger().handled
        for name in order:
            desk.hosts[name].close()
        ledger = desk.ledger(quiescent=True)
        assert (ledger.handled, ledger.down) == (handled, 50 - handled)
        assert ledger.unexplained == ledger.lost == 0


def test_a_duplicate_shows_as_a_negative_remainder(tmp_path):
    with one_wire(tmp_path) as desk:
        desk.send(1)
        twice = steal(desk)
        stranger = desk.stranger()
        for _ in range(2):
            stranger.send(twice)
        eventually(lambda: desk.take(force=1) is None and desk.ledger().handled == 2)
        assert desk.ledger().unexplained == desk.ledger(quiescent=True).unexplained == -1


def test_a_crash_explains_what_was_under_way(tmp_path):
    with one_wire(tmp_path) as desk:
        for number in (1, 2, 3):
            desk.send(number)
        desk.take()
        desk.crash("listener")
        for quiescent in (False, True):
            ledger = desk.ledger(quiescent=quiescent)
            assert (ledger.lost, ledger.in_flight, ledger.unexplained) == (2, 0, 0)


def test_a_producer_that_crashed_and_never_came_back_lost_what_did_not_arrive(tmp_path):
    with one_wire(tmp_path) as desk:
        desk.send(1)
        steal(desk)  # as if its bytes had never left the dead process
        desk.crash("talker")
        assert desk.ledger().in_flight == 1
        ledger = desk.ledger(quiescent=True)
        assert (ledger.lost, ledger.unexplained) == (1, 0)


def test_a_message_changed_on_the_way_is_foreign_and_missed(tmp_path):
    with one_wire(tmp_path) as desk:
        desk.send(1)
        desk.take()
        desk.send(2)
        changed = bytearray(steal(desk))
        changed[4] ^= 1  # its identifier
        desk.stranger().send(bytes(changed))
        eventually(lambda: desk.take(force=1) is None and desk.ledger().foreign == 1)
        desk.send(3)
        assert desk.take()["order_id"] == 3
        ledger = desk.ledger()
        assert (ledger.sent, ledger.handled, ledger.unexplained) == (3, 2, 1)


def test_refused_claims_are_not_sent(tmp_path):
    with one_wire(tmp_path, overflow="fail", capacity=1) as desk:
        assert desk.send(1) and not desk.send(2)
        ledger = desk.ledger()
        assert (ledger.sent, ledger.failed, ledger.in_flight) == (1, 1, 1)


def test_the_ledger_of_a_deployment_is_the_sum_of_its_wires(tmp_path):
    plan = plan_of(tmp_path, {**ACTORS, "second": ACTORS["listener"]},
                   [W("talker/numbers", "listener/numbers", overflow="drop_newest", capacity=1),
                    W("talker/numbers", "second/numbers", overflow="drop_newest", capacity=9)])
    with InProcess(plan) as desk:
        for number in (1, 2, 3):
            desk.send(number)
        desk.take_all("second")
        whole = deployment_ledger(plan, desk.wires)
        first = whole["wires"]["talker/numbers -> listener/numbers"]
        second = whole["wires"]["talker/numbers -> second/numbers"]
        assert first["dropped_by"] == {"full": 2, "down": 0, "conflated": 0, "stale": 0}
        assert (first["dropped"], first["in_flight"], second["handled"]) == (2, 1, 3)
        for name in ("sent", "handled", "dropped", "lost", "in_flight", "unexplained"):
            assert whole["total"][name] == first[name] + second[name]
        assert whole["total"]["sent"] == 6


counts = st.integers(0, 1000)


@given(st.fixed_dictionaries({name: counts for name in WIRE_PAGE.names if "pad" not in name}),
       st.booleans())
def test_whatever_a_page_says_the_ledger_is_a_sum(page, quiescent):
    record = np.zeros((), WIRE_PAGE)
    for name, value in page.items():
        record[name] = value
    ledger = wire_ledger(record, quiescent)
    assert ledger.sent == parts(ledger)
    assert ledger.as_dict()["dropped"] == sum(ledger.as_dict()["dropped_by"].values())
    assert ledger + WireLedger() == ledger
    assert dataclasses.asdict(ledger)["sent"] == page["offered"]

