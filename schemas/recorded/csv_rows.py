"""Rows of whole numbers in CSV, as LOBSTER writes them, read at the speed of memory.

The files may be compressed with gzip, which is told from their first bytes. They are read in
pieces, so that memory holds one piece, however long the file is.
"""

import gzip
import os
import zlib
from collections.abc import Iterator

import numpy as np

from schemas.pointer import kernel
from schemas.recorded.errors import RecordingError

__all__ = ["DEFAULT_PIECE_BYTES", "count_columns", "first_bytes", "read_rows"]

DEFAULT_PIECE_BYTES = 1 << 23
_GZIP_MAGIC = b"\x1f\x8b"
_SHOWN = 60
_LONGEST_LINE = 1 << 16
_MOST_DIGITS = 18  # what an int64 holds whatever the digits are

_MINUS, _POINT, _COMMA = np.int64(ord("-")), np.int64(ord(".")), np.int64(ord(","))
_RETURN, _LINE, _ZERO = np.int64(ord("\r")), np.int64(ord("\n")), np.int64(ord("0"))

# How parse_rows ended.
_DONE, _NOT_A_NUMBER, _TOO_LONG, _TOO_FEW, _TOO_MANY = (np.int64(n) for n in range(5))
_WRONG = {
    int(_NOT_A_NUMBER): "column {column} of '{text}' is not a number",
    int(_TOO_LONG): "column {column} of '{text}' has too many digits",
    int(_TOO_FEW): "too few numbers: '{text}' ends after column {column}",
    int(_TOO_MANY): "too many numbers: '{text}' goes on after column {column}",
}


@kernel
def _parse_rows(data, size, columns, places, out):
    """Read rows of ``columns`` numbers from the first ``size`` bytes of ``data`` into ``out``.

    The first number may have a point, and is stored times 10 ** places, rounded to the nearest
    (times that went through a float before they were written have digits too many); here nothing
    passes through a float. Returns how many rows were read, where the next begins, how it ended,
    and in which column.
    """
    at = np.int64(0)
    row = np.int64(0)
    while row < out.shape[0] and at < size:
        begin = at
        for column in range(columns):
            negative = at < size and data[at] == _MINUS
            if negative:
                at += 1
            value, digits, behind = np.int64(0), np.int64(0), np.int64(-1)
            while at < size:
                letter = np.int64(data[at])
                if letter == _POINT and column == 0 and places > 0 and behind < 0:
                    behind = np.int64(0)
                elif 0 <= letter - _ZERO <= 9 and behind >= places:
                    if behind == places and letter - _ZERO >= 5:
                        value += 1
                    behind += 1
                elif 0 <= letter - _ZERO <= 9:
                    value = value * 10 + (letter - _ZERO)
                    digits += 1
                    if behind >= 0:
                        behind += 1
                    if digits > _MOST_DIGITS:
                        return row, begin, _TOO_LONG, column
                else:
                    break
                at += 1
            if digits == 0:
                return row, begin, _NOT_A_NUMBER, column
            if column == 0:
                behind = min(max(behind, np.int64(0)), places)
                if digits + places - behind > _MOST_DIGITS:
                    return row, begin, _TOO_LONG, column
                for _ in range(places - behind):
                    value *= 10
            out[row, column] = -value if negative else value
            ends = at >= size or data[at] == _LINE or data[at] == _RETURN
            if column < columns - 1:
                if ends:
                    return row, begin, _TOO_FEW, column
                if data[at] != _COMMA:
                    return row, begin, _NOT_A_NUMBER, column
                at += 1
            elif not ends:
                return row, begin, _TOO_MANY if data[at] == _COMMA else _NOT_A_NUMBER, column
        if at < size and data[at] == _RETURN:
            at += 1
        if at < size:
            if data[at] != _LINE:
                return row, begin, _NOT_A_NUMBER, columns - 1
            at += 1
        row += 1
    return row, at, _DONE, np.int64(0)


def _reading(path: str | os.PathLike, count: int) -> Iterator[bytes]:
    """The file's bytes, ``count`` at a time, decompressed if it is a gzip file. RecordingError if
    they cannot be had."""
    try:
        with open(path, "rb") as raw:
            compressed = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            raw.seek(0)
            file = gzip.open(raw) if compressed else raw
            while data := file.read(count):
                yield data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RecordingError(f"{path}: the gzip file is damaged or cut short ({error}); get it "
                             "again") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from None


def first_bytes(path: str | os.PathLike, count: int) -> bytes:
    """Up to ``count`` bytes from the beginning, decompressed. RecordingError if it cannot be read.
    """
    return next(_reading(path, count), b"")


def _pieces(path: str | os.PathLike, piece_bytes: int) -> Iterator[bytes]:
    """The file in pieces that end with a line."""
    rest = b""
    for data in _reading(path, piece_bytes):
        whole, line_end, rest_of = data.rpartition(b"\n")
        if line_end:
            yield rest + whole + line_end
            rest = rest_of
        else:
            rest += data
    if rest:
        yield rest


def count_columns(path: str | os.PathLike) -> int:
    """How many numbers there are in the first line, 0 if the file is empty."""
    line = first_bytes(path, _LONGEST_LINE).split(b"\n", 1)[0].strip()
    return line.count(b",") + 1 if line else 0


def read_rows(path: str | os.PathLike, columns: int, places: int = 0,
              piece_bytes: int = DEFAULT_PIECE_BYTES) -> Iterator[np.ndarray]:
    """The rows of a CSV file of ``columns`` numbers, as int64[rows, columns], piece by piece.

    The first number of a row may have a point and comes times 10 ** places, rounded.
    RecordingError names the file and line of a row that is not like that.
    """
    line = 1
    pieces = _pieces(path, piece_bytes)
    following = next(pieces, None)
    while following is not None:
        piece, following = following, next(pieces, None)
        data = np.frombuffer(piece, np.uint8)
        size = len(piece if following is not None else piece.rstrip(b"\r\n"))
        out = np.empty((piece.count(b"\n", 0, size) + 1, columns), np.int64)
        rows, begin, status, column = _parse_rows(data, size, columns, places, out)
        if status != _DONE:
            text = piece[begin : begin + _SHOWN].split(b"\n")[0].decode("ascii", "replace").strip()
            wrong = _WRONG[int(status)].format(column=column + 1, text=text)
            what_to_do = ("correct the line, or cut the file before it" if line + rows > 1
                          else "if this is a header, remove it")
            raise RecordingError(f"{path}:{line + rows}: {wrong}; a row is {columns} numbers: "
                                 f"{what_to_do}")
        yield out[:rows]
        line += rows
