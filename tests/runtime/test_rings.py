"""The transport ``shm``: rings in shared memory, their bells, and processes that die at either end."""

import os
import select

import pytest

from actors.runtime import ring
from actors.runtime.layout import RING
from actors.runtime.ring_file import RingFile
from tests.runtime.deployments import W, plan_of
from tests.runtime.in_process import InProcess

ACTORS = {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"}


@pytest.fixture
def desk(tmp_path):
    plan = plan_of(tmp_path, ACTORS, [W("talker/numbers", "listener/numbers", transport="shm",
                                        capacity=8, overflow="fail")])
    with InProcess(plan) as desk:
        desk.connect()
        yield desk


def rings(desk):
    return sorted(name for name in os.listdir(desk.plan.run_dir) if name.startswith("w0."))


def rings_of(desk):
    return desk.in_end().ring


def bell_rings(desk) -> bool:
    poll = select.poll()
    poll.register(rings_of(desk).bell, select.POLLIN)
    return bool(poll.poll(0))


def test_a_message_is_read_where_it_lies_in_the_ring(desk):
    desk.send(7)
    at = ring.next_message(desk.in_end().address)
    begin = rings_of(desk).address + ring.SLOTS_AT
    assert at == begin + 0 * rings_of(desk).slot_size
    assert desk.take()["order_id"] == 7


def test_numbers_go_round_many_times(desk):
    for number in range(1, 2_000):
        assert desk.send(number)
        assert desk.take()["order_id"] == number
    assert desk.ledger(quiescent=True).unexplained == 0


def test_the_bell_is_rung_only_for_a_consumer_that_sleeps(desk):
    desk.take_all(count=0)
    ring.wake_up(desk.in_end().address, True)
    desk.send(1)
    assert not bell_rings(desk)
    assert desk.take()["order_id"] == 1
    assert not ring.doze(desk.in_end().address)
    desk.send(2)
    desk.send(3)
    assert bell_rings(desk)
    assert os.read(rings_of(desk).bell, 16) and not bell_rings(desk), "it was rung once"


def test_a_consumer_does_not_go_to_sleep_on_a_message(desk):
    desk.send(1)
    assert ring.doze(desk.in_end().address)


def test_a_producer_that_dies_before_it_moves_the_head_on_has_sent_nothing(desk):
    """What a kill between copying and publishing leaves: bytes in a slot, and a count too high."""
    desk.send(1)
    page = desk.wires[0]
    page["offered"] += 1
    page["published"] += 1  # and here it dies
    desk.crash("talker")
    desk.start("talker")
    assert desk.connect() == [1]
    desk.send(2)
    assert desk.take()["order_id"] == 2
    ledger = desk.ledger(quiescent=True)
    assert (ledger.sent, ledger.handled, ledger.lost, ledger.unexplained) == (3, 2, 1, 0)


def test_a_consumer_that_dies_while_it_reads_leaves_a_usable_wire(desk):
    desk.send(1)
    desk.send(2)
    assert ring.next_message(desk.in_end().address)  # and here it dies
    desk.restart("listener")
    desk.connect()
    desk.send(3)
    assert desk.take()["order_id"] == 3
    ledger = desk.ledger(quiescent=True)
    assert (ledger.sent, ledger.handled, ledger.lost, ledger.unexplained) == (3, 1, 2, 0)


def test_each_incarnation_of_the_consumer_has_one_ring_of_its_own(desk):
    assert rings(desk) == ["w0.1", "w0.1.bell"]
    desk.restart("listener")
    assert rings(desk) == ["w0.2", "w0.2.bell"]


def test_whatever_is_written_into_the_ring_the_producer_stays_within_it(desk):
    header = rings_of(desk)._page.view(RING)
    header["head"], header["tail"] = 1 << 60, -(1 << 60)
    for number in range(100):
        desk.send(number)  # refused as far as the ring seems full; nothing is written beside it
    assert header["slots"] == 64


def test_a_file_that_is_no_ring_is_refused(tmp_path):
    (tmp_path / "w0.1").write_bytes(bytes(4096))
    os.mkfifo(tmp_path / "w0.1.bell")
    with pytest.raises(ValueError, match="is not a ring"):
        RingFile.join(str(tmp_path / "w0.1"))
