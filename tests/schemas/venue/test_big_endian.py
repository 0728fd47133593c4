"""Wire integers and text at memory addresses: what is put is what int.to_bytes would write, and
nothing around it is touched."""

import os
import subprocess
import sys

import pytest
from guarded_memory import GuardedMemory
from hypothesis import given
from hypothesis import strategies as st

from schemas.venue import big_endian, text
from schemas.venue.layouts import ProtocolError

MEMORY = GuardedMemory()
INT64 = st.integers(-(2**63), 2**63 - 1)
WIDTHS = {
    8: (big_endian.get_u8, big_endian.put_u8),
    16: (big_endian.get_u16, big_endian.put_u16),
    32: (big_endian.get_u32, big_endian.put_u32),
    48: (big_endian.get_u48, big_endian.put_u48),
    64: (big_endian.get_u64, big_endian.put_u64),
}


@pytest.mark.parametrize("bits", WIDTHS)
@given(value=INT64, lead=st.integers(0, 9))
def test_put_writes_the_low_bytes_big_endian_and_get_reads_them_back(bits, value, lead):
    get, put = WIDTHS[bits]
    address = MEMORY.room(lead + bits // 8)
    put(address, lead, value)
    low = value % 2**bits
    assert MEMORY.content()[lead:] == low.to_bytes(bits // 8, "big")
    assert MEMORY.content()[:lead] == b"\xc5" * lead and MEMORY.canaries_alive()
    # Eight bytes come back as int64, so from 2**63 on they are negative.
    assert get(address, lead) == (value if bits == 64 else low)


@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=8))
def test_a_symbol_survives_as_an_integer_and_lies_in_memory_as_its_characters(symbol):
    number = text.symbol_to_int(symbol)
    address = MEMORY.room(8)
    big_endian.put_raw8(address, 0, number)
    assert MEMORY.content() == symbol.encode().ljust(8)
    assert big_endian.get_raw8(address, 0) == number
    assert text.int_to_symbol(number) == symbol.rstrip(" ")


def test_four_characters_survive_as_an_integer():
    address = MEMORY.room(4)
    big_endian.put_raw4(address, 0, text.alpha_to_int("MPI", 4))
    assert MEMORY.content() == b"MPI "
    assert text.int_to_alpha(big_endian.get_raw4(address, 0), 4) == "MPI"


@pytest.mark.parametrize("symbol", ["TOOLONGSYM", "Ä"])
def test_a_symbol_that_does_not_fit_is_refused_by_name(symbol):
    with pytest.raises(ProtocolError, match=symbol):
        text.symbol_to_int(symbol)


def test_bytes_are_copied_and_filled_exactly():
    address = MEMORY.place(b"abcdefgh")
    big_endian.put_bytes(address, 5, address, 3)
    big_endian.fill(address, 1, 2, ord("-"))
    assert MEMORY.content() == b"a--deabc" and MEMORY.canaries_alive()


@given(value=st.integers(-5, 10**15), width=st.integers(1, 16))
def test_a_decimal_is_left_aligned_or_blank_when_it_does_not_fit(value, width):
    address = MEMORY.room(width)
    digits = text.put_decimal(address, 0, width, value)
    written = str(value).encode()
    fits = value >= 0 and len(written) <= width
    assert digits == (len(written) if fits else -1)
    assert MEMORY.content() == (written if fits else b"").ljust(width)
    assert text.get_decimal(address, 0, width) == (value if fits else -1)


NUMBERISH = st.text(st.sampled_from("0123456789 -x\0"), max_size=20).map(str.encode)


@given(st.one_of(NUMBERISH, st.integers(0, 2**65).map(lambda n: str(n).rjust(20).encode())))
def test_reading_a_decimal_agrees_with_int_and_refuses_the_rest(raw):
    digits = raw.strip(b" ")
    expected = int(digits) if digits.isdigit() and int(digits) < 2**63 else -1
    assert text.get_decimal(MEMORY.place(raw), 0, len(raw)) == expected


SECOND_START = """
from numba.core import event
from schemas.venue import itch50, ouch50, soupbintcp, text
import numpy as np

compiled = []
class Recorder(event.Listener):
    def on_start(self, e): compiled.append(e.data["dispatcher"].py_func.__name__)
    def on_end(self, e): pass
event.register("numba:compile", Recorder())

buffer = np.zeros(256, np.uint8)
at = buffer.ctypes.data
length = itch50.put_add_order(at, 1, 2, 3, 4, itch50.Side.BUY, 100, text.symbol_to_int("A"), 10)
assert itch50.validate(at, length) == 0
length = ouch50.put_cancel_order(at, 1, 0)
length = ouch50.append_option(at, length, length, 28, 1)
assert ouch50.validate_in(at, length) == 0
assert soupbintcp.next_packet(at, 0, 1)[0] == soupbintcp.INCOMPLETE
print(len(compiled))
"""


def test_a_second_process_compiles_nothing(tmp_path):
    def compilations() -> int:
        return int(
            subprocess.run(
                [sys.executable, "-c", SECOND_START],
                env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )

    assert compilations() > 0
    assert compilations() == 0
