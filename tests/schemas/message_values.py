"""Values for the fields of a message, and the official FlatBuffers code's way with them.

Values are nested as the structs are: a dict a struct, a list an array.
"""

from __future__ import annotations

import flatbuffers
import numpy as np
from hypothesis import strategies as st

from schemas import fbs, generated
from schemas.messages import MessageType

__all__ = ["any_values", "distinct_values", "fill", "official_bytes", "official_values", "snake"]


def snake(name: str) -> str:
    """``OrderCommand`` -> ``order_command``."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _camel(field: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in field.split("_"))


def _is_bool(dtype: np.dtype, field: str) -> bool:
    """The schema's bools; a dtype of one byte does not tell."""
    return field in ("cleared", "printable") and dtype == np.uint8


def _parts(dtype: np.dtype):
    """(field, dtype of it or of its elements, length or None) of every field."""
    for field in dtype.names:
        inner = dtype.fields[field][0]
        if inner.subdtype is not None:
            element, (length,) = inner.subdtype
            yield field, element, length
        else:
            yield field, inner, None


def any_values(dtype: np.dtype) -> st.SearchStrategy:
    """Values for all fields, the extremes of each type among them."""
    def of(field, inner):
        if inner.names:
            return any_values(inner)
        if _is_bool(inner, field):
            return st.booleans()
        limits = np.iinfo(inner)
        return st.integers(int(limits.min), int(limits.max))

    return st.fixed_dictionaries({
        field: of(field, inner) if length is None
        else st.lists(of(field, inner), min_size=length, max_size=length)
        for field, inner, length in _parts(dtype)})


def distinct_values(dtype: np.dtype, start: int = 1):
    """(values, next start): a different number in every field, as far as its type has room."""
    values = {}
    for field, inner, length in _parts(dtype):
        items = []
        for _ in range(length or 1):
            if inner.names:
                item, start = distinct_values(inner, start)
            elif _is_bool(inner, field):
                item, start = True, start + 1
            else:
                item, start = start * 0x0101_0101_0101_0101 & int(np.iinfo(inner).max), start + 1
            items.append(item)
        values[field] = items[0] if length is None else items
    return values, start


def fill(body: np.ndarray, values: dict) -> None:
    """Writes ``values`` through the dtype."""
    for field, value in values.items():
        if isinstance(value, dict):
            fill(body[field], value)
        elif isinstance(value, list):
            for i, item in enumerate(value):
                fill(body[field][i], item) if isinstance(item, dict) else (
                    body[field].__setitem__(i, item))
        else:
            body[field] = value


def official_bytes(message: MessageType, values: dict) -> bytes:
    """The message as the official builder writes it, with the generated ``Create...Body``."""
    builder = flatbuffers.Builder(512)
    getattr(generated, f"{message.name}Start")(builder)
    create = getattr(generated, f"Create{message.name}Body")
    getattr(generated, f"{message.name}AddBody")(
        builder, create(builder, *_arguments(message.dtype, values)))
    table = getattr(generated, f"{message.name}End")(builder)
    builder.Finish(table, file_identifier=message.identifier.encode())
    return bytes(builder.Output())


def _arguments(dtype: np.dtype, values: dict) -> list:
    """Flat, as flatc declares them: a nested struct's fields in its place, an array of structs as
    one list a field."""
    arguments = []
    for field, inner, length in _parts(dtype):
        value = values[field]
        if not inner.names:
            arguments.append(value)
        elif length is None:
            arguments += _arguments(inner, value)
        else:
            arguments += [[item[name] for item in value] for name in inner.names]
    return arguments


def official_values(message: MessageType, buffer: bytes) -> dict:
    """What the official reader finds in ``buffer``; AssertionError without the identifier."""
    reader = getattr(generated, message.name)
    has = getattr(reader, f"{message.name}BufferHasIdentifier")
    assert has(buffer, 0), f"no {message.identifier} in {buffer[:8].hex()}"
    return _read(reader.GetRootAs(buffer, 0).Body(), message.dtype)


def _read(struct, dtype: np.dtype) -> dict:
    values = {}
    for field, inner, length in _parts(dtype):
        accessor = getattr(struct, _camel(field))
        if not inner.names:
            values[field] = accessor()
        elif length is None:
            values[field] = _read(accessor(_new(inner)), inner)
        else:
            values[field] = [_read(accessor(_new(inner), i), inner) for i in range(length)]
    return values


def _new(dtype: np.dtype):
    """An empty reader of the struct that has this dtype."""
    names = [n for n in ("Header", "PriceLevel") if fbs.struct_dtype(n) == dtype]
    return getattr(generated, names[0])()
