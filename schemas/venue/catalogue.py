"""The messages of one protocol in one direction, and a codec for them in plain Python.

The codec is for tools, tests and the slow edges of the system. It is the model that the compiled
kernels are tested against: it checks everything, and its errors are for people.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from schemas.venue.layouts import Appendage, Field, FieldType, Kind, Message, ProtocolError

__all__ = ["Catalogue"]

SHOWN_BYTES = 16


class Catalogue:
    """A protocol's messages by their type character.

    ``options`` gives the name and layout of each option tag that an appendage may carry; a protocol
    without appendages leaves it out. ``decode`` and ``encode`` are inverse for every valid message:
    ``catalogue.encode(**catalogue.decode(data)) == data``, but that a number in ASCII digits is
    always written with spaces on its left.
    """

    def __init__(
        self,
        name: str,
        messages: Iterable[Message],
        options: Mapping[int, tuple[str, FieldType]] = MappingProxyType({}),
    ):
        self.name = name
        self.messages = {layout.type: layout for layout in messages}
        self.options = {
            tag: Field(option, 0, what.length, what.kind, what.note)
            for tag, (option, what) in options.items()
        }

    def __getitem__(self, message_type: str) -> Message:
        """The layout of ``message_type``; ProtocolError if the protocol has no such message."""
        if message_type not in self.messages:
            known = " ".join(self.messages)
            raise ProtocolError(
                f"{self.name}: unknown message type {message_type!r}; known types are {known}"
            )
        return self.messages[message_type]

    def __iter__(self):
        return iter(self.messages.values())

    def __len__(self) -> int:
        return len(self.messages)

    def lengths(self) -> np.ndarray:
        """int64[256]: the fixed length of the message with each type byte, 0 where there is none.
        Read-only, fit for a kernel's global."""
        table = np.zeros(256, np.int64)
        for layout in self:
            table[ord(layout.type)] = layout.length
        table.flags.writeable = False
        return table

    def appendages(self) -> np.ndarray:
        """int64[256]: the :class:`Appendage` value of each type byte. Read-only."""
        table = np.zeros(256, np.int64)
        for layout in self:
            table[ord(layout.type)] = layout.appendage.value
        table.flags.writeable = False
        return table

    def decode(self, data: bytes) -> dict:
        """Read one message into a dict with the tables' field names.

        Text loses its padding on the right; prices, quantities and times stay integers in the
        protocol's units. A message with an appendage has the key ``appendage``: a list of
        ``(tag, value)``, where an unknown tag's value is its bytes. Raises ProtocolError for an
        unknown type, a wrong length, or an appendage that contradicts itself.
        """
        data = bytes(data)
        if not data:
            raise ProtocolError(f"{self.name}: empty message; every message starts with its type")
        layout = self.messages.get(chr(data[0]))
        if layout is None:
            raise ProtocolError(
                f"{self.name}: unknown message type {chr(data[0])!r}; {_shown(data)}"
            )
        where = f"{self.name} {layout.name} ({layout.type!r})"
        extra = len(data) - layout.length
        if extra < 0 or (extra > 0 and layout.appendage is Appendage.NONE):
            raise ProtocolError(
                f"{where}: expected {layout.length} bytes, got {len(data)}; {_shown(data)}"
            )
        values = {field.name: _read(where, field, data) for field in layout.fields}
        if layout.appendage is Appendage.REQUIRED:
            values["appendage"] = self._read_options(layout, data, layout.length - 2)
        elif extra:
            values["appendage"] = self._read_options(layout, data, layout.length)
        return values

    def encode(self, type: str, **values) -> bytes:
        """Write one message from its fields, named as in the tables.

        Every field must be given, except ``appendage_length``, which follows from ``appendage``.
        A one-character field also takes the character's code (so the code enums fit). Raises
        ProtocolError for a missing or unknown field and for a value that does not fit.
        """
        layout = self[type]
        where = f"{self.name} {layout.name} ({type!r})"
        appendage = values.pop("appendage", None)
        options = self._write_options(where, appendage or ())
        if appendage is not None and layout.appendage is Appendage.NONE:
            raise ProtocolError(f"{where} carries no appendage")
        if layout.appendage is Appendage.REQUIRED:
            values.setdefault("appendage_length", len(options))
            if values["appendage_length"] != len(options):
                raise ProtocolError(
                    f"{where}: appendage_length is {values['appendage_length']} but the options "
                    f"take {len(options)} bytes; leave it out and it is filled in"
                )
        elif appendage is not None:
            options = len(options).to_bytes(2, "big") + options
        body = layout.fields[1:]
        _check_names(where, values, [field.name for field in body])
        written = [_write(where, field, values[field.name]) for field in body]
        return b"".join([type.encode("ascii"), *written, options])

    def _read_options(self, layout: Message, data: bytes, at: int) -> list[tuple[int, object]]:
        """The options whose two-byte total length stands at ``at``."""
        where = f"{self.name} {layout.name} ({layout.type!r})"
        total = int.from_bytes(data[at : at + 2], "big")
        if len(data) - at < 2 or at + 2 + total != len(data):
            raise ProtocolError(
                f"{where}: appendage_length {total} does not match the {len(data) - at - 2} bytes "
                f"after it; {_shown(data)}"
            )
        options = []
        position = at + 2
        while position < len(data):
            size = data[position]
            end = position + 1 + size
            if size == 0 or end > len(data):
                raise ProtocolError(
                    f"{where}: option at byte {position} has length {size}, which "
                    f"{'leaves no room for its tag' if size == 0 else 'runs past the end'}; "
                    f"{_shown(data)}"
                )
            tag, value = data[position + 1], data[position + 2 : end]
            options.append((tag, self._read_option(where, tag, value)))
            position = end
        return options

    def _read_option(self, where: str, tag: int, value: bytes) -> object:
        option = self.options.get(tag)
        if option is None:
            return value
        if len(value) != option.length:
            raise ProtocolError(
                f"{where}: option {option.name} (tag {tag}) takes {option.length} bytes, "
                f"got {len(value)}: {value.hex(' ')}"
            )
        return _read(where, option, value)

    def _write_options(self, where: str, options: Sequence[tuple[int, object]]) -> bytes:
        written = bytearray()
        for tag, value in options:
            option = self.options.get(tag)
            if option is not None:
                raw = _write(where, option, value)
            elif isinstance(value, bytes) and 0 <= tag <= 255 and len(value) <= 254:
                raw = value
            else:
                raise ProtocolError(
                    f"{where}: option tag {tag} is not in the table, so its value must be at most "
                    f"254 bytes and the tag 0 to 255; got {value!r}"
                )
            written += bytes([1 + len(raw), tag]) + raw
        return bytes(written)


def _shown(data: bytes) -> str:
    more = " ..." if len(data) > SHOWN_BYTES else ""
    return f"the bytes begin {data[:SHOWN_BYTES].hex(' ')}{more}"


def _check_names(where: str, values: Mapping, expected: Sequence[str]) -> None:
    missing = [name for name in expected if name not in values]
    if missing:
        raise ProtocolError(f"{where}: missing {', '.join(missing)}")
    for name in values:
        if name not in expected:
            close = difflib.get_close_matches(name, expected, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(expected)}"
            raise ProtocolError(f"{where} has no field {name!r}; {hint}")


def _read(where: str, field: Field, data: bytes) -> int | str:
    raw = data[field.offset : field.end]
    if field.kind is Kind.ALPHA:
        # Latin-1 maps every byte to one character and back, so no input is lost or refused here.
        return raw.decode("latin-1").rstrip(" ")
    if field.kind is Kind.DECIMAL:
        digits = raw.strip(b" ")
        if not digits.isdigit():
            raise ProtocolError(f"{where}: {field.name} is not a number: {raw!r}")
        return int(digits)
    return int.from_bytes(raw, "big", signed=field.kind is Kind.SIGNED_PRICE_4)


def _write(where: str, field: Field, value: object) -> bytes:
    if field.kind is Kind.ALPHA:
        text = chr(value) if isinstance(value, int) and field.length == 1 else value
        if not isinstance(text, str) or len(text) > field.length or not _is_latin1(text):
            raise ProtocolError(
                f"{where}: {field.name} takes text of at most {field.length} characters, "
                f"got {value!r}"
            )
        return text.encode("latin-1").ljust(field.length)
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise ProtocolError(f"{where}: {field.name} takes an integer, got {value!r}")
    value = int(value)
    if field.kind is Kind.DECIMAL:
        low, high = 0, 10**field.length - 1
    elif field.kind is Kind.SIGNED_PRICE_4:
        high = 256**field.length // 2 - 1
        low = -high - 1
    else:
        low, high = 0, 256**field.length - 1
    if not low <= value <= high:
        raise ProtocolError(f"{where}: {field.name} takes {low} to {high}, got {value}")
    if field.kind is Kind.DECIMAL:
        return str(value).encode("ascii").rjust(field.length)
    return value.to_bytes(field.length, "big", signed=low < 0)


def _is_latin1(text: str) -> bool:
    return all(ord(character) < 256 for character in text)
