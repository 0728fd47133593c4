"""What is sent on a port arrives on its wires: once, in order, uncopied if that is possible."""

import pytest

from actors.runtime import ring, wire
from actors.runtime.plain import body_at
from schemas.messages import OrderCommand
from tests.runtime.deployments import W, eventually, plan_of
from tests.runtime.in_process import InProcess, header_of

ACTORS = {"talker": "wire_actors:Talker", "listener": "wire_actors:Listener"}
TWO = {**ACTORS, "second": "wire_actors:Listener"}
TRANSPORTS = ["inproc", "shm", "ipc", "tcp"]


def one_wire(root, **options):
    return InProcess(plan_of(root, ACTORS, [W("talker/numbers", "listener/numbers", **options)]))


def ctx(host):
    return host.ctx.ctypes.data


def test_over_inproc_a_message_is_read_where_it_was_written(tmp_path):
    with one_wire(tmp_path) as desk:
        written_at = wire.claim(ctx(desk.hosts["talker"]), 0)
        body_at(written_at, OrderCommand)["order_id"] = 7
        wire.commit(ctx(desk.hosts["talker"]), 0)

        read_at = wire.take(desk.in_end().address, 0)
        assert read_at == written_at
        assert body_at(read_at, OrderCommand)["order_id"] == 7
        wire.release(desk.in_end().address)


def test_two_consumers_in_the_process_read_the_same_memory(tmp_path):
    plan = plan_of(tmp_path, TWO, [W("talker/numbers", "listener/numbers"),
                                   W("talker/numbers", "second/numbers")])
    with InProcess(plan) as desk:
        written_at = wire.claim(ctx(desk.hosts["talker"]), 0)
        body_at(written_at, OrderCommand)["order_id"] = 7
        wire.commit(ctx(desk.hosts["talker"]), 0)

        ends = [desk.in_end("listener"), desk.in_end("second")]
        assert [wire.take(end.address, 0) for end in ends] == [written_at, written_at]
        wire.release(ends[0].address)  # the first is done with it; the second still reads
        assert body_at(written_at, OrderCommand)["order_id"] == 7
        wire.release(ends[1].address)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_message_arrives_once_and_in_order(tmp_path, transport):
    sent = list(range(1, 501))
    with one_wire(tmp_path, transport=transport, capacity=1000) as desk:
        for number in sent:
            assert desk.send(number)
        assert desk.take_all(count=len(sent)) == sent
        ledger = desk.ledger(quiescent=True)
        assert (ledger.sent, ledger.handled, ledger.unexplained) == (500, 500, 0)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_port_sends_the_same_on_all_its_wires(tmp_path, transport):
    plan = plan_of(tmp_path, {**TWO, "third": "wire_actors:Listener"},
                   [W("talker/numbers", f"{name}/numbers", transport=transport, capacity=100)
                    for name in ("listener", "second", "third")])
    with InProcess(plan) as desk:
        for number in range(1, 51):
            desk.send(number)
        for name in ("listener", "second", "third"):
            assert desk.take_all(name, count=50) == list(range(1, 51))


def test_several_producers_meet_at_one_input_each_in_its_own_order(tmp_path):
    actors = {"talker": ACTORS["talker"], "other": ACTORS["talker"], "listener": ACTORS["listener"]}
    plan = plan_of(tmp_path, actors, [W("talker/numbers", "listener/numbers"),
                                      W("other/numbers", "listener/numbers")])
    with InProcess(plan) as desk:
        for number in range(1, 6):
            desk.send(number, actor="talker")
            desk.send(100 + number, actor="other")
        assert desk.take_all("listener", 0) == [1, 2, 3, 4, 5]
        assert desk.take_all("listener", 1) == [101, 102, 103, 104, 105]


def test_an_aborted_claim_sends_nothing_and_uses_no_number(tmp_path):
    with one_wire(tmp_path) as desk:
        talker = desk.hosts["talker"].actor.out
        desk.send(1)
        talker.claim("numbers")["order_id"] = 666
        talker.abort("numbers")
        desk.send(2)

        first, second = desk.take(), desk.take()
        assert (first["order_id"], second["order_id"]) == (1, 2)
        assert header_of(second)["seq"] == header_of(first)["seq"] + 1
        assert desk.take() is None
        assert desk.wires[0]["missing"] == 0 and desk.wires[0]["offered"] == 2


def test_a_commit_without_a_claim_sends_nothing(tmp_path):
    with one_wire(tmp_path) as desk:
        desk.hosts["talker"].actor.out.commit("numbers")
        assert desk.take() is None and desk.wires[0]["offered"] == 0


def test_a_claim_that_was_forgotten_is_given_back_by_the_next(tmp_path):
    with one_wire(tmp_path) as desk:
        talker = desk.hosts["talker"].actor.out
        for _ in range(3):
            talker.claim("numbers")["order_id"] = 666
        talker.claim("numbers")["order_id"] = 1
        talker.commit("numbers")
        assert desk.take_all() == [1]


def test_a_claim_begins_with_an_empty_body(tmp_path):
    with one_wire(tmp_path) as desk:
        for _ in range(50):  # memory that the allocator gives again
            body = desk.hosts["talker"].actor.out.claim("numbers")
            assert not body.tobytes().strip(b"\0")
            body["order_id"] = body["price_e4"] = body["quantity"] = 0x55555555
            desk.hosts["talker"].actor.out.abort("numbers")


def test_the_header_says_who_sent_it_when_and_because_of_what(tmp_path):
    actors = {"talker": ACTORS["talker"], "relay": "relay_actors:Relay",
              "listener": ACTORS["listener"]}
    plan = plan_of(tmp_path, actors, [W("talker/numbers", "relay/numbers"),
                                      W("relay/numbers", "listener/numbers")])
    with InProcess(plan) as desk:
        desk.send(1)
        desk.send(2)
        eventually(lambda: desk.turn("relay"), what="the relay's turn")
        first, second = desk.take(), desk.take()
        port_of_talker, port_of_relay = 1, 17  # 16 ports an actor, from 1
        for seq, body in enumerate((first, second), start=1):
            header = header_of(body)
            assert header["seq"] == seq and header["epoch"] == 1
            assert header["port"] == port_of_relay
            assert header["cause"] == (port_of_talker << 48) | seq
        assert 0 < header_of(first)["sent_ns"] <= header_of(second)["sent_ns"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_consumers_next_incarnation_gets_nothing_meant_for_the_last(tmp_path, transport):
    """At a tcp address both listen, one after the other: a producer's old socket must not find the
    new one, or what was counted as lost would arrive after all."""
    with one_wire(tmp_path, transport=transport, capacity=1000) as desk:
        for number in range(1, 101):
            desk.send(number)
        desk.crash("listener", told=False)
        for number in range(101, 201):  # into a dead connection: nobody has noticed yet
            desk.send(number)
        desk.start("listener")
        for number in range(201, 301):  # now the wire knows that nobody is there
            desk.send(number)
        if transport == "shm":
            assert ring.next_message(desk.in_end().address) == 0, "the new consumer has the old ring"
        else:
            assert not desk.in_end().socket.poll(100), "the old connection found the new consumer"
        desk.connect()
        for number in range(301, 401):
            desk.send(number)
        assert desk.take_all(count=100) == list(range(301, 401))
        ledger = desk.ledger(quiescent=True)
        assert (ledger.sent, ledger.handled, ledger.unexplained) == (400, 100, 0)
        assert ledger.down >= 100 and ledger.lost + ledger.down == 300
        assert desk.take(force=1) is None


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_producers_next_incarnation_goes_on_where_the_last_is_forgotten(tmp_path, transport):
    with one_wire(tmp_path, transport=transport, capacity=1000) as desk:
        for number in range(1, 101):
            desk.send(number)
        arrived = desk.take_all(count=50)
        desk.restart("talker")
        for number in range(1001, 1011):  # until the consumer accepts it, it has no consumer
            desk.send(number)
        arrived += desk.connect()
        for number in range(2001, 2011):
            desk.send(number)
        arrived += desk.take_all(count=10)
        assert arrived == [*range(1, len(arrived) - 9), *range(2001, 2011)]
        ledger = desk.ledger(quiescent=True)
        assert ledger.down == 10 and ledger.unexplained == 0
        assert ledger.handled + ledger.stale + ledger.lost == 110


def test_a_message_of_an_earlier_incarnation_is_refused(tmp_path):
    with one_wire(tmp_path) as desk:
        desk.restart("talker")
        desk.connect()
        desk.send(1)
        late, body = OrderCommand.empty()
        body["order_id"] = 99
        body["header"]["epoch"], body["header"]["seq"] = 1, 50
        desk.stranger().send(late)
        desk.send(2)
        taken = desk.take_all(count=2)
        eventually(lambda: desk.take(force=1) is None and desk.wires[0]["foreign"] == 1,
                   what="the refusal")
        assert taken == [1, 2]
        assert desk.ledger(quiescent=True).unexplained == 0 and desk.wires[0]["missing"] == 0


def test_what_was_just_being_sent_when_the_consumer_changed_is_lost_and_counted(tmp_path):
    """The producer has looked and seen the old consumer; before it sends, the new one is there and
    has done its accounts."""
    with one_wire(tmp_path, transport="ipc") as desk:
        desk.crash("listener", told=False)
        desk.start("listener")
        assert desk.take() is None and wire.adopt_producer(desk.in_end().address)
        desk.wires[0]["c_epoch"] = 1  # what the producer saw
        desk.send(1)
        desk.wires[0]["c_epoch"] = 2
        assert desk.ledger().in_flight == 1
        desk.connect()
        desk.send(2)
        assert desk.take_all(count=1) == [2]
        ledger = desk.ledger(quiescent=True)
        assert (ledger.handled, ledger.lost, ledger.unexplained) == (1, 1, 0)


def test_what_arrives_after_it_was_given_up_is_stale_and_no_longer_lost(tmp_path):
    with one_wire(tmp_path) as desk:
        desk.send(1)
        late = desk.in_end().socket.recv()  # still under way when its sender dies
        desk.restart("talker")
        desk.connect()
        assert (desk.ledger().lost, desk.ledger().stale) == (1, 0)
        desk.stranger().send(late)
        eventually(lambda: desk.take(force=1) is None and desk.ledger().stale == 1)
        ledger = desk.ledger(quiescent=True)
        assert (ledger.sent, ledger.handled, ledger.lost, ledger.unexplained) == (1, 0, 0, 0)


def test_the_first_message_of_an_incarnation_is_announced_as_such(tmp_path):
    def news(desk):
        ctx = desk.hosts["listener"].ctx
        return int(ctx["new_epoch"]), int(ctx["missing"])

    with one_wire(tmp_path) as desk:
        said = []
        for _ in range(2):
            desk.send(1)
            desk.send(2)
            for _ in range(2):
                desk.take()
                said.append(news(desk))
            desk.restart("talker")
            desk.connect()
        assert said == [(1, 0), (0, 0)] * 2
