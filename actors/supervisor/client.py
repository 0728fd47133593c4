"""Talks to a running supervisor. Imports ZeroMQ only, so that commands answer at once."""

from __future__ import annotations

import json
import os
import pathlib
import time
from collections.abc import Callable
from typing import Any

import zmq

__all__ = ["ControlClient", "ControlError", "NotRunning"]

CONTROL_SOCKET = "control.sock"


class ControlError(RuntimeError):
    """The supervisor refused, or did not answer. ``code`` is for programs, the text for people:
    ``unknown_actor``, ``not_running``, ``stopping``, ``bad_signal``, ``bad_request``,
    ``timeout``."""

    def __init__(self, code: str, text: str):
        self.code = code
        super().__init__(text)


class NotRunning(ControlError):
    """No supervisor serves this run folder."""

    def __init__(self, run_dir: str | os.PathLike[str]):
        super().__init__("no_deployment", f"no deployment is running for {os.fspath(run_dir)}")


class ControlClient:
    """One connection to the supervisor of the deployment in ``run_dir``; close it, or use ``with``.

    Every call waits at most ``timeout`` s for its answer and raises :class:`ControlError`.
    """

    def __init__(self, run_dir: str | os.PathLike[str], timeout: float = 2.0):
        self.run_dir, self.timeout = pathlib.Path(run_dir), timeout
        self._context = zmq.Context.instance()
        self._socket: zmq.Socket | None = None
        self._id = 0

    def __enter__(self) -> ControlClient:
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close(linger=0)
            self._socket = None

    # ---- verbs -------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """``stage`` (PREPARING, STARTING, ENABLED, DRAINING, STOPPING), ``progress`` of compiling
        (done, total, compiled, name), ``trading_enabled``, ``reason``, ``waiting_for``, ..."""
        return self.request("status")

    def ps(self) -> list[dict[str, Any]]:
        """A row for each actor: actor, state, phase, pid, process, epoch, restarts, uptime_ns,
        handled, handled_per_s, queue, exit_status, reason (of the last end)."""
        return self.request("ps")["actors"]

    def row(self, actor: str) -> dict[str, Any]:
        """The row of one actor; ControlError if there is none."""
        for row in self.ps():
            if row["actor"] == actor:
                return row
        raise ControlError("unknown_actor", f"no actor {actor!r}")

    def events(self, since: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Events after number ``since``, and the number to ask from the next time."""
        reply = self.request("events", since=since)
        return reply["events"], reply["next"]

    def note(self, kind: str, text: str, actor: str = "", **data: Any) -> int:
        """Has something told among the events; returns its number."""
        return self.request("note", kind=kind, text=text, actor=actor, data=data)["n"]

    def kill(self, actor: str, signal: str | int = "KILL") -> dict[str, Any]:
        """Sends a signal to the actor's process; says which and who shares it."""
        return self.request("kill", actor=actor, signal=signal)

    def stop(self, actor: str) -> dict[str, Any]:
        """Wants the actor's process down."""
        return self.request("stop", actor=actor)

    def start(self, actor: str) -> dict[str, Any]:
        """Wants the actor's process up."""
        return self.request("start", actor=actor)

    def restart(self, actor: str) -> dict[str, Any]:
        """Wants the actor's process stopped and started again."""
        return self.request("restart", actor=actor)

    def shutdown(self, reason: str = "") -> dict[str, Any]:
        """Wants the whole deployment to end, orderly."""
        return self.request("shutdown", reason=reason)

    # ---- waiting -----------------------------------------------------------------------------

    def wait_until(self, actor: str, condition: Callable[[dict[str, Any]], bool],
                   timeout: float) -> dict[str, Any]:
        """Waits until the actor's row meets ``condition`` and returns it; ControlError with code
        ``timeout`` after ``timeout`` s."""
        deadline = time.monotonic() + timeout
        while True:
            row = self.row(actor)
            if condition(row):
                return row
            if time.monotonic() > deadline:
                raise ControlError("timeout", f"{actor} is {row['state']} after {timeout:g} s")
            time.sleep(0.01)

    # ---- asking ------------------------------------------------------------------------------

    def request(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """Sends a request and returns the reply's fields."""
        socket = self._connected()
        self._id += 1
        try:
            socket.send(json.dumps({"verb": verb, "id": self._id, **arguments}).encode(),
                        zmq.NOBLOCK)
            reply = self._reply(socket)
        except zmq.Again:
            self.close()
            raise self._no_answer() from None
        if not reply.pop("ok"):
            raise ControlError(reply["code"], reply["error"])
        reply.pop("id", None)
        return reply

    def _connected(self) -> zmq.Socket:
        path = self.run_dir / CONTROL_SOCKET
        if not path.exists():
            self.close()
            raise NotRunning(self.run_dir)
        if self._socket is None:
            self._socket = self._context.socket(zmq.DEALER)
            self._socket.setsockopt(zmq.LINGER, 0)
            self._socket.connect(f"ipc://{path}")
        return self._socket

    def _reply(self, socket: zmq.Socket) -> dict[str, Any]:
        """The answer to the last request: later answers to earlier ones are thrown away."""
        deadline = time.monotonic() + self.timeout
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            if not socket.poll(int(left * 1000)):
                raise zmq.Again
            reply = json.loads(socket.recv())
            if reply.get("id") == self._id:
                return reply

    def _no_answer(self) -> ControlError:
        if not _is_served(self.run_dir / CONTROL_SOCKET):
            return NotRunning(self.run_dir)
        return ControlError("timeout", f"the supervisor of {self.run_dir} did not answer within "
                                       f"{self.timeout:g} s")


def _is_served(path: pathlib.Path) -> bool:
    """Whether somebody listens at a socket file; a dead supervisor leaves it behind."""
    import socket

    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return False
    return True
