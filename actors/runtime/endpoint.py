"""The two ends of a wire, in plain Python: sockets, records, and who is connected to whom.

A consumer binds an address of its own incarnation; a producer connects to it. When the consumer is
restarted, the producer's housekeeper makes a new socket for the new address and the reactor changes
over between two messages; when the producer is restarted, the consumer accepts it once nothing of
the old one is left. The wire's page in shared memory carries this handshake: ``c_epoch`` says where
the consumer listens, ``accepted`` which producer it takes messages from.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

import numpy as np
import zmq

from actors.runtime import wire as kernels
from actors.runtime.clock import monotonic_ns
from actors.runtime.enums import Overflow
from actors.runtime.layout import IN_WIRE, OUT_WIRE
from actors.runtime.plan import WirePlan
from actors.runtime.ring_file import RingFile
from schemas.messages import PREFIX_SIZE, MessageType

__all__ = ["InEndpoint", "OutEndpoint", "WireError", "close_inputs", "endpoint_address"]

_LAST_LOOK_NS = 50_000_000  # what was sent before the end may take so long to arrive
_LINGER_MS = 200            # what was sent before the end may take so long to leave
_NEVER_MS = 3_600_000


class WireError(RuntimeError):
    """A wire could not be opened. The message names the wire, the address and what to do."""


def endpoint_address(wire: WirePlan, c_epoch: int) -> str:
    """Where incarnation ``c_epoch`` of the wire's consumer listens, as libzmq writes it; for
    ``shm``, the file of its ring."""
    if wire.transport == "shm":
        return f"{wire.address}.{c_epoch}"
    if wire.transport == "tcp":
        return f"tcp://{wire.address}"
    return f"{wire.transport}://{wire.address}.{c_epoch}"


class InEndpoint:
    """The consumer's end: a bound PULL socket, or a ring it made, and its IN_WIRE record."""

    def __init__(self, context: zmq.Context, wire: WirePlan, page: np.ndarray,
                 message: MessageType, epoch: int):
        self.wire, self.page, self.message, self.epoch = wire, page, message, epoch
        self._context = context
        self.record = np.zeros((), IN_WIRE)
        self.socket: zmq.Socket | None = None
        self.ring: RingFile | None = None

    @property
    def address(self) -> int:
        return self.record.ctypes.data

    def open(self) -> None:
        """Binds, then announces the new incarnation. WireError if the address is taken."""
        record, page = self.record, self.page
        record["page"] = page.ctypes.data
        record["size"] = self.message.size
        record["conflates"] = int(self.wire.overflow == "latest")
        words = self.message.prefix_words
        record["prefix0"], record["prefix1"], record["prefix2"] = words
        if self.wire.transport == "shm":
            self._make_ring()
        else:
            self._bind()
        page["accepted"] = 0
        page["c_closed"] = page["c_drained"] = 0
        page["c_epoch"] = self.epoch

    @property
    def is_open(self) -> bool:
        return self.socket is not None or self.ring is not None

    @property
    def wakes_by(self) -> zmq.Socket | int:
        """What to poll for input: the socket, or the descriptor of the ring's bell."""
        return self.socket if self.ring is None else self.ring.bell

    def close(self) -> None:
        """Takes nothing more. Its memory stays as long as this process, and the reactor's kernels
        with it, may look at it."""
        if self.socket is not None:
            self.socket.close(linger=0)
            self.socket = None
        if self.ring is not None:
            self.ring.close()
            self.ring = None

    def _make_ring(self) -> None:
        where = endpoint_address(self.wire, self.epoch)
        try:
            self.ring = ring = RingFile.make(where, self.message.size, self.wire.capacity)
        except OSError as error:
            raise WireError(f"wire {self.wire.name}: cannot make {where}: {error}") from error
        record = self.record
        record["is_ring"], record["socket"] = 1, ring.address
        record["ring_mask"], record["slot_size"] = ring.slots - 1, ring.slot_size
        record["fd"] = ring.bell

    def _bind(self) -> None:
        socket = self._context.socket(zmq.PULL)
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.setsockopt(zmq.LINGER, 0)
        where = endpoint_address(self.wire, self.epoch)
        try:
            socket.bind(where)
        except zmq.ZMQError as error:
            socket.close()
            raise WireError(f"wire {self.wire.name}: cannot bind {where}: {error}") from error
        self.socket = socket
        self.record["socket"] = socket.underlying
        self.record["fd"] = socket.getsockopt(zmq.FD)

    def take_sample(self) -> bytes | None:
        """First bytes, at most 64, of the first foreign message since the last call; None if there
        was none."""
        size = int(self.record["sample_size"]) - 1
        if size < 0:
            return None
        sample = bytes(self.record["sample"][:size])
        self.record["sample_size"] = 0
        return sample


def close_inputs(ends: Iterable[InEndpoint]) -> None:
    """Orderly end of consumers whose reactors have ended.

    Producers are told first, and drop and count what they would have sent. What had been sent is
    taken once more, and counted as left.
    """
    ends = [end for end in ends if end.is_open]
    for end in ends:
        end.page["c_closed"] = 1
    deadline = monotonic_ns() + _LAST_LOOK_NS
    open_ends = ends
    while open_ends:
        for end in open_ends:
            while kernels.discard(end.address):
                pass
        open_ends = [end for end in open_ends if kernels.waiting_at(end.address) > 0]
        if monotonic_ns() > deadline:
            break
        time.sleep(0.0005)
    for end in ends:
        end.page["c_drained"] = 1
        end.close()


class OutEndpoint:
    """The producer's end: a connected PUSH socket, or the consumer's ring, and its OUT_WIRE record.
    """

    def __init__(self, context: zmq.Context, wire: WirePlan, page: np.ndarray,
                 message: MessageType, epoch: int, keys: int):
        self.wire, self.page, self.message, self.epoch = wire, page, message, epoch
        self._context = context
        self._links: dict[int, SocketLink | RingLink] = {}
        self._prepared: tuple[int, SocketLink | RingLink] | None = None
        self.record = np.zeros((), OUT_WIRE)
        self._slots = self._prepare_record(max(keys, 1))

    @property
    def address(self) -> int:
        return self.record.ctypes.data

    def _prepare_record(self, keys: int) -> tuple[np.ndarray, ...]:
        record = self.record
        record["page"] = self.page.ctypes.data
        record["capacity"] = self.wire.capacity
        record["overflow"] = Overflow[self.wire.overflow.upper()]
        record["size"] = self.message.size
        record["is_ring"] = int(self.wire.transport == "shm")
        if self.wire.overflow != "latest":
            return ()
        if "symbol_id" not in self.message.dtype.fields:
            raise WireError(f"wire {self.wire.name}: overflow 'latest' keeps the newest message "
                            f"per symbol, and a {self.message.name} has none: choose another")
        keys += 1  # the last slot is for symbols that nobody knows
        slots = np.zeros((keys, self.message.size), np.uint8)
        dirty, queue = np.zeros(keys, np.int64), np.zeros(keys, np.int64)
        record["key_offset"] = PREFIX_SIZE + self.message.dtype.fields["symbol_id"][1]
        record["keys"], record["slots"] = keys, slots.ctypes.data
        record["dirty"], record["queue"] = dirty.ctypes.data, queue.ctypes.data
        return slots, dirty, queue

    def open(self) -> None:
        """Announces the new incarnation; the connection follows in :meth:`maintain`.

        What the last one had committed and not yet sent when it died is lost.
        """
        page = self.page
        page["unsent"] += self.kept_back()
        page["p_connected"] = 0
        page["p_closed"] = 0
        page["p_epoch"] = self.epoch

    def kept_back(self) -> int:
        """Messages committed to the wire, and neither dropped nor handed to the transport yet."""
        page = self.page
        return int(page["offered"] - page["published"] - page["full"] - page["down"]
                   - page["conflated"] - page["unsent"])

    @property
    def connected(self) -> bool:
        """Whether the reactor sends to the consumer that lives now (or to one that ended)."""
        current = int(self.page["c_epoch"])
        return bool(self.page["c_closed"]) or current != 0 and current == self.record["c_epoch"]

    def maintain(self) -> bool:
        """Follows the consumer's incarnation. Returns whether something changed."""
        record, page = self.record, self.page
        retired = int(record["retired_socket"])
        if retired:
            link = self._links.pop(retired, None)
            if link is not None:
                link.close(linger_ms=0)
            record["retired_socket"] = 0
        current = int(page["c_epoch"])
        if current == 0 or page["c_closed"] or record["pending_epoch"] or self.connected:
            return bool(retired)
        if self._prepared is None or self._prepared[0] != current:
            self._prepare(current)
        if page["accepted"] != self.epoch or self._prepared is None:
            return False
        _, link = self._prepared
        self._prepared = None
        self._links[link.handle] = link
        link.enter(record)
        record["pending_epoch"] = current
        return True

    def _prepare(self, c_epoch: int) -> None:
        """Connects ahead of the change-over; the connection itself wakes the consumer."""
        if self._prepared is not None:
            self._prepared[1].close(linger_ms=0)
            self._prepared = None
        where = endpoint_address(self.wire, c_epoch)
        if self.wire.transport != "shm":
            self._prepared = (c_epoch, SocketLink(self._context, where))
            return
        with contextlib.suppress(OSError):  # the consumer has just ended: its successor comes
            self._prepared = (c_epoch, RingLink(where))

    def close(self) -> None:
        """Orderly end of the producer: what it sent still leaves, what it kept back is dropped."""
        self.page["down"] += self.kept_back()
        self.page["p_closed"] = 1
        for link in self._links.values():
            link.close(_LINGER_MS)
        self._links.clear()
        if self._prepared is not None:
            self._prepared[1].close(linger_ms=0)
            self._prepared = None


class SocketLink:
    """A producer's connection to one incarnation of its consumer: a PUSH socket."""

    def __init__(self, context: zmq.Context, where: str):
        self._socket = context.socket(zmq.PUSH)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self._socket.setsockopt(zmq.LINGER, 0)
        # The consumer's next incarnation gets a socket of its own: were this one to find it, as it
        # would at a tcp address, what was sent to the dead one would be delivered after all.
        self._socket.setsockopt(zmq.RECONNECT_IVL, _NEVER_MS)
        self._socket.connect(where)
        self.handle = self._socket.underlying

    def enter(self, record: np.ndarray) -> None:
        """Prepares the change-over in an OUT_WIRE record."""
        record["pending_socket"] = self.handle

    def close(self, linger_ms: int) -> None:
        self._socket.close(linger=linger_ms)


class RingLink:
    """A producer's connection to one incarnation of its consumer: the consumer's ring."""

    def __init__(self, where: str):
        self._ring = RingFile.join(where)
        self.handle = self._ring.address
        self._ring.ring_bell()

    def enter(self, record: np.ndarray) -> None:
        """Prepares the change-over in an OUT_WIRE record."""
        record["ring_mask"], record["slot_size"] = self._ring.slots - 1, self._ring.slot_size
        record["pending_bell"], record["pending_socket"] = self._ring.bell, self.handle

    def close(self, linger_ms: int) -> None:
        """What lies in the ring stays there for its consumer."""
        self._ring.close()
