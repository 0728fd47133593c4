"""Checkpoints: named blocks of memory as they were before a record, in one file each.

::

    CHECKPOINT (128 bytes) │ BLOCK, one a block │ the blocks, each filled up to 8 bytes

The file is written under another name, and renamed when it is whole. ``hash`` is over everything
behind the header, ``check`` over the header.
"""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from actors.runtime.faults import check_space
from actors.runtime.journal.errors import JournalError
from actors.runtime.journal.kernels import hash_bytes
from actors.runtime.journal.segments import sync_folder

__all__ = ["Checkpoint", "list_checkpoints", "read_checkpoint", "write_checkpoint"]

_MAGIC = int.from_bytes(b"PWCHKPNT", "little")
_PREFIX, _UNFINISHED = "checkpoint-", ".new"

_HEADER = np.dtype([
    ("magic", "i8"), ("version", "i8"), ("salt", "i8"), ("sequence", "i8"), ("segment", "i8"),
    ("offset", "i8"), ("wall_ns", "i8"), ("blocks", "i8"), ("size", "i8"), ("hash", "i8"),
    ("reserved", "i8", (5,)), ("check", "i8"),
])
_BLOCK = np.dtype([("name", "S56"), ("size", "i8")])
assert _HEADER.itemsize == 128 and _BLOCK.itemsize == 64
_CHECKED = _HEADER.fields["check"][1]


@dataclass(frozen=True)
class Checkpoint:
    """The state before record ``sequence``, which is, or will be, at ``offset`` of segment number
    ``segment``. ``blocks``: uint8 arrays by name."""

    path: pathlib.Path
    salt: int
    sequence: int
    segment: int
    offset: int
    wall_ns: int
    hash: int
    blocks: dict[str, np.ndarray]


def checkpoint_path(folder: pathlib.Path, sequence: int) -> pathlib.Path:
    return folder / f"{_PREFIX}{sequence:016d}"


def list_checkpoints(folder: pathlib.Path) -> list[pathlib.Path]:
    """The finished checkpoints of a folder, the newest first."""
    found = [path for path in folder.glob(f"{_PREFIX}*")
             if path.name.removeprefix(_PREFIX).isdigit()]
    return sorted(found, reverse=True)


def write_checkpoint(folder: pathlib.Path, salt: int, position: tuple[int, int, int],
                     blocks: Mapping[str, np.ndarray], durable: bool) -> Checkpoint:
    """Writes ``blocks`` as of ``position`` (sequence, segment, offset). JournalError if it cannot;
    what was there before is as good as before."""
    path = checkpoint_path(folder, position[0])
    body = _body(blocks)
    header = np.zeros(1, _HEADER)
    digest = hash_bytes(body.ctypes.data, body.size, salt)
    header[0] = (_MAGIC, 1, salt, *position, time.time_ns(), len(blocks), body.size, digest,
                 (0,) * 5, 0)
    header["check"] = hash_bytes(header.ctypes.data, _CHECKED, 0)
    unfinished = path.with_name(path.name + _UNFINISHED)
    try:
        check_space()
        with open(unfinished, "wb", buffering=0) as file:
            for data in (header.view(np.uint8), body):
                _write_all(file.fileno(), memoryview(data))
            if durable:
                os.fsync(file.fileno())
        unfinished.rename(path)
        if durable:
            sync_folder(folder)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise JournalError(f"cannot write the checkpoint {path} of {body.size / 2**20:.1f} MiB: "
                           f"{error.strerror}; free space there, or let the journal lie elsewhere "
                           f"(journal.folder)") from error
    return Checkpoint(path, salt, *position, int(header["wall_ns"][0]), int(digest), dict(blocks))


def _body(blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    sizes = [block.nbytes for block in blocks.values()]
    begins = np.cumsum([len(blocks) * _BLOCK.itemsize] + [size + 7 & ~7 for size in sizes])
    body = np.zeros(int(begins[-1]), np.uint8)
    directory = body[:begins[0]].view(_BLOCK)
    for entry, begin, (name, block) in zip(directory, begins[:-1], blocks.items(), strict=True):
        entry["name"], entry["size"] = name.encode(), block.nbytes
        body[begin:begin + block.nbytes] = block.reshape(-1).view(np.uint8)
    return body


def _write_all(fd: int, data: memoryview) -> None:
    while data:
        data = data[os.write(fd, data):]


def read_checkpoint(path: pathlib.Path) -> Checkpoint:
    """JournalError if the file is no checkpoint, or damaged."""
    try:
        memory = np.fromfile(path, np.uint8)
    except OSError as error:
        raise JournalError(f"cannot read the checkpoint {path}: {error.strerror}") from error
    if memory.size < _HEADER.itemsize:
        raise JournalError(f"{path} is no checkpoint: it has {memory.size} bytes")
    header, body = memory[:_HEADER.itemsize].view(_HEADER)[0], memory[_HEADER.itemsize:]
    if header["magic"] != _MAGIC or header["version"] != 1:
        raise JournalError(f"{path} is no checkpoint of this Pitwire: it starts with "
                           f"{memory[:16].tobytes()!r}")
    salt = int(header["salt"])
    if header["check"] != hash_bytes(memory.ctypes.data, _CHECKED, 0) \
            or header["size"] != body.size \
            or header["hash"] != hash_bytes(body.ctypes.data, body.size, salt):
        raise JournalError(f"{path}: the checkpoint is damaged: its hash is not that of its bytes")
    numbers = (int(header[name]) for name in ("sequence", "segment", "offset", "wall_ns", "hash"))
    return Checkpoint(path, salt, *numbers, _blocks_of(body, int(header["blocks"])))


def _blocks_of(body: np.ndarray, count: int) -> dict[str, np.ndarray]:
    begin, blocks = count * _BLOCK.itemsize, {}
    for entry in body[:begin].view(_BLOCK):
        size = int(entry["size"])
        blocks[entry["name"].decode()] = body[begin:begin + size]
        begin += size + 7 & ~7
    return blocks
