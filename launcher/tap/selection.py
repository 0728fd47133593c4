"""Which messages ``pitwire tap`` prints, and which of their fields."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.problems import did_you_mean
from launcher.run.codec import HEADER_FIELDS, BadMessage, decode, encode
from schemas.fbs import field_types
from schemas.messages import MessageType

__all__ = ["Selection"]

_HIDDEN = ("header", "reserved", "reserved2")


class Selection:
    """What to print of messages of one type.

    ``where``: conditions ``field=value``, values as messages show them; a message must meet all.
    ``symbols_wanted``: one of these, if there are any. ``fields``: print only these, in this order.
    :class:`Failure` if the message has no such field or the field no such value.
    """

    def __init__(self, message: MessageType, symbols: Sequence[str],
                 symbols_wanted: Sequence[str] = (), where: Sequence[str] = (),
                 fields: Sequence[str] = ()):
        self._message, self._symbols, self._fields = message, symbols, tuple(fields)
        body = [f for f in field_types(f"{message.name}Body") if f not in _HIDDEN]
        shown = ["symbol" if field == "symbol_id" else field for field in body]
        self._known = ["port", "message", *HEADER_FIELDS, "flags", *shown]
        for field in self._fields:
            self._require(field)
        self._conditions = [self._condition(text) for text in where]
        self._any_of = [self._body_value("symbol", name)[1] for name in symbols_wanted]

    def matches(self, bodies: np.ndarray) -> np.ndarray:
        """Which of ``bodies``, shape (n,), to print: bool, shape (n,)."""
        chosen = np.ones(len(bodies), bool)
        for field, value in self._conditions:
            if field in HEADER_FIELDS:
                chosen &= bodies["header"][field] == value
            elif field == "flags":
                chosen &= bodies["header"][field] & value == value
            else:
                chosen &= bodies[field] == value
        if self._any_of:
            chosen &= np.isin(bodies["symbol_id"], self._any_of)
        return chosen

    def line(self, port: str, body: np.ndarray) -> str:
        """The message with this body, shape (), as a line of JSON without its end."""
        said = encode(port, self._message, body, self._symbols, HEADER_FIELDS)
        if self._fields:
            said = {field: said[field] for field in self._fields if field in said}
        return json.dumps(said)

    # ---- conditions --------------------------------------------------------------------------

    def _require(self, field: str) -> None:
        if field not in self._known:
            raise Failure(f"{self._message.name} has no field '{field}'",
                          did_you_mean(field, self._known), ExitCode.USAGE)

    def _condition(self, text: str) -> tuple[str, Any]:
        field, equals, said = text.partition("=")
        if not equals:
            raise Failure(f"--filter {text}: not FIELD=VALUE", "such as side=BUY", ExitCode.USAGE)
        if field in HEADER_FIELDS:
            if not said.isascii() or not said.isdigit():
                raise Failure(f"--filter {field} must be a whole number, not '{said}'",
                              code=ExitCode.USAGE)
            return field, int(said)
        try:
            value = json.loads(said)
        except ValueError:
            value = said  # a name
        if field == "flags" and isinstance(value, str):
            value = value.split(",")
        return self._body_value(field, value)

    def _body_value(self, field: str, value: Any) -> tuple[str, Any]:
        """A field of the body as it is called there, and its value there."""
        names = self._message.dtype.names
        place = next((name for name in ("symbol_id" if field == "symbol" else field, f"{field}_e4")
                      if name in names and name not in _HIDDEN), "")
        if field != "flags" and not place:
            self._require(field)
        try:
            body = decode({field: value}, self._message, self._symbols)
        except BadMessage as error:
            raise Failure(str(error), code=ExitCode.USAGE) from None
        if field == "flags":
            return field, int(body["header"]["flags"])
        if not place or body[place].ndim:
            raise Failure(f"--filter cannot compare {field}", code=ExitCode.USAGE)
        return place, body[place].item()
