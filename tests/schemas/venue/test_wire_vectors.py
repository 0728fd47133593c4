"""Every message of every protocol, both ways, on bytes written from the published tables; and what
is left of each message when it is cut or one of its bytes changes."""

import importlib

import pytest
from guarded_memory import GuardedMemory
from kernel_calls import write_message
from vectors_itch50 import GLIMPSE50, ITCH50
from vectors_ouch42 import OUCH42_IN, OUCH42_OUT
from vectors_ouch50 import OPTIONS, OUCH50_IN, OUCH50_OUT

from schemas.venue import ProtocolError, Validity, glimpse50, itch50, ouch42, ouch50
from schemas.venue.layouts import Appendage
from schemas.venue.text import alpha_to_int

MEMORY = GuardedMemory()
PROTOCOLS = [
    (itch50, itch50.CATALOGUE, itch50.validate, ITCH50),
    (glimpse50, glimpse50.CATALOGUE, glimpse50.validate, GLIMPSE50),
    (ouch50, ouch50.INBOUND, ouch50.validate_in, OUCH50_IN),
    (ouch50, ouch50.OUTBOUND, ouch50.validate_out, OUCH50_OUT),
    (ouch42, ouch42.INBOUND, ouch42.validate_in, OUCH42_IN),
    (ouch42, ouch42.OUTBOUND, ouch42.validate_out, OUCH42_OUT),
]
EVERY_MESSAGE = pytest.mark.parametrize(
    "catalogue, validate, data, values",
    [
        pytest.param(catalogue, validate, data, values, id=f"{catalogue.name} {values['type']}")
        for _, catalogue, validate, vectors in PROTOCOLS
        for data, values in vectors
    ],
)


def kernel_of(package, layout):
    """The kernel that writes the messages of a layout, which its package's tables name."""
    tables = importlib.import_module(f"{package.__name__}.tables")
    (name,) = (name for name, each in vars(tables).items() if each is layout)
    return getattr(package, f"put_{name.lower()}")


# GLIMPSE's messages but one are ITCH's own. The directory's kernel has the attributes of a common
# stock, whatever the vector's; test_itch50 tests it.
WRITTEN = [
    pytest.param(kernel_of(package, layout), layout, data, values, id=f"{catalogue.name} {kind}")
    for package, catalogue, _, vectors in PROTOCOLS
    for data, values in vectors
    if (layout := catalogue[kind := values["type"]]) and (package, kind) != (itch50, "R")
    if package is not glimpse50 or kind == "G"
]


@pytest.mark.parametrize(
    "catalogue, vectors", [pytest.param(c, v, id=c.name) for _, c, _, v in PROTOCOLS]
)
def test_no_message_is_without_a_vector(catalogue, vectors):
    assert sorted(values["type"] for _, values in vectors) == sorted(catalogue.messages)


@EVERY_MESSAGE
def test_a_message_is_read_from_and_written_as_the_published_bytes(
    catalogue, validate, data, values
):
    required = catalogue[values["type"]].appendage is Appendage.REQUIRED
    appendage = {"appendage": [], "appendage_length": 0} if required else {}
    assert catalogue.decode(data) == values | appendage
    assert catalogue.encode(**values) == data
    assert validate(MEMORY.place(data), len(data)) == Validity.VALID


@pytest.mark.parametrize("kernel, layout, data, values", WRITTEN)
def test_a_kernel_writes_the_published_bytes(kernel, layout, data, values):
    assert write_message(kernel, layout, values) == data


def readable(catalogue, data: bytes) -> bool:
    try:
        catalogue.decode(data)
    except ProtocolError as error:
        assert str(error)
        return False
    return True


@EVERY_MESSAGE
def test_cut_anywhere_a_message_is_refused_by_kernel_and_codec_alike(
    catalogue, validate, data, values
):
    for length in range(len(data)):
        valid = validate(MEMORY.place(data[:length]), length) == Validity.VALID
        assert valid == readable(catalogue, data[:length]) and not valid
    assert MEMORY.canaries_alive()


@EVERY_MESSAGE
def test_with_any_byte_changed_a_message_is_refused_or_read_by_kernel_and_codec_alike(
    catalogue, validate, data, values
):
    for position in range(len(data)):
        for change in (0x01, 0x10, 0x20, 0x80, 0xFF):
            changed = bytearray(data)
            changed[position] ^= change
            changed = bytes(changed)
            status = validate(MEMORY.place(changed), len(changed))
            assert (status == Validity.VALID) == readable(catalogue, changed), (position, change)


@pytest.mark.parametrize("tag", OPTIONS)
def test_an_option_is_read_from_and_written_as_the_published_bytes(tag):
    raw, value = OPTIONS[tag]
    fixed = bytes.fromhex("58 01020304 05060708")
    data = fixed + len(raw).to_bytes(2, "big") + raw
    values = {"type": "X", "user_ref_num": 0x1020304, "quantity": 0x5060708}
    assert ouch50.decode_in(data) == values | {"appendage": [(tag, value)]}
    assert ouch50.encode_in(**values, appendage=[(tag, value)]) == data
    address = MEMORY.place(data)
    at = ouch50.find_appendage(address, 11, len(data), tag)
    number = value
    if isinstance(value, str):
        number = ord(value) if len(value) == 1 else alpha_to_int(value, 4)
    assert at == 13 and ouch50.get_option(address, at, tag) == number
    address = MEMORY.place(fixed + bytes(len(data) - len(fixed)))
    assert ouch50.append_option(address, 9, 9, tag, number) == len(data)
    assert MEMORY.content() == data


def test_options_are_those_of_the_vectors():
    assert {int(tag) for tag in ouch50.OPTIONS} == set(OPTIONS)
