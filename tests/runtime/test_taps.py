"""Taps on running deployments: they see everything, and nobody on the wire can tell."""

import multiprocessing
import os
import signal

import numpy as np
import pytest

from actors.runtime.ledger import deployment_ledger
from actors.runtime.tap import TapReader, tap_file
from schemas.messages import OrderCommand
from tests.runtime.deployments import Running, W, eventually, plan_of, relay_plan
from tests.runtime.in_process import InProcess
from tests.runtime.relay_actors import SEEN
from tests.runtime.test_crashes import ENDLESS, end_the_flow, flow_on

WAYS = {"ipc": ("processes", "ipc"), "tcp": ("processes", "tcp"),
        "inproc": ("threads", "inproc"), "one thread": ("thread", "inproc")}


class Tapped:
    """A reader of one port of a running deployment and what it has read."""

    def __init__(self, running, actor, **options):
        self.running, self.actor = running, actor
        self.reader = TapReader(running.plan.shm_dir, actor, "numbers", OrderCommand, **options)
        self.read: list[tuple[int, int, int]] = []

    def attach(self):
        epoch = int(self.running.vitals(self.actor).header["epoch"])
        TapReader.request(self.running.vitals(self.actor))
        eventually(lambda: self.reader.active == epoch, what="the tap")
        return self

    def drain(self):
        while len(bodies := self.reader.read()):
            header = bodies["header"]
            self.read += zip(header["epoch"].tolist(), header["seq"].tolist(),
                             bodies["order_id"].tolist(), strict=True)
        return self.read

    def until(self, n):
        eventually(lambda: len(self.drain()) >= n, 60, f"{n} messages")

    def seqs(self, epoch):
        return [seq for of, seq, _ in self.drain() if of == epoch]


def contiguous(numbers):
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def check_the_consumer(running):
    """The sink missed nothing, and the wires lost and dropped nothing."""
    seen = running.seen(SEEN)
    assert seen["missing"] == seen["disordered"] == 0
    total = deployment_ledger(running.plan, running.wires)["total"]
    assert total["dropped"] == total["lost"] == total["unexplained"] == total["foreign"] == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_tap_sees_every_message_wherever_actors_are_placed(tmp_path, way):
    placement, transport = WAYS[way]
    plan = relay_plan(tmp_path, placement, transport, limit=ENDLESS, per_tick=8, capacity=256)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        taps = [Tapped(running, actor).attach() for actor in ("source", "relay", "relay")]
        for tap in taps:
            tap.until(2_000)
        for tap in taps:
            assert contiguous(tap.seqs(1)) and tap.reader.skipped == 0
            assert all(seq == number for _, seq, number in tap.read), "the numbers that were sent"
            tap.reader.close()
        end_the_flow(running)
        check_the_consumer(running)
        assert set(running.stop().values()) == {0}
        check_the_consumer(running)
        assert running.seen(SEEN)["count"] == running.vitals("source").counter("sent")


def test_a_tap_sees_what_a_plain_actor_sends(tmp_path):
    plan = plan_of(tmp_path, {"source": "relay_actors:Source", "relay": "relay_actors:PlainRelay",
                              "sink": "relay_actors:PlainSink"},
                   [W("source/numbers", "relay/numbers"), W("relay/numbers", "sink/numbers")],
                   threads={name: (name,) for name in ("source", "relay", "sink")},
                   configs={"source": {"limit": ENDLESS}})
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        tap = Tapped(running, "relay").attach()
        tap.until(200)
        assert contiguous(tap.seqs(1)) and tap.reader.skipped == 0
        end_the_flow(running)
        check_the_consumer(running)
        assert set(running.stop().values()) == {0}


@pytest.mark.parametrize("overflow", ["block", "drop_newest", "latest", "fail"])
def test_the_ledger_of_a_wire_is_the_same_with_and_without_a_tap(tmp_path, overflow):
    """Message by message: the same sends and takes, once tapped, once not."""
    def run(folder, tapped):
        folder.mkdir()
        plan = plan_of(folder, {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"},
                       [W("talker/numbers", "listener/numbers", overflow=overflow, capacity=3)])
        with InProcess(plan) as desk:
            talker = desk.hosts["talker"]
            if tapped:
                tap = TapReader(plan.shm_dir, "talker", "numbers", OrderCommand, slots=4)
                TapReader.request(talker.vitals)
                talker.maintain()
                assert tap.active == 1
            steps, rng = [], np.random.default_rng(1)
            for number in range(1, 200):
                wait = overflow == "block" and desk.ledger().in_flight == 3  # as the reactor does
                steps.append(None if wait else desk.send(number, number % 4))
                desk.serve_outputs("talker")
                if rng.random() < 0.4:
                    steps += desk.take_all(count=min(desk.ledger().in_flight, 1))
                steps.append(int(desk.hosts["listener"].ctx["missing"]))
            if tapped:
                offered = int(desk.wires[0]["offered"])
                assert len(tap.read()) + tap.skipped == offered and tap.skipped > 0
                tap.close()
            return steps, desk.ledger(), desk.wires[0].tobytes()

    assert run(tmp_path / "without", tapped=False) == run(tmp_path / "with", tapped=True)


def test_a_port_that_nobody_taps_any_more_is_as_before(tmp_path):
    plan = plan_of(tmp_path, {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"},
                   [W("talker/numbers", "listener/numbers")])
    with InProcess(plan) as desk:
        talker = desk.hosts["talker"]
        assert talker.ports["tap"].tolist() == [0, 0, 0]
        one = TapReader(plan.shm_dir, "talker", "numbers", OrderCommand)
        other = TapReader(plan.shm_dir, "talker", "numbers", OrderCommand)
        talker.maintain()
        assert talker.ports["tap"].tolist() == [0, 0, 0], "nobody has asked yet"
        TapReader.request(talker.vitals)
        talker.maintain()
        assert talker.ports["tap"].tolist() == [talker.ports["tap"][0], 0, 0]
        desk.send(1)
        one.close()
        talker.maintain()
        desk.send(2)
        assert one.read()["order_id"].tolist() == [1, 2], "another one reads on"
        other.close()
        talker.maintain()
        assert talker.ports["tap"].tolist() == [0, 0, 0] and other.active == 0
        desk.send(3)
        assert not len(other.read()[2:])
        assert desk.take_all() == [1, 2, 3]


def test_what_is_no_ring_is_left_alone(tmp_path):
    plan = plan_of(tmp_path, {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"},
                   [W("talker/numbers", "listener/numbers")])
    with InProcess(plan) as desk:
        talker = desk.hosts["talker"]
        for rubbish in (b"", b"rubbish", bytes(1000)):
            tap_file(plan.shm_dir, "talker", "numbers").write_bytes(rubbish)
            TapReader.request(talker.vitals)
            talker.maintain()
        assert talker.ports["tap"].tolist() == [0, 0, 0]
        assert desk.send(1) and desk.take_all() == [1]


# ---- readers that misbehave ----------------------------------------------------------------------

def read_on(shm_dir, actor, slots, counts_file):
    """A reader in a process of its own; it writes down how many it read and how many it missed, the
    number of the first that it might have read, and of the last that it did."""
    reader = TapReader(shm_dir, actor, "numbers", OrderCommand, slots=slots)
    counts = np.memmap(counts_file, np.int64, "r+", shape=(4,))
    while True:
        bodies = reader.read(64)
        counts[0] += len(bodies)
        counts[1] = reader.skipped
        if len(bodies):
            counts[2] = counts[2] or int(bodies["header"]["seq"][0]) - reader.skipped
            counts[3] = int(bodies["header"]["seq"][-1])


def test_a_tap_that_is_stopped_or_killed_costs_nobody_but_itself(tmp_path):
    plan = relay_plan(tmp_path, limit=ENDLESS, per_tick=8, capacity=256)
    counts = np.memmap(tmp_path / "counts", np.int64, "w+", shape=(4,))
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        watcher = Tapped(running, "relay", slots=256).attach()
        reader = multiprocessing.get_context("forkserver").Process(
            target=read_on, args=(plan.shm_dir, "relay", 256, str(tmp_path / "counts")))
        reader.start()
        try:
            eventually(lambda: counts[0] > 100, 60, "the reader's first messages")
            os.kill(reader.pid, signal.SIGSTOP)
            flow_on(running, 3_000)
            check_the_consumer(running)
            before = int(counts[1])
            os.kill(reader.pid, signal.SIGCONT)
            eventually(lambda: counts[1] >= before + 2_000, 60, "its count of what it missed")
            eventually(lambda: counts[3] - counts[2] + 1 == counts[0] + counts[1], 60,
                       "what it read and what it missed to be all there was")
            watcher.reader.close()
            os.kill(reader.pid, signal.SIGKILL)
            reader.join()
            eventually(lambda: watcher.reader.active == 0, what="the end of the tap")
            flow_on(running, 500)
        finally:
            reader.kill()
            reader.join()
        end_the_flow(running)
        check_the_consumer(running)
        assert set(running.stop().values()) == {0}
        check_the_consumer(running)


@pytest.mark.parametrize("victim", ["source", "relay"])
def test_a_tap_goes_on_with_the_next_incarnation_from_its_first_message(tmp_path, victim):
    plan = relay_plan(tmp_path, limit=ENDLESS, per_tick=8, capacity=256)
    with Running(plan) as running:
        eventually(running.all_running, 120, "start")
        tap = Tapped(running, victim).attach()
        tap.until(500)
        for epoch in (2, 3):
            running.kill(victim)
            running.start(victim)
            eventually(lambda: len(tap.seqs(epoch)) > 200, 60, "the next epoch")  # noqa: B023
        tap.reader.close()
        assert tap.reader.skipped == 0
        assert contiguous(tap.seqs(1)) and tap.read == sorted(tap.read)
        for epoch in (2, 3):
            seqs = tap.seqs(epoch)
            assert seqs[0] == 1 and contiguous(seqs)
        assert set(running.stop().values()) == {0}


def test_a_tap_of_an_actor_that_does_not_run_waits_for_it(tmp_path):
    plan = relay_plan(tmp_path, limit=500, per_tick=8, capacity=1024)
    running = Running(plan)
    tap = Tapped(running, "source")
    with running:
        eventually(running.all_running, 120, "start")
        tap.until(500)
        assert tap.seqs(1) == list(range(1, 501))
        assert set(running.stop().values()) == {0}
        assert tap.reader.active == 0, "it said that it ended"
    tap.reader.close()
