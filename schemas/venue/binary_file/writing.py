"""Writing files of messages."""

import gzip
import os
from collections.abc import Iterable

import numpy as np

from schemas.venue.binary_file.framing import Framing, frame_messages
from schemas.venue.binary_file.messages import Messages
from schemas.venue.layouts import ProtocolError

__all__ = ["Writer", "write"]

MAX_MESSAGE_LENGTH = 0xFFFF
END_OF_SESSION = b"\x00\x00"


class Writer:
    """A file being written, message by message or by many at once; a context manager.

    A name that ends in ``.gz`` is compressed. :meth:`close` writes the end of session mark, unless
    the framing is RAW, which has none, or ``end_of_session`` is False: real days' files lack it.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        framing: Framing = Framing.LENGTH_PREFIXED,
        end_of_session: bool = True,
    ):
        self._framing = framing
        self._mark = END_OF_SESSION if framing and end_of_session else b""
        # Fixed time and no name in the header: the same messages make the same file.
        self._file = open(path, "wb")
        self._out = self._file
        if os.fspath(path).endswith(".gz"):
            self._out = gzip.GzipFile("", "wb", compresslevel=6, fileobj=self._file, mtime=0)

    def append(self, message: bytes) -> None:
        """Add one message. ProtocolError if it is empty or longer than a length can say."""
        if not 1 <= len(message) <= MAX_MESSAGE_LENGTH:
            raise ProtocolError(
                f"BinaryFILE holds messages of 1 to {MAX_MESSAGE_LENGTH} bytes, got {len(message)}"
            )
        if self._framing:
            self._out.write(len(message).to_bytes(2, "big"))
        self._out.write(message)

    def append_all(self, messages: Messages) -> None:
        """Add many messages from the buffer they lie in: at memory speed."""
        lengths = messages.lengths
        if lengths.size and not 1 <= lengths.min() <= lengths.max() <= MAX_MESSAGE_LENGTH:
            raise ProtocolError(
                f"BinaryFILE holds messages of 1 to {MAX_MESSAGE_LENGTH} bytes, got some of "
                f"{lengths.min()} to {lengths.max()}"
            )
        framed = np.empty(int(lengths.sum()) + 2 * lengths.size, np.uint8)
        written = frame_messages(
            framed.ctypes.data,
            messages.buffer.ctypes.data,
            int(self._framing),
            np.ascontiguousarray(messages.offsets, np.int64),
            np.ascontiguousarray(lengths, np.int64),
        )
        self._out.write(memoryview(framed)[:written])

    def close(self) -> None:
        """Write the end of session mark and close the file."""
        self._out.write(self._mark)
        self._out.close()
        self._file.close()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind, error, traceback) -> None:
        self.close()


def write(
    path: str | os.PathLike,
    messages: Messages | Iterable[bytes],
    framing: Framing = Framing.LENGTH_PREFIXED,
    end_of_session: bool = True,
) -> None:
    """Write a whole file; arguments as for :class:`Writer`."""
    with Writer(path, framing, end_of_session) as writer:
        if isinstance(messages, Messages):
            writer.append_all(messages)
        else:
            for message in messages:
                writer.append(message)
