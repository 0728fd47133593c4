"""How many orders a second an exchange takes over a connection: one client that never waits."""

from __future__ import annotations

import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

from actors.exchange import ExchangeConfig
from actors.exchange.actor import PORTS
from actors.runtime.plan import ActorPlan, Plan, ProcessPlan, ThreadPlan
from actors.runtime.vitals import Vitals, map_deployment, map_table, map_wires
from schemas.enums import ActorState
from schemas.venue import ouch50, soupbintcp
from schemas.venue.soupbintcp import LoginRequest

__all__ = ["OrderRate"]

_STARTING_S, _ANSWERING_S = 180, 60
_AWAKE_NS = 10_000_000  # without an order for so long, the exchange sleeps


class OrderRate:
    """An exchange in a process of its own, without a flow, and a client that is logged in. The
    orders are immediate and find nobody: each is accepted and cancelled."""

    def __init__(self, **journal):
        self._scratch = tempfile.TemporaryDirectory(prefix="pitwire-bench-")
        folder = pathlib.Path(self._scratch.name)
        config = ExchangeConfig(order_entry="127.0.0.1:0", market_data="127.0.0.1:0",
                                flow={"kind": "synthetic", "rate": 0}, journal=journal)
        actor = ActorPlan("exchange", 0, "actors.exchange:Exchange",
                          config.model_dump(mode="json"), "exchange", "exchange")
        thread = ThreadPlan("exchange", ("exchange",), wait="yielding", spin_ns=_AWAKE_NS)
        plan = Plan("bench", "", str(folder), str(folder), ("AAPL",), (actor,),
                    (ProcessPlan("exchange", (thread,)),), ())
        (folder / "plan.json").write_text(plan.to_json())
        (folder / "logs").mkdir()
        map_wires(folder, 0, create=True)
        map_deployment(folder, create=True)
        self._process = subprocess.Popen([sys.executable, "-m", "actors.runtime.process",
                                          str(folder / "plan.json"), "exchange"])
        self._wait_ready(folder)
        port = int(map_table(folder, "exchange", "ports", PORTS, (1,))["order_entry"][0])
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.settimeout(_ANSWERING_S)
        self._socket.sendall(LoginRequest("DESK01", "PITWIRE", "", 0).encode())
        self._socket.recv(64)
        self._next_ref = 1
        time.sleep(0.05)
        self.answer_bytes = self._count_answer_bytes()

    def _wait_ready(self, folder: pathlib.Path) -> None:
        until = time.monotonic() + _STARTING_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if Vitals(folder / "exchange.vitals").header["state"] == ActorState.RUNNING:
                    return
            except (OSError, ValueError):
                pass  # not there yet
            time.sleep(0.01)
        raise RuntimeError("the exchange did not start")

    def fileno(self) -> int:
        """The connection's descriptor."""
        return self._socket.fileno()

    def orders(self, n: int) -> bytes:
        """The next ``n`` orders in their packets, all of one length."""
        one = np.frombuffer(soupbintcp.packet(soupbintcp.UNSEQUENCED_DATA, ouch50.encode_in(
            "O", user_ref_num=1, side="B", quantity=100, symbol="AAPL", price=1_000_000,
            time_in_force="3", display="Y", capacity="P", intermarket_sweep_eligibility="N",
            cross_type="N", cl_ord_id="BENCH", appendage=[])), np.uint8)
        many = np.tile(one, (n, 1))
        at = 3 + ouch50.ENTER_ORDER_USER_REF_NUM
        refs = np.arange(self._next_ref, self._next_ref + n).astype(">u4")
        many[:, at:at + 4] = refs.view(np.uint8).reshape(n, 4)
        self._next_ref += n
        return many.tobytes()

    def _count_answer_bytes(self) -> int:
        """What an order's two answers come to, with their packets."""
        self._socket.sendall(self.orders(1))
        received, kinds = b"", []
        while len(kinds) < 2:
            received += self._socket.recv(4096)
            kinds = [body for kind, body in soupbintcp.split(received)[0]
                     if kind == soupbintcp.SEQUENCED_DATA]
        return sum(3 + len(body) for body in kinds)

    def measure(self, n: int) -> float:
        """Orders a second, from the first sent to the last answered."""
        data, wanted = self.orders(n), n * self.answer_bytes
        buffer = bytearray(1 << 20)
        began = time.perf_counter()
        sender = threading.Thread(target=self._socket.sendall, args=(data,))
        sender.start()
        while wanted > 0:
            wanted -= self._socket.recv_into(buffer)
        took = time.perf_counter() - began
        sender.join()
        return n / took

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(20)
        self._scratch.cleanup()
