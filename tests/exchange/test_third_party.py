"""Clients and parsers that others wrote for the real venue work with this one, unchanged.

They come with ``pip install pitwire[interop]``; without one its tests are skipped.
"""

import asyncio
import collections
import gzip
import pathlib

import pytest

from schemas.venue import itch50, ouch50
from tests.exchange.soup_client import OrderClient
from tests.exchange.venues import RunningExchange

RECORDING = pathlib.Path(__file__).parents[2] / "topologies/recordings/synthetic.itch.gz"


def recorded() -> list[bytes]:
    """The messages of a recording that the exchange's own flow made."""
    data, messages = gzip.decompress(RECORDING.read_bytes()), []
    while data:
        length = int.from_bytes(data[:2], "big")
        messages.append(data[2:2 + length])
        data = data[2 + length:]
    assert messages.pop() == b""  # the end of the session
    return messages


def order(user_ref: int) -> bytes:
    return ouch50.encode_in("O", user_ref_num=user_ref, side="B", quantity=100, symbol="AAPL",
                            price=1_000_000, time_in_force="0", display="Y", capacity="P",
                            intermarket_sweep_eligibility="N", cross_type="N",
                            cl_ord_id="THIRD PARTY", appendage=[])


# ---- nasdaq-protocols: a SoupBinTCP client on asyncio ------------------------------------------


async def _trade(exchange: RunningExchange, first: int) -> list[dict]:
    soup = pytest.importorskip("nasdaq_protocols.soup")
    heard, news = [], asyncio.Event()

    async def on_message(message) -> None:
        if isinstance(message, soup.SequencedData):
            heard.append(ouch50.decode_out(message.data))
            news.set()

    session = await soup.connect_async(("127.0.0.1", exchange.order_entry), "DESK01", "PITWIRE",
                                       sequence=0, on_msg_coro=on_message)
    for message in (order(first), ouch50.encode_in("X", user_ref_num=first, quantity=0)):
        session.send_unseq_data(message)
    while len(heard) < 2:
        await asyncio.wait_for(news.wait(), 20)
        news.clear()
    session.logout()
    return heard


def test_nasdaq_protocols_trades(exchange):
    pytest.importorskip("nasdaq_protocols.soup")
    with OrderClient(exchange.order_entry) as own:
        own.start("DESK01", "PITWIRE")
        first = own.next_ref
    heard = asyncio.run(_trade(exchange, first))
    assert [(m["type"], m["user_ref_num"]) for m in heard] == [("A", first), ("C", first)]


def test_nasdaq_protocols_is_told_that_its_password_is_wrong(exchange):
    soup = pytest.importorskip("nasdaq_protocols.soup")

    async def log_in() -> None:
        await soup.connect_async(("127.0.0.1", exchange.order_entry), "DESK01", "WRONG")

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(log_in())


def test_nasdaq_protocols_reads_the_market_data_from_the_start(exchange):
    soup = pytest.importorskip("nasdaq_protocols.soup")

    async def read(n: int) -> list[dict]:
        heard, whole = [], asyncio.Event()

        async def on_message(message) -> None:
            if isinstance(message, soup.SequencedData):
                heard.append(itch50.decode(message.data))
                if len(heard) == n:
                    whole.set()

        session = await soup.connect_async(("127.0.0.1", exchange.market_data), "DESK01",
                                           "PITWIRE", sequence=1, on_msg_coro=on_message)
        await asyncio.wait_for(whole.wait(), 20)
        session.logout()
        return heard[:n]

    assert [m["type"] for m in asyncio.run(read(11))] == list("SRRRRHHHHSS")


# ---- parsers of ITCH files ----------------------------------------------------------------------


def test_itchfeed_finds_the_same_messages_in_a_recording():
    parser = pytest.importorskip("itch.parser")
    messages = recorded()
    with gzip.open(RECORDING) as file:
        theirs = list(parser.MessageParser().parse_file(file))
    kinds = collections.Counter(chr(message[0]) for message in messages)
    assert collections.Counter(m.message_type.decode() for m in theirs) == kinds
    for ours, other in zip(map(itch50.decode, messages), theirs, strict=True):
        assert (ours["timestamp"], ours["stock_locate"]) == (other.timestamp, other.stock_locate)
        if ours["type"] == "A":
            assert (ours["order_reference_number"], ours["shares"], ours["price"]) == (
                other.order_reference_number, other.shares, other.price)


def test_meatpy_reads_a_recording(tmp_path):
    """It knows no end of session in a file, so that is left out."""
    reader = pytest.importorskip("meatpy.itch50")
    path = tmp_path / "recording.itch"
    path.write_bytes(gzip.decompress(RECORDING.read_bytes())[:-2])
    with reader.ITCH50MessageReader(path) as messages:
        theirs = [type(message).type for message in messages]
    assert theirs == [message[:1] for message in recorded()]
