"""Wire layouts as tables: what fields a venue message has, where they lie and how they are written.

A protocol module writes one :class:`Message` for each message type with :func:`message`, which
accumulates the offsets, so a table reads like the specification's::

    ADD_ORDER = message(
        "A", "Add Order", HEADER,
        order_reference_number=uint(8), buy_sell_indicator=alpha(1), shares=uint(4), ...
    )

From the tables come the offsets that kernels use (:func:`constants`), packed NumPy dtypes for tools
(:func:`packed_dtype`) and the plain Python codec (:mod:`schemas.venue.catalogue`).

All integers on the wire are big-endian; text is ASCII, left-justified and padded with spaces.
"""

import enum
from dataclasses import dataclass, replace

import numpy as np

__all__ = [
    "Appendage",
    "Field",
    "FieldType",
    "Kind",
    "Message",
    "ProtocolError",
    "alpha",
    "constants",
    "decimal",
    "message",
    "packed_dtype",
    "price4",
    "price8",
    "record",
    "signed_price4",
    "time_ns",
    "u48_to_int64",
    "uint",
]


class ProtocolError(ValueError):
    """Bytes or field values that do not follow the protocol; the text says what, where, and shows
    the first bytes in hexadecimal."""


class Kind(enum.StrEnum):
    """How a field's bytes are read. Values are the abbreviations of the protocol tables."""

    ALPHA = "a"  # ASCII text, left-justified, padded with spaces
    DECIMAL = "n"  # a number written in ASCII digits, padded with spaces on either side
    UINT = "u"  # unsigned integer
    TIME = "t"  # unsigned nanoseconds since midnight
    PRICE_4 = "p4"  # unsigned, in 1/10,000 of the currency
    SIGNED_PRICE_4 = "signed p4"  # two's complement, in 1/10,000 of the currency
    PRICE_8 = "p8"  # unsigned, in 1/100,000,000 of the currency


class Appendage(enum.Enum):
    """Whether a message is followed by options (OUCH 5.0 calls them its appendage)."""

    NONE = 0
    OPTIONAL = 1  # may end after its fixed part, or go on with a length and options
    REQUIRED = 2  # its last fixed field is the length of the options, 0 if there are none


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field's kind and size, before it has a name and a place."""

    kind: Kind
    length: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: ``length`` bytes at ``offset`` from the message's type byte."""

    name: str
    offset: int
    length: int
    kind: Kind
    note: str = ""

    @property
    def end(self) -> int:
        """Offset of the first byte after the field."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Message:
    """One message type: its type character, name, fixed length in bytes and fields in order."""

    type: str
    name: str
    length: int
    fields: tuple[Field, ...]
    appendage: Appendage = Appendage.NONE

    def __getitem__(self, field_name: str) -> Field:
        """The field called ``field_name``; ``KeyError`` names the fields there are."""
        for field in self.fields:
            if field.name == field_name:
                return field
        known = ", ".join(field.name for field in self.fields)
        raise KeyError(f"{self.name} ({self.type!r}) has no field {field_name!r}; it has {known}")


def alpha(length: int, note: str = "") -> FieldType:
    """``length`` ASCII characters, padded with spaces on the right."""
    return FieldType(Kind.ALPHA, length, note)


def decimal(length: int, note: str = "") -> FieldType:
    """A number in ``length`` ASCII characters, padded with spaces."""
    return FieldType(Kind.DECIMAL, length, note)


def uint(length: int, note: str = "") -> FieldType:
    """A big-endian unsigned integer of ``length`` bytes."""
    return FieldType(Kind.UINT, length, note)


def time_ns(length: int) -> FieldType:
    """Nanoseconds since midnight: 6 bytes in ITCH, 8 in OUCH."""
    return FieldType(Kind.TIME, length)


def price4(length: int) -> FieldType:
    """A price in 1/10,000 of the currency, of 4 or 8 bytes."""
    return FieldType(Kind.PRICE_4, length)


def signed_price4(length: int) -> FieldType:
    """A price difference in 1/10,000 of the currency, negative in two's complement."""
    return FieldType(Kind.SIGNED_PRICE_4, length)


def price8(length: int) -> FieldType:
    """A price in 1/100,000,000 of the currency."""
    return FieldType(Kind.PRICE_8, length)


def message(
    message_type: str,
    message_name: str,
    header: dict[str, FieldType],
    /,
    *,
    options: Appendage = Appendage.NONE,
    **body: FieldType,
) -> Message:
    """Lay out one message: its type byte, then ``header``, then ``body``, packed in that order.

    ``options=Appendage.REQUIRED`` adds the closing ``appendage_length`` field.
    """
    layout = {"type": alpha(1, f"always {message_type}"), **header, **body}
    if options is Appendage.REQUIRED:
        layout["appendage_length"] = uint(2, "bytes of options that follow, 0 if none")
    laid_out = record(message_name, **layout)
    return replace(laid_out, type=message_type, appendage=options)


def record(name: str, /, **fields: FieldType) -> Message:
    """Lay out a packet header or other record that does not begin with a type; its ``type`` is
    empty."""
    laid_out = []
    offset = 0
    for field, what in fields.items():
        laid_out.append(Field(field, offset, what.length, what.kind, what.note))
        offset += what.length
    return Message("", name, offset, tuple(laid_out))


def constants(layout: Message, header: dict[str, FieldType]) -> tuple[int, ...]:
    """What kernels need to know of a message, as plain integers to unpack into module globals.

    Returns the type byte, the fixed length, then the offset of each field after the type and
    ``header`` fields, in order. Unpacking into names checks that none is forgotten.
    """
    body = layout.fields[1 + len(header) :]
    return (ord(layout.type), layout.length, *(field.offset for field in body))


def packed_dtype(layout: Message) -> np.dtype:
    """The message's fixed part as a packed big-endian structured dtype, for tools and tests.

    Integers of 2, 4 and 8 bytes become ``>u2``, ``>u4``, ``>u8`` (``>i4`` if signed), text ``S``;
    a 6-byte time, which NumPy has no type for, is six ``u1`` that :func:`u48_to_int64` reads.
    """
    formats: list[tuple] = []
    for field in layout.fields:
        if field.kind in (Kind.ALPHA, Kind.DECIMAL):
            formats.append((field.name, f"S{field.length}"))
        elif field.length == 6:
            formats.append((field.name, "u1", (6,)))
        else:
            sign = "i" if field.kind is Kind.SIGNED_PRICE_4 else "u"
            formats.append((field.name, f">{sign}{field.length}"))
    return np.dtype(formats)


def u48_to_int64(raw: np.ndarray) -> np.ndarray:
    """Six big-endian bytes on the last axis of ``raw`` (uint8) as int64, one axis less."""
    weights = np.int64(1) << np.arange(40, -8, -8, dtype=np.int64)
    return raw.astype(np.int64) @ weights
