"""How any actor runs: declarations, wires, the reactor, vitals, the process that hosts it."""

from actors.runtime.actor import Actor, Config, Input, Output, Poller, Setup, Table, Timer
from actors.runtime.crash_points import crash_point
from actors.runtime.enums import Overflow, Priority, Wait
from actors.runtime.handler import handler, table, table2
from actors.runtime.native import kernel
from actors.runtime.vitals import clock_ns, count, draining, log, observe, trading_enabled
from actors.runtime.wire import (
    abort, claim, commit, context, replay_from, request_replay, request_resync,
)

__all__ = [
    "Actor", "Config", "Input", "Output", "Overflow", "Poller", "Priority", "Setup", "Table",
    "Timer", "Wait", "abort", "claim", "clock_ns", "commit", "context", "count", "crash_point",
    "draining", "handler", "kernel", "log", "observe", "replay_from", "request_replay",
    "request_resync", "table", "table2", "trading_enabled",
]
