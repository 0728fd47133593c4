"""Segment files: made, mapped, listed, cut."""

from __future__ import annotations

import errno
import fcntl
import io
import mmap
import os
import pathlib
import time
from dataclasses import dataclass

import numpy as np

from actors.runtime.faults import check_space
from actors.runtime.journal.errors import JournalError
from actors.runtime.journal.kernels import hash_bytes
from actors.runtime.journal.layout import (
    MAGIC, SEGMENT, SEGMENT_HEADER, SMALLEST_SEGMENT, VERSION,
)

__all__ = ["Segment", "filesystem_of", "list_segments", "lock_folder", "make_segment",
           "map_segment", "segment_path", "sync_folder"]

_PREFIX, _UNFINISHED, _LOCK = "segment-", ".new", "lock"
_MADV_POPULATE_WRITE = 23
_CHECKED = SEGMENT.fields["check"][1]
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


@dataclass
class Segment:
    """A mapped segment: ``memory`` is all of the file, uint8. It stays mapped, and its descriptor
    open, as long as the object lives."""

    path: pathlib.Path
    memory: np.ndarray
    _file: io.FileIO

    @property
    def header(self) -> np.ndarray:
        return self.memory[:SEGMENT_HEADER].view(SEGMENT)[0]

    @property
    def number(self) -> int:
        return int(self.header["number"])

    @property
    def salt(self) -> int:
        return int(self.header["salt"])

    @property
    def address(self) -> int:
        return self.memory.ctypes.data

    @property
    def size(self) -> int:
        return self.memory.size

    def clear_from(self, offset: int) -> None:
        """Zeroes everything from ``offset`` on."""
        self.memory[offset:] = 0

    def sync(self) -> None:
        """Waits until what was written is on the disk. OSError if it cannot be."""
        os.fdatasync(self._file.fileno())


def segment_path(folder: pathlib.Path, number: int) -> pathlib.Path:
    return folder / f"{_PREFIX}{number:08d}"


def list_segments(folder: pathlib.Path) -> dict[int, pathlib.Path]:
    """The finished segment files of a folder by number, in order."""
    found = {}
    for path in folder.glob(f"{_PREFIX}*"):
        digits = path.name.removeprefix(_PREFIX)
        if digits.isdigit():
            found[int(digits)] = path
    return dict(sorted(found.items()))


def make_segment(folder: pathlib.Path, number: int, size: int, salt: int, kind: str,
                 durable: bool) -> Segment:
    """A new segment of zeros with its space reserved, which appears in the folder whole or not at
    all. JournalError says if there is no room."""
    path = segment_path(folder, number)
    unfinished = path.with_name(path.name + _UNFINISHED)
    header = np.zeros(1, SEGMENT)
    header[0] = (MAGIC, VERSION, size, number, salt, time.time_ns(), (0,), kind.encode(),
                 (0,) * 4, 0)
    header["check"] = hash_bytes(header.ctypes.data, _CHECKED, 0)
    try:
        check_space()
        fd = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, size)  # so that no store into the mapping can lack space
            os.pwrite(fd, header.tobytes(), 0)
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)
        unfinished.rename(path)
        if durable:
            sync_folder(folder)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise JournalError(_cannot_make(path, size, error)) from error
    # Where pages are synced they would be written to the disk once more, for nothing.
    return map_segment(path, write=True, populate=not durable)


def _cannot_make(path: pathlib.Path, size: int, error: OSError) -> str:
    what = f"cannot make the journal segment {path} of {size / 2**20:g} MiB: {error.strerror}"
    if error.errno in _NO_ROOM:
        return f"{what}; free space there, raise the limit on file sizes, or let the journal lie " \
               f"elsewhere (journal.folder); what it has is safe"
    return f"{what}; make the folder writable, or choose another (journal.folder)"


def _populate(mapped: mmap.mmap) -> None:
    """Has every page there and writable, so that no kernel that writes meets a page fault."""
    try:
        mapped.madvise(_MADV_POPULATE_WRITE)
    except OSError:
        pass  # before Linux 5.14: the first write to a page takes a little longer


def map_segment(path: pathlib.Path, write: bool = False, populate: bool = False) -> Segment:
    """Maps a segment. JournalError if the file is none, or its header is damaged."""
    try:
        file = open(path, "r+b" if write else "rb", buffering=0)  # noqa: SIM115
        size = os.fstat(file.fileno()).st_size
        if size < SMALLEST_SEGMENT:
            raise JournalError(f"{path} is no journal segment: it has {size} bytes, "
                               f"{SMALLEST_SEGMENT} is the least")
        access = mmap.ACCESS_WRITE if write else mmap.ACCESS_READ
        mapped = mmap.mmap(file.fileno(), size, access=access)
        if populate:
            _populate(mapped)
    except OSError as error:
        raise JournalError(f"cannot open the journal segment {path}: {error.strerror}") from error
    segment = Segment(path, np.frombuffer(mapped, np.uint8), file)
    _check_header(segment)
    return segment


def _check_header(segment: Segment) -> None:
    header, path = segment.header, segment.path
    if header["magic"] != MAGIC:
        raise JournalError(f"{path} is no journal segment: it starts with "
                           f"{segment.memory[:8].tobytes()!r}")
    if header["check"] != hash_bytes(segment.address, _CHECKED, 0):
        raise JournalError(f"{path}: the header (bytes 0 to {SEGMENT_HEADER}) is damaged; bring "
                           f"the file back from a copy, or move the folder away to begin anew")
    if header["version"] != VERSION:
        raise JournalError(f"{path} has journal version {header['version']}, this Pitwire reads "
                           f"{VERSION}: use the Pitwire that wrote it, or move the folder away")
    if header["size"] != segment.size:
        raise JournalError(f"{path}: the file has {segment.size} bytes where its header says "
                           f"{header['size']}: it was cut off or added to; bring it back from a "
                           f"copy, or move the folder away to begin anew")


def sync_folder(folder: pathlib.Path) -> None:
    """Waits until the folder's entries are on the disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def lock_folder(folder: pathlib.Path) -> io.FileIO:
    """Makes this process the only one that writes the journal in the folder, as long as the file
    returned is open. JournalError says who does already."""
    try:
        file = open(folder / _LOCK, "a+b", buffering=0)  # noqa: SIM115
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read(32).decode("ascii", "replace").strip()
            raise JournalError(f"{folder}: the journal is being written by process {holder}; stop "
                               f"that, or choose another folder (journal.folder)") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
    except OSError as error:
        raise JournalError(f"cannot lock the journal's folder {folder}: {error.strerror}") from None
    return file


def filesystem_of(folder: pathlib.Path) -> str:
    """The kind of file system that the folder is on, such as ``ext4`` or ``tmpfs``."""
    best, kind = 0, ""
    resolved = folder.resolve()
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, where, found = line.split()[:3]
        if resolved.is_relative_to(where) and len(where) >= best:
            best, kind = len(where), found
    return kind
