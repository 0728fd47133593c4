"""Handlers: the kernels a reactor calls for messages, timers and descriptors.

A handler is a C function ``int64 f(int64 ctx, int64 argument)``. For an input the argument is the
address of the message and the result is ignored; for a timer it is the time and the result the next
deadline (0: keep pace); for a poller it is the descriptor and the result the work done.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import types

from actors.runtime.native import address_to_pointer, kernel
from actors.runtime.wire import context

__all__ = ["Handler", "handler", "table", "table2"]

_SIGNATURE = types.int64(types.int64, types.int64)


class Handler:
    """A function that becomes a compiled handler when its address is first asked for."""

    def __init__(self, function):
        self.function = function
        self.name = f"{function.__module__}.{function.__qualname__}"
        self._compiled = None

    def compile(self) -> bool:
        """Compiles, or loads from the cache. Returns whether the cache had it."""
        if self._compiled is None:
            decorate = numba.cfunc(_SIGNATURE, cache=True, error_model="numpy")
            self._compiled = decorate(self.function)
        return bool(self._compiled.cache_hits)

    @property
    def address(self) -> int:
        """Address of the machine code."""
        self.compile()
        return self._compiled.address

    def __repr__(self) -> str:
        return f"<handler {self.name}>"


def handler(function) -> Handler:
    """Declares ``function(ctx, argument) -> int64`` as a handler; it compiles on first use."""
    return Handler(function)


@kernel
def table(ctx, index, dtype):
    """State table number ``index`` as an array of shape (rows,)."""
    actor = context(ctx)
    return numba.carray(address_to_pointer(actor.tables[index]), actor.rows[index], dtype)


@kernel
def table2(ctx, index, dtype):
    """State table number ``index`` as an array of shape (rows, columns)."""
    actor = context(ctx)
    shape = (np.int64(actor.rows[index]), np.int64(actor.cols[index]))
    return numba.carray(address_to_pointer(actor.tables[index]), shape, dtype)
