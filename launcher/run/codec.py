"""Messages as JSON objects and back: enum members by name, symbols by name.

A message is flat: ``port``, then its fields, those of the header that matter among them (``epoch``,
``seq``, ``flags``). Read back, ``symbol`` may stand for ``symbol_id``, ``price`` for ``price_e4``
(and so on for every ``_e4`` field), and what was left out is 0.
"""

from __future__ import annotations

import decimal
import enum
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from launcher.problems import did_you_mean, one_of
from schemas import enums
from schemas.fbs import SCALARS, enum_values, field_types
from schemas.messages import MessageType

__all__ = ["BadMessage", "HEADER_FIELDS", "decode", "encode"]

HEADER_FIELDS = ("epoch", "seq", "sent_ns", "cause")
_WRITTEN_ONLY = ("port", "message", *HEADER_FIELDS)
_HIDDEN = ("header", "reserved", "reserved2")


class BadMessage(ValueError):
    """A JSON object is not a message for the port. Its text names the field and what is wrong."""


# ---- to JSON -------------------------------------------------------------------------------------

def encode(port: str, message: MessageType, body: np.ndarray, symbols: Sequence[str],
           header_fields: Sequence[str] = ("epoch", "seq")) -> dict:
    """The message with this body, a record of shape (), as a JSON object.

    ``header_fields``: which of HEADER_FIELDS it shows.
    """
    header = body["header"]
    said = {"port": port, "message": message.name}
    said |= {name: int(header[name]) for name in header_fields}
    flags = [flag.name for flag in enums.Flag if int(header["flags"]) & flag]
    if flags:
        said["flags"] = flags
    return said | _fields(f"{message.name}Body", body, symbols)


def _fields(struct: str, record: np.ndarray, symbols: Sequence[str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for field, kind in _kinds(struct).items():
        if field in _HIDDEN:
            continue
        value = record[field]
        if field == "symbol_id" and int(value) < len(symbols):
            said["symbol"] = symbols[int(value)]
        elif value.ndim == 1:
            said[field] = [_value(kind, item, symbols) for item in value]
        else:
            said[field] = _value(kind, value, symbols)
    return said


def _value(kind: str, value: Any, symbols: Sequence[str]) -> Any:
    if kind == "bool":
        return bool(value)
    if kind in SCALARS:
        return value.item()
    if value.dtype.names:
        return _fields(kind, value, symbols)
    if _are_bits(kind):
        return [name for bit, name in _names(kind).items() if int(value) & bit]
    return _names(kind).get(int(value), int(value))


@functools.cache
def _kinds(struct: str) -> Mapping[str, str]:
    """The fields of a struct, each with its type's name: parsed once, messages are many."""
    return field_types(struct)


@functools.cache
def _names(kind: str) -> Mapping[int, str]:
    return {number: name for name, number in enum_values(kind).items()}


def _are_bits(kind: str) -> bool:
    return issubclass(getattr(enums, kind), enum.IntFlag)


# ---- from JSON -----------------------------------------------------------------------------------

def decode(said: Mapping[str, Any], message: MessageType, symbols: Sequence[str]) -> np.ndarray:
    """The body, shape (), of the message that the JSON object ``said`` describes.

    :class:`BadMessage` for an unknown field, a value out of range, an unknown name or symbol.
    """
    if said.get("message", message.name) != message.name:
        raise BadMessage(f"message is {_shown(said['message'])}, but port '{said.get('port')}' "
                         f"takes {message.name}")
    body = np.zeros((), message.dtype)
    _fill(f"{message.name}Body", body, said, symbols, top=True)
    return body


def _fill(struct: str, record: np.ndarray, said: Mapping[str, Any], symbols: Sequence[str],
          top: bool = False) -> None:
    kinds = _kinds(struct)
    for name, value in said.items():
        if top and name in _WRITTEN_ONLY:
            continue
        if top and name == "flags":
            record["header"]["flags"] = _bits(name, value, enums.Flag, 65535)
        elif name == "symbol" and "symbol_id" in kinds:
            record["symbol_id"] = _symbol(value, symbols)
        elif f"{name}_e4" in kinds:
            record[f"{name}_e4"] = _money(name, value)
        elif name in kinds and name not in _HIDDEN:
            _set(record, name, kinds[name], value, symbols)
        else:
            known = [k for k in kinds if k not in _HIDDEN]
            raise BadMessage(_with_hint(f"no field '{name}' in {struct.removesuffix('Body')}",
                                        did_you_mean(name, [*known, "symbol"])))


def _set(record: np.ndarray, name: str, kind: str, value: Any, symbols: Sequence[str]) -> None:
    if record[name].ndim == 1:
        if not isinstance(value, list) or len(value) > len(record[name]):
            raise BadMessage(f"{name} must be a list of at most {len(record[name])}")
        for place, item in zip(record[name], value, strict=False):
            if not isinstance(item, dict):
                raise BadMessage(f"{name} must be a list of objects")
            _fill(kind, place, item, symbols)
    elif kind in SCALARS:
        record[name] = _number(name, value, record.dtype[name])
    elif record[name].dtype.names:
        raise BadMessage(f"{name} cannot be set")
    elif _are_bits(kind):
        record[name] = _bits(name, value, getattr(enums, kind), np.iinfo(record.dtype[name]).max)
    elif isinstance(value, str):
        values = enum_values(kind)
        if value.upper() not in values:
            raise BadMessage(_with_hint(f"{name} cannot be '{value}'", did_you_mean(value, values)))
        record[name] = values[value.upper()]
    else:
        record[name] = _number(name, value, record.dtype[name])


def _number(name: str, value: Any, dtype: np.dtype) -> int | float:
    if dtype.kind == "f":
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        raise BadMessage(f"{name} must be a number, not {_shown(value)}")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int):  # true and false are 1 and 0
        raise BadMessage(f"{name} must be a whole number, not {_shown(value)}")
    limits = np.iinfo(dtype)
    if not limits.min <= value <= limits.max:
        raise BadMessage(f"{name} must lie in {limits.min}..{limits.max}, not be {value}")
    return int(value)


def _money(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadMessage(f"{name} must be a number, not {_shown(value)}")
    scaled = decimal.Decimal(str(value)) * 10_000
    if not scaled.is_finite() or scaled != int(scaled) or abs(scaled) >= 2**63:
        raise BadMessage(f"{name} must be a whole number of 1/10,000, not {value}")
    return int(scaled)


def _symbol(value: Any, symbols: Sequence[str]) -> int:
    if isinstance(value, str) and value in symbols:
        return list(symbols).index(value)
    if isinstance(value, str):
        raise BadMessage(_with_hint(f"no symbol '{value}'", did_you_mean(value, symbols)))
    raise BadMessage(f"symbol must be {one_of(list(symbols))}, not {_shown(value)}")


def _bits(name: str, value: Any, kind: type[enum.IntFlag], highest: int) -> int:
    if isinstance(value, int) and 0 <= value <= highest:
        return value
    names = {flag.name: int(flag) for flag in kind}
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(w, str) and w in names for w in words):
        raise BadMessage(f"{name} must be a list of {one_of(list(names))}, not {_shown(value)}")
    return sum(names[word] for word in set(words))


def _shown(value: Any) -> str:
    return {True: "true", False: "false", None: "null"}.get(value, repr(value)[:40]) \
        if not isinstance(value, (dict, list)) else "a list or an object"


def _with_hint(message: str, hint: str) -> str:
    return f"{message} — {hint}" if hint else message
