"""Actors with trouble, for the supervisor's tests."""

import os
import time

from tests.runtime.relay_actors import PlainSink, Sink


class NeverReady(Sink):
    """Catches up for ever."""

    kind, tag = "never_ready", "NEVER"

    def ready(self):
        return False


class Troubled(Sink):
    """Cannot be built while the file that PITWIRE_TROUBLE names exists."""

    kind, tag = "troubled", "TROUBLE"

    def __init__(self, setup):
        super().__init__(setup)
        if os.path.exists(os.environ["PITWIRE_TROUBLE"]):
            raise RuntimeError("still in trouble")


class Loops(PlainSink):
    """Its handler does not come back while the file that PITWIRE_TROUBLE names exists."""

    kind, tag = "loops", "LOOPS"

    def on_numbers(self, order):
        super().on_numbers(order)
        self.turn_in_a_circle()

    def turn_in_a_circle(self):
        while os.path.exists(os.environ["PITWIRE_TROUBLE"]):
            pass


class Dawdles(PlainSink):
    """Its first message takes it 60 ms."""

    kind, tag = "dawdles", "DAWDLES"

    def on_numbers(self, order):
        if not self.host.tables["seen"][0]["count"]:
            time.sleep(0.06)
        super().on_numbers(order)
