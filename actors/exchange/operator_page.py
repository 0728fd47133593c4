"""A page in shared memory on which the exchange's operator says what is wanted, and reads what came
of it: one wish at a time, as JSON.

::

    OPERATOR   asked | answered | lengths | wish (JSON) | answer (JSON)

Who wants something locks the page's file, writes the wish and then counts ``asked`` up; the
exchange's housekeeper finds it within some milliseconds, and counts ``answered`` up when the answer
is there. Nobody waits who has something better to do.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

__all__ = ["OPERATOR", "answer_wish", "read_answer", "read_wish", "write_wish"]

_WISH_ROOM, _ANSWER_ROOM = 4_096, 262_144

OPERATOR = np.dtype([("asked", "i8"), ("answered", "i8"), ("wish_length", "i8"),
                     ("answer_length", "i8"), ("wish", "u1", (_WISH_ROOM,)),
                     ("answer", "u1", (_ANSWER_ROOM,))])


def write_wish(page: np.ndarray, wish: dict[str, Any]) -> int:
    """Writes a wish on the page, an array of one OPERATOR. Returns its number. ValueError if it is
    too long."""
    _put(page[0], "wish", json.dumps(wish).encode(), _WISH_ROOM)
    page["asked"][0] += 1
    return int(page["asked"][0])


def read_wish(page: np.ndarray) -> dict[str, Any] | None:
    """The wish that was not answered yet."""
    row = page[0]
    if row["asked"] == row["answered"]:
        return None
    return json.loads(row["wish"][:int(row["wish_length"])].tobytes())


def answer_wish(page: np.ndarray, answer: dict[str, Any]) -> None:
    """Answers the wish there is."""
    _put(page[0], "answer", json.dumps(answer).encode(), _ANSWER_ROOM)
    page["answered"][0] = page["asked"][0]


def read_answer(page: np.ndarray, number: int) -> dict[str, Any] | None:
    """The answer to wish ``number``, once it is there."""
    row = page[0]
    if row["answered"] < number:
        return None
    return json.loads(row["answer"][:int(row["answer_length"])].tobytes())


def _put(row: np.void, name: str, text: bytes, room: int) -> None:
    if len(text) > room:
        raise ValueError(f"{len(text):,} bytes, there is room for {room:,}")
    row[name][:len(text)] = memoryview(text)
    row[f"{name}_length"] = len(text)
