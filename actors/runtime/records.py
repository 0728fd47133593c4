"""Records of :mod:`actors.runtime.layout` by their address, for kernels: fields read and write the
memory itself."""

import numba

from actors.runtime.layout import (
    CTX, IN_WIRE, OUT_PORT, OUT_WIRE, POLLER, THREAD, TIMER, VITALS, WIRE_PAGE,
)
from actors.runtime.native import address_to_pointer, kernel
from schemas.messages import HEADER, PREFIX_SIZE

__all__ = ["context", "in_wire", "message_header", "out_port", "out_wire", "poller_record",
           "thread_record", "timer_record", "vitals_record", "wire_page"]


@kernel
def wire_page(address):
    return numba.carray(address_to_pointer(address), 1, WIRE_PAGE)[0]


@kernel
def out_wire(address):
    return numba.carray(address_to_pointer(address), 1, OUT_WIRE)[0]


@kernel
def out_port(address):
    return numba.carray(address_to_pointer(address), 1, OUT_PORT)[0]


@kernel
def in_wire(address):
    return numba.carray(address_to_pointer(address), 1, IN_WIRE)[0]


@kernel
def context(address):
    """The CTX record of the actor whose handler runs."""
    return numba.carray(address_to_pointer(address), 1, CTX)[0]


@kernel
def message_header(message):
    """The header of the message at address ``message``."""
    return numba.carray(address_to_pointer(message + PREFIX_SIZE), 1, HEADER)[0]


@kernel
def thread_record(address):
    return numba.carray(address_to_pointer(address), 1, THREAD)[0]


@kernel
def timer_record(address):
    return numba.carray(address_to_pointer(address), 1, TIMER)[0]


@kernel
def poller_record(address):
    return numba.carray(address_to_pointer(address), 1, POLLER)[0]


@kernel
def vitals_record(address):
    return numba.carray(address_to_pointer(address), 1, VITALS)[0]
