"""Random commits, takes and restarts: the wire does what the model does, and its ledger adds up."""

import dataclasses
import pathlib
import tempfile

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.runtime.deployments import W, eventually, plan_of
from tests.runtime.in_process import InProcess
from tests.runtime.wire_model import ModelWire

ACTORS = {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"}


class WireMachine(RuleBasedStateMachine):
    overflow = "block"
    transport = "inproc"

    @initialize(capacity=st.integers(1, 6))
    def open_the_wire(self, capacity):
        self.folder = tempfile.TemporaryDirectory()
        plan = plan_of(pathlib.Path(self.folder.name), ACTORS,
                       [W("talker/numbers", "listener/numbers", overflow=self.overflow,
                          capacity=capacity, transport=self.transport)])
        self.desk = InProcess(plan)
        self.desk.connect()
        self.model = ModelWire(self.overflow, capacity)
        self.number = 0
        self.dead: set[str] = set()

    def teardown(self):
        if hasattr(self, "desk"):
            self._end_in_order()
            self.desk.__exit__()
            self.folder.cleanup()

    def _end_in_order(self):
        for name in ("listener", "talker"):
            if name not in self.dead:
                self.desk.hosts[name].close()
        ledger = self.desk.ledger(quiescent=True)
        assert ledger.unexplained == ledger.in_flight == 0
        assert ledger.sent == ledger.handled + ledger.dropped + ledger.lost

    # ---- what may happen ---------------------------------------------------------------------

    @precondition(lambda self: "talker" not in self.dead)
    @rule(symbols=st.lists(st.integers(0, 4), min_size=1, max_size=8))
    def send(self, symbols):
        for symbol in symbols:
            if self.transport == "shm" and len(self.model.queue) >= 64:
                return  # beyond its capacity a ring holds no more than this, whoever sends
            self.number += 1
            assert self.desk.send(self.number, symbol) == self.model.send(self.number, symbol)

    @precondition(lambda self: "listener" not in self.dead)
    @rule(times=st.integers(1, 8))
    def take(self, times):
        ctx = self.desk.hosts["listener"].ctx
        for _ in range(times):
            body, expected = self.desk.take(), self.model.take()
            assert (body is None) == (expected is None)
            if body is not None:
                message, skipped, new = expected
                assert body["order_id"] == message.number
                assert (int(ctx["missing"]), bool(ctx["new_epoch"])) == (skipped, new)

    @precondition(lambda self: not self.dead)
    @rule()
    def turn_of_the_producer(self):
        self.desk.serve_outputs("talker")
        self.model.flush()

    @precondition(lambda self: "listener" not in self.dead)
    @rule()
    def kill_the_consumer(self):
        self.desk.crash("listener")
        self.model.lose_consumer()
        self.dead.add("listener")

    @precondition(lambda self: "talker" not in self.dead)
    @rule()
    def kill_the_producer(self):
        self.desk.crash("talker")
        self.model.up = False
        self.dead.add("talker")

    @precondition(lambda self: self.dead)
    @rule()
    def start_who_is_dead(self):
        for name in self.dead:
            self.desk.start(name)
        if "talker" in self.dead:
            self.model.restart_producer()
        rest = [self.model.take()[0].number for _ in self.model.queue[:]]
        assert self.desk.connect() == rest  # what the old one had sent is taken first
        self.model.up = True
        self.model.flush()
        self.dead.clear()

    @precondition(lambda self: "listener" not in self.dead and self.transport != "shm")
    @rule()
    def a_stranger_interferes(self):
        """What a stranger sends is dropped wherever it gets in, and moves no count but its own."""
        stranger = self.desk.stranger()
        stranger.send(b"not a message")
        if not self.model.queue:
            foreign = int(self.desk.wires[0]["foreign"])
            eventually(lambda: self.desk.take(force=1) is None
                       and self.desk.wires[0]["foreign"] > foreign, what="the refusal")
        stranger.close(linger=0)

    # ---- what must hold ----------------------------------------------------------------------

    @invariant()
    def every_message_is_accounted_for(self):
        if hasattr(self, "model"):
            ledger = dataclasses.replace(self.desk.ledger(), foreign=0)
            assert ledger == self.model.ledger()
            assert ledger.sent == (ledger.handled + ledger.dropped + ledger.lost
                                   + ledger.in_flight + ledger.unexplained)


@pytest.mark.parametrize("transport", ["inproc", "shm"])
@pytest.mark.parametrize("overflow", ["block", "drop_newest", "latest", "fail"])
def test_a_wire_does_what_the_model_does(overflow, transport):
    machine = type(f"Wire_{overflow}", (WireMachine,),
                   {"overflow": overflow, "transport": transport})
    case = machine.TestCase
    case.settings = settings(max_examples=25, stateful_step_count=30, deadline=None,
                             suppress_health_check=[HealthCheck.too_slow])
    case("runTest").runTest()
