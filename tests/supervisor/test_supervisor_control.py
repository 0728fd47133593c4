"""The control socket answers whatever arrives, and the client says clearly when nobody does."""

from __future__ import annotations

import json
import socket
import threading

import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.supervisor.client import ControlClient, ControlError, NotRunning
from actors.supervisor.control import ControlServer, RequestError, signal_number
from actors.supervisor.events import EventLog, read_events

FIXTURE = [HealthCheck.function_scoped_fixture]  # one server for all examples is meant


def refuse(request):
    raise RequestError("no_luck", "not today")


def fail(request):
    raise ZeroDivisionError("our own fault")


VERBS = {"ping": lambda request: {"pid": 7}, "echo": dict, "refuse": refuse, "fail": fail,
         "silence": lambda request: {"ok": True}}


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run folder whose control socket is served by a thread."""
    folder = tmp_path_factory.mktemp("run")
    context = zmq.Context()
    server = ControlServer(context, f"ipc://{folder}/control.sock", VERBS)
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            if server.socket.poll(20):
                server.serve()
        server.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield folder
    stop.set()
    thread.join()
    context.term()


@pytest.fixture(scope="module")
def raw(run_dir):
    """Sends frames as they are and returns the answer's last frame, parsed."""
    context = zmq.Context()
    dealer = context.socket(zmq.DEALER)
    dealer.connect(f"ipc://{run_dir}/control.sock")

    def ask(*frames: bytes):
        dealer.send_multipart(frames)
        assert dealer.poll(5000), "no answer"
        return json.loads(dealer.recv_multipart()[-1])

    yield ask
    dealer.close(linger=0)
    context.term()


@pytest.mark.parametrize("frame", [
    b"", b"{", b"[]", b"null", b"17", b'"ps"', b"\xff\xfe", b"{}", b'{"verb": 3}',
    b'{"verb": ["ps"]}', b'{"verb": null}', b"[" * 60_000,
    b'{"verb": "nonsense"}', b'{"verb": "PING"}'])
def test_malformed_requests_get_an_error_in_reply(raw, frame):
    reply = raw(frame)
    assert reply["ok"] is False and reply["error"]
    assert reply["code"] in ("bad_request", "unknown_verb")
    assert raw(b'{"verb": "ping"}') == {"ok": True, "pid": 7}


@settings(max_examples=100, deadline=None, suppress_health_check=FIXTURE)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_any_frames_get_exactly_one_answer(raw, frames):
    assert raw(*frames)["ok"] is False


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats()
                           | st.text(max_size=9),
                           lambda inner: st.lists(inner, max_size=3)
                           | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6)


@settings(max_examples=100, deadline=None, suppress_health_check=FIXTURE)
@given(st.dictionaries(st.sampled_from(["verb", "id", "actor", "signal", "since"]), json_values))
def test_any_json_object_gets_an_answer(raw, request_fields):
    reply = raw(json.dumps(request_fields).encode())
    assert isinstance(reply["ok"], bool)


def test_a_req_socket_is_answered_too(run_dir):
    context = zmq.Context()
    with context.socket(zmq.REQ) as req:
        req.connect(f"ipc://{run_dir}/control.sock")
        req.send(b'{"verb": "ping", "id": "a"}')
        assert req.poll(5000)
        assert json.loads(req.recv()) == {"ok": True, "pid": 7, "id": "a"}
    context.term()


def test_a_fault_in_a_verb_is_answered_and_survived(raw):
    assert raw(b'{"verb": "fail"}')["code"] == "internal"
    assert raw(b'{"verb": "ping"}')["ok"]


# ---- the client ----------------------------------------------------------------------------------

def test_the_client_returns_the_replys_fields(run_dir):
    with ControlClient(run_dir) as client:
        assert client.request("ping") == {"pid": 7}
        assert client.request("echo", actor="risk")["actor"] == "risk"


def test_the_client_raises_what_the_supervisor_refused(run_dir):
    with ControlClient(run_dir) as client, pytest.raises(ControlError) as refused:
        client.request("refuse")
    assert refused.value.code == "no_luck" and str(refused.value) == "not today"


def test_without_a_deployment_the_client_says_so(tmp_path):
    with ControlClient(tmp_path) as client, pytest.raises(
            NotRunning, match=f"no deployment is running for {tmp_path}"):
        client.ps()


def test_a_socket_that_a_dead_supervisor_left_is_no_deployment(tmp_path):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/control.sock")
    with ControlClient(tmp_path, timeout=0.1) as client, pytest.raises(NotRunning):
        client.ps()


def test_a_supervisor_that_does_not_answer_is_told_from_none(tmp_path):
    context = zmq.Context()
    with context.socket(zmq.ROUTER) as silent:
        silent.bind(f"ipc://{tmp_path}/control.sock")
        with ControlClient(tmp_path, timeout=0.1) as client, pytest.raises(ControlError) as refused:
            client.ps()
    context.destroy(linger=0)
    assert refused.value.code == "timeout"
    assert "did not answer within 0.1 s" in str(refused.value)


@pytest.mark.parametrize("word", ["KILL", "sigkill", "SIGKILL", 9, "9"])
def test_signals_are_called_as_people_call_them(word):
    assert signal_number(word) == 9


@pytest.mark.parametrize("word", ["KIL", "", 0, 999, True, None, [], 1.5])
def test_what_is_no_signal_is_refused(word):
    with pytest.raises(RequestError, match="no signal"):
        signal_number(word)


# ---- events --------------------------------------------------------------------------------------

def test_events_are_numbered_and_read_from_where_one_left_off(tmp_path):
    log = EventLog(tmp_path, capacity=3)
    for kind in "abcde":
        log.add(kind=kind)
    kept = [{"n": 3, "kind": "c"}, {"n": 4, "kind": "d"}, {"n": 5, "kind": "e"}]
    assert log.since(0) == (kept, 2)
    assert log.since(4) == ([{"n": 5, "kind": "e"}], 0)
    assert log.since(5) == ([], 0)
    assert log.since(99) == ([], 0)
    assert [event["kind"] for event in read_events(tmp_path)] == list("abcde"), "the file has all"


def test_the_next_supervisor_numbers_its_events_on(tmp_path):
    first = EventLog(tmp_path)
    first.add(kind="a")
    first.close()
    with (tmp_path / "events" / "events.jsonl").open("a") as file:
        file.write('{"n": 2, "ki')  # cut short by a crash, and the next line with it
    second = EventLog(tmp_path)
    assert [second.add(kind=kind)["n"] for kind in "bc"] == [2, 3]
    assert [event["kind"] for event in read_events(tmp_path)] == ["a", "b", "c"]


def test_events_fill_two_files_and_no_more(tmp_path):
    log = EventLog(tmp_path, largest_bytes=1_000)
    for n in range(500):
        log.add(kind="dropped", text=f"{n} messages")
    files = list((tmp_path / "events").iterdir())
    assert len(files) == 2 and sum(file.stat().st_size for file in files) <= 2_000
    numbers = [event["n"] for event in read_events(tmp_path)]
    assert numbers == list(range(numbers[0], 501)) and log.unwritten == 0
