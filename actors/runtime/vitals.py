"""Vitals: an actor's page in shared memory, readable by anyone, alive after a crash.

A page holds a header (pid, epoch, state, heartbeat, progress), counters, latency histograms, a ring
of binary log records, and a description in JSON that names them all, so that readers need nothing
but the page. The same page serves every incarnation of the actor: counts go on.
"""

from __future__ import annotations

import json
import mmap
import os
import pathlib

import numba
import numpy as np

from actors.runtime.clock import now_ns
from actors.runtime.histogram import HISTOGRAM, record_ns
from actors.runtime.layout import (
    COUNTERS, CTX, DEPLOYMENT, LOG_CAPACITY, LOG_RECORD, VITALS, WIRE_PAGE,
)
from actors.runtime.native import address_to_pointer, kernel, load_acquire, store_i64, store_release
from actors.runtime.wire import context

__all__ = ["Page", "Vitals", "clock_ns", "count", "counter", "create_table", "draining", "log",
           "map_deployment", "map_table", "map_wires", "observe", "trading_enabled"]

MAGIC = 0x5049_5457_4952_4531  # "PITWIRE1"
_DESCRIPTION_BYTES = 16_384
_LOG_HEAD = VITALS.fields["log_head"][1]
_DRAINING = DEPLOYMENT.fields["draining"][1]
_HISTOGRAM_SIZE = HISTOGRAM.itemsize
_LOG_RECORD_SIZE = LOG_RECORD.itemsize
_TRADING_ENABLED = DEPLOYMENT.fields["trading_enabled"][1]
_SCRATCH = CTX.fields["scratch0"][1]


# ---- for handlers --------------------------------------------------------------------------------

@kernel
def count(ctx, index, n):
    """Adds ``n`` to the actor's counter number ``index``."""
    counters = numba.carray(address_to_pointer(context(ctx).counters), COUNTERS, np.int64)
    counters[index] += n


@kernel
def counter(ctx, index):
    """Value of the actor's counter number ``index``."""
    return numba.carray(address_to_pointer(context(ctx).counters), COUNTERS, np.int64)[index]


@kernel
def observe(ctx, index, value_ns):
    """Records ``value_ns`` in the actor's histogram number ``index``."""
    record_ns(context(ctx).histograms + index * _HISTOGRAM_SIZE, value_ns)


@kernel
def log(ctx, code, a, b, c, d, e, f):
    """Leaves a record for the housekeeper to format; counts it as dropped if the ring is full."""
    actor = context(ctx)
    vitals = numba.carray(address_to_pointer(actor.vitals), 1, VITALS)[0]
    if vitals.log_head - vitals.log_tail >= LOG_CAPACITY:
        vitals.log_dropped += 1
        return
    at = actor.log + (vitals.log_head % LOG_CAPACITY) * _LOG_RECORD_SIZE
    record = numba.carray(address_to_pointer(at), 1, LOG_RECORD)[0]
    record.time_ns = now_ns(ctx + _SCRATCH)
    record.code = code
    store_i64(at + 16, a)
    store_i64(at + 24, b)
    store_i64(at + 32, c)
    store_i64(at + 40, d)
    store_i64(at + 48, e)
    store_i64(at + 56, f)
    store_release(actor.vitals + _LOG_HEAD, vitals.log_head + 1)


@kernel
def trading_enabled(ctx):
    """Whether the deployment allows new orders."""
    return load_acquire(context(ctx).deployment + _TRADING_ENABLED) != 0




@kernel
def draining(ctx):
    """Whether the deployment is about to stop: take no new work from outside."""
    return load_acquire(context(ctx).deployment + _DRAINING) != 0


@kernel
def clock_ns(ctx):
    """Monotonic time in ns, read now."""
    return now_ns(ctx + _SCRATCH)


# ---- for plain Python ----------------------------------------------------------------------------

class Page:
    """A file in shared memory mapped as NumPy arrays. ``create`` makes or extends it."""

    def __init__(self, path: str | os.PathLike, size: int, create: bool = False):
        self.path = pathlib.Path(path)
        flags = os.O_RDWR | (os.O_CREAT if create else 0)
        fd = os.open(self.path, flags | os.O_CLOEXEC, 0o600)
        try:
            if create and os.fstat(fd).st_size < size:
                os.ftruncate(fd, size)
            self.size = size or os.fstat(fd).st_size
            self._map = mmap.mmap(fd, self.size)
        finally:
            os.close(fd)
        self.bytes = np.frombuffer(self._map, np.uint8)
        self.address = self.bytes.ctypes.data

    def view(self, dtype, at: int = 0, shape: tuple[int, ...] | int = ()) -> np.ndarray:
        """An array of ``dtype`` and ``shape`` over the page from byte ``at``."""
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        length = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        return self.bytes[at:at + length].view(dtype).reshape(shape)


class Vitals(Page):
    """The page of one actor.

    Opened without names it is read as it describes itself; created with names it is laid out for
    them, or found again from the actor's last incarnation.

    ``header``: record of shape (); ``counters``: int64 (COUNTERS,); ``histograms``: HISTOGRAM (n,);
    ``records``: LOG_RECORD (LOG_CAPACITY,); ``description``: dict.
    """

    def __init__(self, path, counters: tuple[str, ...] | None = None,
                 histograms: tuple[str, ...] = (), **described):
        if counters is None:
            super().__init__(path, 0)
            self.header = self.view(VITALS)
            if self.header["magic"] != MAGIC:
                raise ValueError(f"{path} is not a vitals page")
            at, size = int(self.header["description_at"]), int(self.header["description_size"])
            self.description = json.loads(bytes(self.bytes[at:at + size]))
        else:
            self._create(path, counters, histograms, described)
        self.counter_names = tuple(self.description["counters"])
        self.histogram_names = tuple(self.description["histograms"])
        self.counters = self.view(np.int64, int(self.header["counters_at"]), COUNTERS)
        self.histograms = self.view(HISTOGRAM, int(self.header["histograms_at"]),
                                    len(self.histogram_names))
        self.records = self.view(LOG_RECORD, int(self.header["log_at"]), LOG_CAPACITY)

    def _create(self, path, counters, histograms, described) -> None:
        if len(counters) > COUNTERS:
            raise ValueError(f"{path}: {len(counters)} counters, at most {COUNTERS}")
        counters_at = VITALS.itemsize
        log_at = counters_at + 8 * COUNTERS
        description_at = log_at + LOG_CAPACITY * LOG_RECORD.itemsize
        histograms_at = description_at + _DESCRIPTION_BYTES
        size = histograms_at + len(histograms) * HISTOGRAM.itemsize
        super().__init__(path, size, create=True)
        self.header = self.view(VITALS)
        self.header["counters_at"], self.header["log_at"] = counters_at, log_at
        self.header["histograms_at"], self.header["size"] = histograms_at, size
        self.header["description_at"] = description_at
        self.describe(counters=list(counters), histograms=list(histograms), **described)
        self.header["magic"] = MAGIC

    def describe(self, **description) -> None:
        """Replaces the description that readers see."""
        text = json.dumps(description).encode()
        if len(text) > _DESCRIPTION_BYTES:
            raise ValueError(f"{self.path}: description of {len(text)} bytes, at most "
                             f"{_DESCRIPTION_BYTES}")
        at = int(self.header["description_at"])
        self.bytes[at:at + len(text)] = np.frombuffer(text, np.uint8)
        self.header["description_size"] = len(text)
        self.description = description

    def counter(self, name: str) -> int:
        """Value of the counter called ``name``; KeyError if there is none."""
        return int(self.counters[_index(self.counter_names, name)])

    def histogram(self, name: str) -> np.ndarray:
        """The HISTOGRAM record called ``name``; KeyError if there is none."""
        return self.histograms[_index(self.histogram_names, name)]


def _index(names: tuple[str, ...], name: str) -> int:
    if name not in names:
        raise KeyError(f"no '{name}' among {', '.join(names) or 'none'}")
    return names.index(name)


def map_wires(shm_dir: str | os.PathLike, n: int, create: bool = False) -> np.ndarray:
    """The wire pages of a deployment: WIRE_PAGE (n,), shared by all its processes."""
    page = Page(pathlib.Path(shm_dir) / "wires", max(n, 1) * WIRE_PAGE.itemsize, create)
    return page.view(WIRE_PAGE, 0, n)


def map_deployment(shm_dir: str | os.PathLike, create: bool = False) -> np.ndarray:
    """The deployment page, a DEPLOYMENT record of shape ()."""
    page = Page(pathlib.Path(shm_dir) / "deployment", DEPLOYMENT.itemsize, create)
    return page.view(DEPLOYMENT)


def map_table(shm_dir: str | os.PathLike, actor: str, table: str, dtype: np.dtype,
              shape: tuple[int, ...], create: bool = False) -> np.ndarray:
    """The shared state table ``table`` of ``actor``."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    path = _table_file(shm_dir, actor, table)
    return Page(path, max(size, 1), create).view(dtype, 0, shape)


def create_table(shm_dir: str | os.PathLike, actor: str, table: str,
                 array: np.ndarray) -> np.ndarray:
    """The shared state table ``table`` of ``actor``: as its last incarnation left it, or, if there
    was none, with the contents of ``array``, which gives its dtype and shape."""
    path = _table_file(shm_dir, actor, table)
    if not path.exists():
        unfinished = path.with_suffix(".new")
        unfinished.write_bytes(array.tobytes())
        unfinished.rename(path)  # whole or not at all, wherever a kill comes
    return map_table(shm_dir, actor, table, array.dtype, array.shape, create=True)


def _table_file(shm_dir: str | os.PathLike, actor: str, table: str) -> pathlib.Path:
    return pathlib.Path(shm_dir) / f"{actor}.{table}.table"
