"""Reading files of messages, whole or in chunks, plain or compressed with gzip.

Compression is told from the first two bytes, not from the name.
"""

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from schemas.venue import itch50
from schemas.venue.binary_file import framing as how
from schemas.venue.binary_file.framing import Framing, detect
from schemas.venue.binary_file.messages import End, EndReason, Messages, ending, find

__all__ = ["DEFAULT_CHUNK_BYTES", "read", "stream"]

DEFAULT_CHUNK_BYTES = 1 << 24
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW = 31  # zlib's way of saying that a gzip header is there
COMPRESSED_READ = 1 << 18
GZIP_PIECE = 1 << 16
HEAD = 4096


def read(
    path: str | os.PathLike,
    framing: Framing | None = None,
    lengths_by_type: np.ndarray = itch50.LENGTH,
) -> Messages:
    """All messages of a file in memory: its bytes once, and 16 bytes more a message.

    ``framing`` and ``lengths_by_type`` are as for :func:`detect`. The result's ``end`` is never
    None, and says whether the file is whole; what came before damage is kept. OSError if the file
    cannot be read, ProtocolError if its beginning is not that of a file of messages.
    """
    with open(path, "rb", buffering=0) as file:
        source = _source(file)
        # One byte more than a plain file has, so that its end is seen without growing.
        piece = os.fstat(file.fileno()).st_size + 1
        pieces = []
        while True:
            buffer = np.empty(piece, np.uint8)
            filled = _fill(source, buffer)
            pieces.append(buffer[:filled])
            if filled < piece:
                break
        whole = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        if framing is None:
            framing = _detect(path, whole, lengths_by_type)
        messages, status, rest = find(whole, framing, lengths_by_type)
        return Messages(*messages, _ending(source, status, rest, whole[rest:], framing))


def stream(
    path: str | os.PathLike,
    chunk_bytes: int = DEFAULT_CHUNK_BYTES,
    framing: Framing | None = None,
    lengths_by_type: np.ndarray = itch50.LENGTH,
) -> Iterator[Messages]:
    """The messages of a file of any size, in chunks of about ``chunk_bytes`` (uncompressed).

    Every chunk is whole messages in a buffer of its own, so it stays good after the next one is
    read; memory use is that of the chunks that are kept. Only the last chunk, which may have no
    messages, has an ``end``. Errors and arguments are as for :func:`read`.
    """
    if chunk_bytes < 1:
        raise ValueError(f"chunk_bytes must be at least 1, got {chunk_bytes}")
    with open(path, "rb", buffering=0) as file:
        source = _source(file)
        rest = np.empty(0, np.uint8)
        position = first = 0
        while True:
            buffer = np.empty(rest.size + chunk_bytes, np.uint8)
            buffer[: rest.size] = rest
            filled = _fill(source, buffer[rest.size :])
            buffer = buffer[: rest.size + filled]
            if framing is None:
                framing = _detect(path, buffer, lengths_by_type)
            messages, status, taken = find(buffer, framing, lengths_by_type)
            rest = buffer[taken:]
            end = None
            if filled < chunk_bytes or status in (how.SESSION_ENDED, how.UNKNOWN_TYPE):
                end = _ending(source, status, position + taken, rest, framing)
            chunk = Messages(*messages, end, position, first)
            if len(chunk) or end:
                yield chunk
            if end:
                return
            position += taken
            first += len(chunk)


class _Plain:
    """Bytes as they stand in a file."""

    damage = ""

    def __init__(self, file: BinaryIO):
        self._file = file

    def read_into(self, view: np.ndarray) -> int:
        """Reads some bytes; 0 at the end of the file."""
        return self._file.readinto(memoryview(view))

    def read_to_end(self) -> None:
        """Nothing: what follows cannot change what was read."""


class _Gzip:
    """What a gzip file decompresses to, up to the first damage, which ``damage`` describes.

    Decompression goes in pieces of one size, of which the one that meets damage is lost.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self._member = zlib.decompressobj(GZIP_WINDOW)
        self._compressed = b""
        self._piece = np.empty(0, np.uint8)
        self.damage = ""

    def read_into(self, view: np.ndarray) -> int:
        """Decompresses some bytes; 0 at the end of the file or at damage."""
        if not self._piece.size:
            self._piece = np.frombuffer(self._decompress(), np.uint8)
        taken = min(view.size, self._piece.size)
        view[:taken] = self._piece[:taken]
        self._piece = self._piece[taken:]
        return taken

    def read_to_end(self) -> None:
        """Decompresses what is left, to learn of damage."""
        while self._decompress():
            pass

    def _decompress(self) -> bytes:
        while not self.damage:
            if not self._compressed:
                self._compressed = self._file.read(COMPRESSED_READ)
                if not self._compressed:
                    if not self._member.eof:
                        self.damage = "the gzip file is cut short"
                    break
            if self._member.eof:  # another member, or padding as on tapes
                self._compressed = self._compressed.lstrip(b"\x00")
                if not self._compressed:
                    continue
                self._member = zlib.decompressobj(GZIP_WINDOW)
            try:
                data = self._member.decompress(self._compressed, GZIP_PIECE)
            except zlib.error as error:
                self.damage = f"the gzip file is damaged ({error})"
                break
            self._compressed = self._member.unconsumed_tail or self._member.unused_data
            if data:
                return data
        return b""


def _source(file: BinaryIO) -> _Plain | _Gzip:
    magic = file.read(len(GZIP_MAGIC))
    file.seek(0)
    return _Gzip(file) if magic == GZIP_MAGIC else _Plain(file)


def _fill(source: _Plain | _Gzip, buffer: np.ndarray) -> int:
    """Fills ``buffer`` as far as the source goes; the number of bytes."""
    filled = 0
    while filled < buffer.size:
        count = source.read_into(buffer[filled:])
        if count == 0:
            break
        filled += count
    return filled


def _detect(path: str | os.PathLike, buffer: np.ndarray, lengths_by_type: np.ndarray) -> Framing:
    try:
        return detect(buffer[:HEAD].tobytes(), lengths_by_type)
    except ValueError as error:
        raise type(error)(f"{Path(path)}: {error}") from None


def _ending(source, status: int, offset: int, rest: np.ndarray, framing: Framing) -> End:
    source.read_to_end()  # a gzip file's checksum stands after all the rest
    if source.damage:
        text = f"{source.damage}; the messages that could be read end at its byte {offset}"
        return End(EndReason.DAMAGED_GZIP, offset, text)
    return ending(status, offset, rest, framing)
