"""Hypothesis strategies for venue messages, drawn from the tables, and how kernels take values."""

import inspect
import re

from hypothesis import strategies as st

from schemas.venue.layouts import Appendage, Field, Kind, Message
from schemas.venue.text import alpha_to_int

INT63 = 2**63 - 1
PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)


def values_of(field: Field) -> st.SearchStrategy:
    """Any value the field can hold, up to 63 bits, as ``Catalogue.decode`` would give it."""
    if field.kind is Kind.ALPHA:
        text = st.text(PRINTABLE, max_size=field.length)
        return text.map(lambda written: written.rstrip(" "))
    if field.kind is Kind.SIGNED_PRICE_4:
        half = 256**field.length // 2
        return st.integers(-half, half - 1)
    return st.integers(0, min(256**field.length - 1, INT63))


@st.composite
def options_of(draw, catalogue):
    """A few options, known or not, in any order."""
    options = []
    for tag in draw(st.lists(st.integers(0, 255), max_size=4)):
        option = catalogue.options.get(tag)
        value = values_of(option) if option else st.binary(max_size=9)
        options.append((tag, draw(value)))
    return options


@st.composite
def message_values(draw, catalogue, layout: Message):
    """The arguments of ``Catalogue.encode`` for a message of this layout."""
    values = {
        field.name: draw(values_of(field))
        for field in layout.fields[1:]
        if field.name != "appendage_length"
    }
    if layout.appendage is not Appendage.NONE:
        wanted = layout.appendage is Appendage.REQUIRED or draw(st.booleans())
        if wanted:
            values["appendage"] = draw(options_of(catalogue))
    return {"type": layout.type, **values}


def almost_options() -> st.SearchStrategy:
    """Bytes that often are options and often nearly are: lengths and tags are small numbers."""
    return st.lists(st.integers(0, 6) | st.sampled_from([12, 24, 28, 200]), max_size=12).map(bytes)


def any_message(catalogue) -> st.SearchStrategy:
    """The bytes of any valid message of the catalogue."""
    layouts = st.sampled_from(list(catalogue))
    values = layouts.flatmap(lambda layout: message_values(catalogue, layout))
    return values.map(lambda fields: catalogue.encode(**fields))


def damaged_message(catalogue) -> st.SearchStrategy:
    """Random bytes, or a message cut short, lengthened, with one byte changed or with near-options
    of the announced length."""

    @st.composite
    def damaged(draw):
        data = bytearray(draw(any_message(catalogue)))
        how = draw(st.sampled_from(["cut", "lengthen", "change"]))
        if how == "cut":
            return bytes(data[: draw(st.integers(0, len(data) - 1))])
        if how == "lengthen":
            return bytes(data) + draw(st.binary(min_size=1, max_size=8))
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
        return bytes(data)

    @st.composite
    def with_almost_options(draw):
        layout = draw(st.sampled_from([m for m in catalogue if m.appendage is not Appendage.NONE]))
        fixed = layout.length - (2 if layout.appendage is Appendage.REQUIRED else 0)
        options = draw(almost_options())
        return layout.type.encode() + bytes(fixed - 1) + len(options).to_bytes(2, "big") + options

    ways = [st.binary(max_size=80), damaged()]
    if catalogue.options:
        ways.append(with_almost_options())
    return st.one_of(ways)


def as_kernel_value(field: Field, value) -> int:
    """The integer by which kernels know a field's value."""
    if field.kind is not Kind.ALPHA:
        return value
    return ord(value or " ") if field.length == 1 else alpha_to_int(value, field.length)


def parameters(kernel) -> list[str]:
    """The names of a kernel's parameters after ``addr``, without their units."""
    names = list(inspect.signature(kernel.py_func).parameters)[1:]
    return [re.sub("_(e4|e8|ns)$", "", name) for name in names]
