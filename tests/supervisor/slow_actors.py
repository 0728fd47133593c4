"""Actors with trouble, for the supervisor's tests."""

import os

from tests.runtime.relay_actors import Sink


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
