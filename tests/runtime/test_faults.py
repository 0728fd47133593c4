"""A fault on a wire does what was asked to the messages it was asked for, and is accounted for."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.runtime import reactor
from actors.runtime.clock import monotonic_ns
from actors.runtime.faults import ALWAYS, WireFault, arm_wire, disarm_wire, map_faults
from tests.runtime.deployments import W, eventually, plan_of
from tests.runtime.in_process import InProcess

ACTORS = {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"}
LONG_NS = 3_600_000_000_000
SENT = list(range(1, 41))


class Disturbed(InProcess):
    """Two actors and a wire with a fault."""

    def __init__(self, root, **options):
        super().__init__(plan_of(root, ACTORS, [W("talker/numbers", "listener/numbers",
                                                  **options)]))
        self.fault = map_faults(self.plan.shm_dir, 1)[0:1].reshape(())

    def arm(self, kind, **what):
        arm_wire(self.fault, kind, **what)
        self.serve_outputs("talker")  # the housekeeper finds it

    def send_all(self, numbers=SENT):
        for number in numbers:
            assert self.send(number)

    def came(self):
        """What has come by now, strangers' messages aside."""
        numbers = []
        while (body := self.take(force=1)) is not None:
            numbers.append(int(body["order_id"]))
        return numbers

    def balance(self):
        ledger = self.ledger()
        assert ledger.unexplained == 0
        return ledger


def test_dropped_messages_are_missing_and_the_ledger_says_chaos(tmp_path):
    with Disturbed(tmp_path, capacity=100) as desk:
        desk.arm(WireFault.DROP, skip=10, count=3)
        desk.send_all()
        assert desk.came() == [n for n in SENT if n not in (11, 12, 13)]
        ledger = desk.balance()
        assert (ledger.sent, ledger.handled, ledger.chaos, ledger.dropped) == (40, 37, 3, 3)
        assert desk.wires[0]["missing"] == 3  # the consumer was told


@pytest.mark.parametrize("transport", ["inproc", "shm"])
def test_a_duplicate_comes_twice_and_counts_as_sent_twice(tmp_path, transport):
    with Disturbed(tmp_path, capacity=100, transport=transport) as desk:
        desk.arm(WireFault.DUPLICATE, skip=1, count=1)
        desk.send_all([1, 2, 3])
        assert desk.came() == [1, 2, 2, 3]
        assert (desk.balance().sent, desk.balance().handled) == (4, 4)


@pytest.mark.parametrize("transport", ["inproc", "shm"])
def test_a_reordered_message_comes_after_the_next_one(tmp_path, transport):
    with Disturbed(tmp_path, capacity=100, transport=transport) as desk:
        desk.arm(WireFault.REORDER, skip=1, count=1)
        desk.send_all([1, 2, 3, 4])
        assert desk.came() == [1, 3, 2, 4]
        assert desk.balance().in_flight == 0


def test_the_last_message_is_not_held_for_ever_when_it_is_to_be_reordered(tmp_path):
    with Disturbed(tmp_path, capacity=100) as desk:
        desk.arm(WireFault.REORDER, count=1)
        desk.send_all([1])
        assert desk.came() == [] and desk.balance().in_flight == 1
        eventually(lambda: (desk.turn("talker"), desk.came())[1], what="the message")
        assert desk.balance().in_flight == 0


def test_delayed_messages_wait_in_order_and_are_in_flight(tmp_path):
    with Disturbed(tmp_path, capacity=100) as desk:
        desk.arm(WireFault.DELAY, delay_ns=LONG_NS, count=1)
        desk.send_all([1, 2, 3])
        assert desk.came() == [] and desk.balance().in_flight == 3
        disarm_wire(desk.fault)
        desk.send_all([4])  # overtakes nobody
        assert desk.came() == [1, 2, 3, 4]


def test_a_delay_ends_by_itself(tmp_path):
    with Disturbed(tmp_path, capacity=100) as desk:
        desk.arm(WireFault.DELAY, delay_ns=2_000_000)
        desk.send_all([1, 2])
        came = []

        def all_came():
            desk.turn("talker")
            came.extend(desk.came())
            return len(came) == 2

        eventually(all_came, what="delayed messages")
        assert came == [1, 2]


def test_more_delayed_messages_than_there_is_room_for_are_let_go(tmp_path):
    sent = list(range(1, 301))
    with Disturbed(tmp_path, capacity=1000) as desk:
        desk.arm(WireFault.DELAY, delay_ns=LONG_NS)
        desk.send_all(sent)
        assert desk.came() == sent[:len(sent) - 256]
        assert desk.balance().in_flight == 256


@pytest.mark.parametrize("transport", ["inproc", "shm"])
def test_a_corrupted_message_is_refused_as_foreign(tmp_path, transport):
    with Disturbed(tmp_path, capacity=100, transport=transport) as desk:
        desk.arm(WireFault.CORRUPT, skip=1, count=1)
        desk.send_all([1, 2, 3])
        assert desk.came() == [1, 3]
        ledger = desk.balance()
        assert (ledger.chaos, ledger.foreign, ledger.handled) == (1, 1, 2)


def test_a_corrupted_message_is_whole_on_the_other_wires_of_its_port(tmp_path):
    plan = plan_of(tmp_path, {**ACTORS, "second": ACTORS["listener"]},
                   [W("talker/numbers", "listener/numbers"), W("talker/numbers", "second/numbers")])
    with InProcess(plan) as desk:
        arm_wire(map_faults(plan.shm_dir, 2)[0:1].reshape(()), WireFault.CORRUPT)
        desk.serve_outputs("talker")
        desk.send(7)
        assert desk.take("listener", force=1) is None
        assert int(desk.take("second")["order_id"]) == 7


def test_a_wire_that_is_full_refuses_and_has_room_again_afterwards(tmp_path):
    with Disturbed(tmp_path, capacity=100, overflow="fail") as desk:
        desk.arm(WireFault.FULL, until_ns=monotonic_ns() + 5_000_000)
        assert not desk.send(1)
        eventually(lambda: desk.serve_outputs("talker") or desk.send(2), what="room")
        assert desk.came() == [2] and desk.balance().failed >= 1


def test_a_fault_that_is_over_touches_nothing(tmp_path):
    with Disturbed(tmp_path, capacity=100) as desk:
        desk.arm(WireFault.DROP, until_ns=1)
        desk.send_all()
        assert desk.came() == SENT and desk.balance().chaos == 0


def test_what_a_producer_held_when_it_died_is_lost(tmp_path):
    with Disturbed(tmp_path, capacity=100) as desk:
        desk.arm(WireFault.DELAY, delay_ns=LONG_NS, count=2)
        desk.send_all([1, 2])
        desk.restart("talker")
        desk.connect()
        assert (desk.balance().lost, desk.balance().in_flight) == (2, 0)


@settings(max_examples=15, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.floats(0.05, 1.0), st.integers(0, 20),
       st.sampled_from([ALWAYS, 1, 5]))
def test_the_same_seed_strikes_the_same_messages(tmp_path_factory, seed, chance, skip, count):
    came = []
    for _ in range(2):
        with Disturbed(tmp_path_factory.mktemp("desk"), capacity=100) as desk:
            desk.arm(WireFault.DROP, seed=seed, chance=chance, skip=skip, count=count)
            desk.send_all()
            came.append(desk.came())
            desk.balance()
    assert came[0] == came[1] and came[0][:skip] == SENT[:skip]
    assert count == ALWAYS or len(SENT) - len(came[0]) <= count


model_steps = st.lists(st.tuples(
    st.sampled_from([WireFault.DROP, WireFault.DUPLICATE, WireFault.REORDER, WireFault.CORRUPT]),
    st.integers(0, 6), st.integers(1, 4)), min_size=1, max_size=4)


def expected(steps, per_step):
    """The slow and obvious version: lists."""
    out, held, number = [], [], 0
    for kind, skip, count in steps:
        for place in range(per_step):
            number += 1
            struck = skip <= place < skip + count
            if struck and kind in (WireFault.DROP, WireFault.CORRUPT):
                continue
            if struck and kind == WireFault.REORDER:
                held.append(number)
                continue
            if kind != WireFault.REORDER:
                out, held = out + held, []
            out += [number] * (2 if struck and kind == WireFault.DUPLICATE else 1)
            out, held = out + held, []
    return out, held


@settings(max_examples=25, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(model_steps)
def test_whatever_is_asked_one_after_another_a_model_says_what_comes(tmp_path_factory, steps):
    with Disturbed(tmp_path_factory.mktemp("desk"), capacity=1000) as desk:
        number = 0
        for kind, skip, count in steps:
            desk.arm(kind, skip=skip, count=count)
            for _ in range(10):
                number += 1
                assert desk.send(number)
        came, held = expected(steps, 10)
        assert desk.came() == came
        assert desk.balance().in_flight == len(held)
        reactor.serve_outputs(desk.threads["talker"].record.ctypes.data)
