"""The exchange's flow: whether a rate is kept, and how fast a recording can be played.

The kernels that the exchange's timer calls, with the clock they would see and 256 events a call as
there, on one thread and with no client connected: matching and writing market data are included,
sending it is not. The recording is the one that comes with Pitwire.
"""

from __future__ import annotations

import pathlib
import time

import numpy as np

from actors.exchange.config import CapacityConfig, ExchangeConfig
from actors.exchange.engine_state import allocate
from actors.exchange.flow import populate, run_flow
from actors.exchange.flow_config import HistoricalFlowConfig, SyntheticFlowConfig
from actors.exchange.flow_recorded import run_history
from actors.exchange.flow_state import allocate_flow
from actors.exchange.market_data import announce_open
from actors.exchange.recordings import allocate_history, load_recording
from actors.exchange.sequenced_log import allocate_logs
from actors.exchange.session_state import allocate_sessions
from actors.exchange.venue import Counter, Venue, build_venue
from bench.table import Row

__all__ = ["NAME", "run"]

NAME = "flow"
RECORDING = pathlib.Path(__file__).resolve().parents[1] / "topologies/recordings/synthetic.itch.gz"
SYMBOLS = ("AAPL", "MSFT", "GOOG", "AMZN")
RATES = (1_000, 100_000, 1_000_000)
EVENTS_PER_CALL = 256
ORDERS, LOG_BYTES, COUNTERS = 20_000, 1 << 28, 64
LAPS = 100


def run(quick: bool = False) -> list[Row]:
    """Rows: for each rate what was reached, and left out; events a second of a recording."""
    rows = []
    for rate in RATES:
        rounds, seconds = (1, 1.0) if quick else (3, 3.0)
        reached, late = zip(*(_reach(rate, seconds) for _ in range(rounds)))
        rows.append(Row(f"synthetic flow at {rate:,}/s", "1/s", list(reached), 0.95 * rate,
                        "above"))
        rows.append(Row(f"  left out at {rate:,}/s", "events", list(late), 0, "equal"))
    rows.append(Row("recording, as fast as possible", "1/s",
                    [_replay(LAPS // 10 if quick else LAPS) for _ in range(3)]))
    return rows


def _venue(flow: SyntheticFlowConfig, history=None) -> tuple[Venue, np.ndarray]:
    tick_e4 = ExchangeConfig().tick_of("")
    venue = build_venue(SYMBOLS, tick_e4, 1, allocate(len(SYMBOLS), ORDERS),
                        allocate_flow(flow, SYMBOLS, {}, tick_e4), allocate_logs([LOG_BYTES, 0]),
                        allocate_sessions(1), history)
    counters = np.zeros(COUNTERS, np.int64)
    venue.record[0]["counters"] = counters.ctypes.data
    announce_open(venue.address, 1)
    return venue, counters


def _reach(rate: float, seconds: float) -> tuple[float, float]:
    """Events a second over ``seconds``, and how many were left out."""
    venue, counters = _venue(SyntheticFlowConfig(rate=rate))
    for _ in SYMBOLS:
        populate(venue.address, 1)
    run_flow(venue.address, time.monotonic_ns(), 1, 0)
    began = now = time.monotonic_ns()
    until = began + round(seconds * 1e9)
    while now < until:
        run_flow(venue.address, now, 1, EVENTS_PER_CALL)
        now = time.monotonic_ns()
    return counters[Counter.FLOW_EVENTS] / ((now - began) / 1e9), float(counters[Counter.LATE_FLOW])


def _replay(laps: int) -> float:
    """Events a second, clearing the book at the end of each lap included."""
    config = HistoricalFlowConfig(kind="historical", file=str(RECORDING), speed="max", loop=True)
    recording = load_recording(config, SYMBOLS, CapacityConfig())
    history = allocate_history(config, recording)
    venue, counters = _venue(SyntheticFlowConfig(rate=0), history)
    run_history(venue.address, 1, 1, 1)  # compiled
    began = time.monotonic_ns()
    while history.state["laps"][0] < laps:
        run_history(venue.address, 1, 1, EVENTS_PER_CALL)
    took_s = (time.monotonic_ns() - began) / 1e9
    if counters[Counter.FLOW_GONE] or counters[Counter.FLOW_REFUSED]:
        raise RuntimeError("the recording was not played as it was")
    return counters[Counter.FLOW_EVENTS] / took_s
