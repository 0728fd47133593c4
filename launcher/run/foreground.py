"""A process of a deployment in the foreground: its log on stderr, Ctrl-C stops it in good order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from loguru import logger
from rich.console import Console

from actors.runtime.logs import log_line
from actors.runtime.plan import Plan
from actors.runtime.process import ProcessHost
from launcher.operate.logs import parse_line
from launcher.operate.render import LogPrinter

__all__ = ["ForegroundProcess", "log_to_console"]

_SLOW_BUILD_S = 1.5


def log_to_console(console: Console, debug: bool = False) -> None:
    """Sends what this process logs to ``console``, in the form of ``pitwire logs``."""
    printer = LogPrinter(console, debug)
    logger.remove()
    logger.add(lambda message: printer.print(parse_line(log_line(message.record), "system", 0)),
               level="DEBUG", format="{message}", catch=True)


class ForegroundProcess(ProcessHost):
    """Runs one process of ``plan`` in this one until it is stopped or ``finished`` says so.

    ``every_turn`` is called by the housekeeper on every turn.
    """

    def __init__(self, plan: Plan, process: str, console: Console,
                 finished: Callable[[], bool] = lambda: False,
                 every_turn: Callable[[], None] = lambda: None):
        super().__init__(plan, process)
        self._console = console
        self._finished, self._every_turn = finished, every_turn

    @property
    def failure(self) -> str:
        """Why it failed, if it did."""
        reasons = (host.vitals.header["reason"].item().decode(errors="replace")
                   for host in self.hosts)
        return next(filter(None, reasons), "")

    def request_stop(self) -> None:
        """Stops in good order at the next turn."""
        self._request_stop()

    def _build(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        notice = threading.Timer(_SLOW_BUILD_S, self._console.print,
                                 ("compiling kernels; the next start finds them on disk",))
        notice.daemon = True
        notice.start()
        try:
            super()._build()
        finally:
            notice.cancel()
        signal.signal(signal.SIGINT, lambda *_: self._request_stop())

    def _commanded_to_stop(self) -> bool:
        self._every_turn()
        return self._finished() or super()._commanded_to_stop()
