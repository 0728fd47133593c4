"""Pitwire's messages: their bytes, as FlatBuffers readers and as kernels see them.

A message is :data:`PREFIX_SIZE` bytes that are the same in every message of its type, then the body
struct. The prefix is taken once, at import, from the official builder. Kernels write the prefix as
three 64-bit words and fill the struct through a record view; see :mod:`schemas.views`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import flatbuffers
import numpy as np

from schemas import fbs, generated

__all__ = [
    "ALERT", "Alert", "BOOK_SNAPSHOT", "BookSnapshot", "CONTROL", "Control", "EXECUTION_REPORT",
    "ExecutionReport", "HEADER", "LIFECYCLE", "Lifecycle", "MARKET_DATA", "MESSAGE_TYPES",
    "MarketData", "MessageType", "ORDER_COMMAND", "ORDER_UPDATE", "OrderCommand", "OrderUpdate",
    "POSITION", "PREFIX_SIZE", "Position", "RISK_EVENT", "RiskEvent",
]

PREFIX_SIZE = 24

HEADER = fbs.struct_dtype("Header")


@dataclass(frozen=True)
class MessageType:
    """One message: its table's name, identifier, body dtype, and constant prefix bytes.

    ``size`` is the length of every message of this type in bytes, prefix included.
    """

    name: str
    identifier: str
    dtype: np.dtype = field(repr=False)
    prefix: bytes = field(repr=False)

    @property
    def size(self) -> int:
        return PREFIX_SIZE + self.dtype.itemsize

    @property
    def prefix_words(self) -> tuple[int, int, int]:
        """The prefix as three little-endian int64."""
        return tuple(int(w) for w in np.frombuffer(self.prefix, "<i8"))

    def empty(self) -> tuple[np.ndarray, np.ndarray]:
        """A new message: its bytes (uint8, ``size``) and a body view of shape () into them."""
        buffer = np.zeros(self.size, np.uint8)
        buffer[:PREFIX_SIZE] = np.frombuffer(self.prefix, np.uint8)
        return buffer, self.body(buffer)

    def body(self, buffer) -> np.ndarray:
        """A body view, shape (), into ``buffer``. ValueError if it is no message of this type."""
        data = np.frombuffer(buffer, np.uint8) if not isinstance(buffer, np.ndarray) else buffer
        if len(data) != self.size or bytes(data[:PREFIX_SIZE]) != self.prefix:
            raise ValueError(f"not a {self.name}: {len(data)} bytes starting "
                             f"{bytes(data[:PREFIX_SIZE]).hex()}, want {self.size} bytes starting "
                             f"{self.prefix.hex()}")
        return data[PREFIX_SIZE:].view(self.dtype)[0:1].reshape(())


def _define(file: str, name: str) -> MessageType:
    identifier = fbs.file_identifier(file)
    dtype = fbs.struct_dtype(f"{name}Body")
    reader = getattr(generated, f"{name}Body")
    if reader.SizeOf() != dtype.itemsize:
        raise TypeError(f"{file}.fbs: generated {name}Body has {reader.SizeOf()} bytes, the schema "
                        f"{dtype.itemsize}: run `make schemas`")
    builder = flatbuffers.Builder(256)
    getattr(generated, f"{name}Start")(builder)
    builder.Prep(8, dtype.itemsize)
    builder.Pad(dtype.itemsize)
    getattr(generated, f"{name}AddBody")(builder, builder.Offset())
    builder.Finish(getattr(generated, f"{name}End")(builder), file_identifier=identifier.encode())
    message = bytes(builder.Output())
    if len(message) != PREFIX_SIZE + dtype.itemsize:
        raise TypeError(f"{file}.fbs: the builder's {name} has {len(message)} bytes, "
                        f"want {PREFIX_SIZE} + {dtype.itemsize}")
    return MessageType(name, identifier, dtype, message[:PREFIX_SIZE])


MarketData = _define("market_data", "MarketData")
OrderCommand = _define("order_command", "OrderCommand")
ExecutionReport = _define("execution_report", "ExecutionReport")
Position = _define("position", "Position")
RiskEvent = _define("risk_event", "RiskEvent")
Alert = _define("alert", "Alert")
Control = _define("control", "Control")
Lifecycle = _define("lifecycle", "Lifecycle")
BookSnapshot = _define("book_snapshot", "BookSnapshot")
OrderUpdate = _define("order_update", "OrderUpdate")

MESSAGE_TYPES = {m.name: m for m in (MarketData, OrderCommand, ExecutionReport, Position, RiskEvent,
                                     Alert, Control, Lifecycle, BookSnapshot, OrderUpdate)}

# Body dtypes under the names that kernels use: Numba freezes module globals as constants.
MARKET_DATA = MarketData.dtype
ORDER_COMMAND = OrderCommand.dtype
EXECUTION_REPORT = ExecutionReport.dtype
POSITION = Position.dtype
RISK_EVENT = RiskEvent.dtype
ALERT = Alert.dtype
CONTROL = Control.dtype
LIFECYCLE = Lifecycle.dtype
BOOK_SNAPSHOT = BookSnapshot.dtype
ORDER_UPDATE = OrderUpdate.dtype
