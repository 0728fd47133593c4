"""Any FlatBuffers reader understands what a wire sends; a wire takes what any builder makes."""

import numpy as np
import pytest

from schemas.messages import HEADER, MESSAGE_TYPES, PREFIX_SIZE, OrderCommand
from tests.runtime.deployments import W, eventually, plan_of
from tests.runtime.in_process import InProcess
from tests.schemas.message_values import (
    distinct_values, fill, official_bytes, official_values, snake,
)

each_message = pytest.mark.parametrize("message", MESSAGE_TYPES.values(), ids=MESSAGE_TYPES)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Two actors with a wire for every message type."""
    ports = [(snake(name), name) for name in MESSAGE_TYPES]
    plan = plan_of(tmp_path_factory.mktemp("desk"),
                   {"speaker": "wire_actors:Polyglot", "hearer": "wire_actors:Polyglot"},
                   [W(f"speaker/{port}", f"hearer/{port}", name) for port, name in ports])
    with InProcess(plan) as desk:
        yield desk


def wire_of(message):
    return list(MESSAGE_TYPES).index(message.name)


@each_message
def test_the_official_reader_reads_what_was_claimed_and_committed(desk, message):
    values, _ = distinct_values(message.dtype)
    speaker, port = desk.hosts["speaker"], snake(message.name)
    fill(speaker.actor.out.claim(port), values)
    before = dict(zip(MESSAGE_TYPES, speaker.ports["seq"].tolist(), strict=True))[message.name]
    speaker.actor.out.commit(port)

    received = desk.in_end("hearer", wire_of(message)).socket.recv()
    found = official_values(message, received)
    header = found["header"]
    assert header["epoch"] == speaker.epoch and header["seq"] == before + 1
    assert header["port"] == speaker.ports["port_id"][wire_of(message)] and header["cause"] == 0
    assert header["flags"] == values["header"]["flags"], "flags are the handler's"
    assert found | {"header": None} == values | {"header": None}


@each_message
def test_the_wire_takes_what_the_official_builder_made(desk, message):
    values, _ = distinct_values(message.dtype)
    values["header"] |= {"epoch": 1, "seq": 1}
    made = official_bytes(message, values)
    n = wire_of(message)
    with desk.stranger(n, "hearer") as stranger:
        stranger.send(made)
        body = eventually(lambda: [b for b in [desk.take("hearer", n, force=1)] if b is not None])
    assert body[0].tobytes() == made[PREFIX_SIZE:]


def test_the_official_reader_reads_what_a_kernel_wrote(tmp_path):
    """Through the views of ``schemas.views``, in a handler."""
    plan = plan_of(tmp_path, {"talker": "wire_actors:Talker", "relay": "relay_actors:Relay",
                              "listener": "wire_actors:Listener"},
                   [W("talker/numbers", "relay/numbers"), W("relay/numbers", "listener/numbers")])
    with InProcess(plan) as desk:
        desk.hosts["talker"].actor.out.send("numbers", order_id=2**63 + 5, symbol_id=2**32 - 1,
                                            t1_ns=-7)
        assert desk.turn("relay")
        found = official_values(OrderCommand, desk.in_end().socket.recv())
        assert (found["order_id"], found["symbol_id"], found["t1_ns"]) == (
            2**63 + 5, 2**32 - 1, -7)
        untouched = set(OrderCommand.dtype.names) - {"header", "order_id", "symbol_id", "t1_ns"}
        assert not any(found[name] for name in untouched)
        assert found["header"]["seq"] == 1 and found["header"]["cause"] == (1 << 48) | 1
        assert set(found["header"]) == set(HEADER.names)
        assert np.uint64(found["header"]["sent_ns"]) > 0
