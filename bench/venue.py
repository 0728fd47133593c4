"""The exchange over its real TCP port: one client, how many orders a second, and how soon an answer.

Latency is from the moment an order is due on a fixed schedule to the first byte of its
acknowledgement at the client, which spins in compiled code: the client's send and both ways through
the loopback are included, and so is any wait behind the order before. Orders are immediate, find
nobody, and are answered by Accepted and Canceled. The exchange's thread yields, and its journal is
on.
"""

from __future__ import annotations

import numpy as np

from actors.book.memory import aligned_zeros
from actors.runtime.clock import now_ns
from actors.runtime.native import kernel, recv, send
from bench.order_rate import OrderRate
from bench.table import Row

__all__ = ["NAME", "run"]

NAME = "venue"
RATE, TARGET_RATE = 1_000, 200_000
TARGET_P50_US = 30
ROUNDS, ORDERS, SENT = 5, 3_000, 200_000
SENT_BEFORE = 20_000  # what the exchange and the kernel's buffers have seen before it counts
_DONTWAIT = np.int32(0x40)
_NO_FLAGS = np.int32(0)
_BUFFER = 4096


@kernel
def round_trips(fd, orders, size, answer, n, gap_ns, taken_ns, buffer, scratch):
    """Sends ``n`` orders of ``size`` bytes each, one every ``gap_ns``, and notes in ``taken_ns``
    (n,) how long after it was due each was acknowledged. Returns how many were answered."""
    due = now_ns(scratch) + gap_ns
    for i in range(n):
        while now_ns(scratch) < due:
            pass
        if send(np.int32(fd), orders + i * size, size, _NO_FLAGS) != size:
            return i
        left = answer
        while left > 0:
            got = recv(np.int32(fd), buffer, np.int64(_BUFFER), _DONTWAIT)
            if got == 0:
                return i
            if got > 0:
                if left == answer:
                    taken_ns[i] = now_ns(scratch) - due
                left -= got
        due += gap_ns
    return n


def _latencies_us(client: OrderRate, n: int) -> np.ndarray:
    data = np.frombuffer(client.orders(n), np.uint8)
    taken = np.zeros(n, np.int64)
    buffer, scratch = aligned_zeros(_BUFFER, np.uint8), aligned_zeros(2, np.dtype("i8"))
    answered = round_trips(client.fileno(), data.ctypes.data, data.size // n, client.answer_bytes,
                           n, 1_000_000_000 // RATE, taken, buffer.ctypes.data,
                           scratch.ctypes.data)
    if answered != n:
        raise RuntimeError(f"the exchange answered {answered} of {n} orders")
    return taken / 1_000


def run(quick: bool = False) -> list[Row]:
    """Rows: orders a second through the port, and latency at a steady rate."""
    rounds, orders = (2, ORDERS // 3) if quick else (ROUNDS, ORDERS)
    client = OrderRate(durability="process")
    try:
        client.measure(SENT_BEFORE)
        _latencies_us(client, 200)
        rates, p50, p99 = [], [], []
        for _ in range(rounds):
            rates.append(client.measure(SENT))
            taken = _latencies_us(client, orders)
            p50.append(float(np.percentile(taken, 50)))
            p99.append(float(np.percentile(taken, 99)))
    finally:
        client.close()
    return [
        Row("orders in and answered, one client", "1/s", rates, TARGET_RATE, "above"),
        Row(f"order in to acknowledgement out at {RATE:,}/s, p50", "µs", p50, TARGET_P50_US),
        Row(f"order in to acknowledgement out at {RATE:,}/s, p99", "µs", p99),
    ]
