"""In-place views of messages for kernels: each takes a message's address and returns its body.

Nothing is copied; the body is a record whose fields read and write the message's own memory.
"""

import numba

from schemas.messages import (
    ALERT, BOOK_SNAPSHOT, CONTROL, EXECUTION_REPORT, LIFECYCLE, MARKET_DATA, ORDER_COMMAND,
    ORDER_UPDATE, POSITION, PREFIX_SIZE, RISK_EVENT,
)
from schemas.pointer import address_to_pointer, kernel

__all__ = [
    "alert", "book_snapshot", "control", "execution_report", "lifecycle", "market_data",
    "order_command", "order_update", "position", "risk_event",
]


@kernel
def market_data(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, MARKET_DATA)[0]


@kernel
def order_command(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, ORDER_COMMAND)[0]


@kernel
def execution_report(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, EXECUTION_REPORT)[0]


@kernel
def position(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, POSITION)[0]


@kernel
def risk_event(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, RISK_EVENT)[0]


@kernel
def alert(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, ALERT)[0]


@kernel
def control(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, CONTROL)[0]


@kernel
def lifecycle(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, LIFECYCLE)[0]


@kernel
def book_snapshot(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, BOOK_SNAPSHOT)[0]


@kernel
def order_update(message):
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, ORDER_UPDATE)[0]
