"""Reads tapped ports and prints, until enough was printed, time is up or the deployment ends."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import select
import time
from collections.abc import Iterator, Sequence
from typing import TextIO

import numpy as np
from rich.console import Console
from rich.text import Text

from actors.runtime.clock import NS, monotonic_ns
from actors.runtime.tap import TapReader
from launcher.cli.errors import Failure
from launcher.cli.exit_codes import ExitCode
from launcher.operate.deployment import Deployment
from launcher.operate.render import actor_style
from launcher.tap.ports import TappedPort
from launcher.tap.selection import Selection

__all__ = ["Tap"]

_POLL_MS = 5
_ASK_EVERY_NS = 250_000_000     # a producer that does not answer is asked again
_PATIENCE_NS = NS               # then say who is waited for
_TELL_SKIPPED_EVERY_NS = NS
_AT_ONCE = 1024                 # messages of each port that are put in order together


class _Source:
    """One port, how far it has been read, and what has been said about it."""

    def __init__(self, deployment: Deployment, port: TappedPort):
        self.port = port
        try:
            self.reader = TapReader(deployment.plan.shm_dir, port.actor, port.port, port.message)
        except OSError as error:
            raise Failure(f"cannot make a tap for {port} in {deployment.plan.shm_dir}: "
                          f"{error.strerror}") from None
        except ValueError as error:
            raise Failure(str(error)) from None
        self.epoch = 0          # of the last message, or of who was heard of last
        self.told_skipped = 0
        self.ended = False


class Tap:
    """A tap on ``ports``, which all send the same type of message.

    Lines go to ``output``; what there is to say about them to ``console``.
    """

    def __init__(self, deployment: Deployment, ports: Sequence[TappedPort], selection: Selection,
                 output: TextIO, console: Console):
        self._deployment, self._selection = deployment, selection
        self._output, self._console = output, console
        self._hang_up = _hang_up_poll(output)
        self._sources = [_Source(deployment, port) for port in ports]
        self._began_ns = monotonic_ns()
        self._asked_ns = self._told_skipped_ns = 0
        self._told_who_is_missing = self._broken_pipe = False
        self.printed = 0

    @property
    def skipped(self) -> int:
        """Messages that came faster than they were read: they are not known."""
        return sum(source.reader.skipped for source in self._sources)

    def run(self, count: int | None = None, for_ns: int | None = None) -> None:
        """Prints ``count`` messages at most, for ``for_ns`` at most.

        :class:`Failure` (TIMED_OUT) if no actor that sends was there in that time.
        """
        while not self._broken_pipe and (count is None or self.printed < count):
            over = for_ns is not None and monotonic_ns() >= self._began_ns + for_ns
            ended = self._has_ended()  # asked before the last read: nothing comes after it
            self._ask()
            came = self._print_what_came(None if count is None else count - self.printed)
            self._tell_skipped(_TELL_SKIPPED_EVERY_NS)
            if over:
                break
            if came:
                continue
            self._follow_epochs()
            if ended:
                self._note(f"the deployment of {self._deployment.topology} has ended")
                break
            self._wait()
        self._tell_skipped(0)
        if for_ns is not None and not any(source.epoch for source in self._sources):
            missing = " and ".join(source.port.actor for source in self._sources)
            raise Failure(f"{missing} did not run", code=ExitCode.TIMED_OUT)

    def close(self) -> None:
        for source in self._sources:
            source.reader.close()

    # ---- messages ----------------------------------------------------------------------------

    def _print_what_came(self, most: int | None) -> int:
        """Prints up to ``most`` of the messages that are there; returns how many were read."""
        came = 0
        for source, bodies in self._runs():
            came += len(bodies)
            self._heard_of(source, int(bodies["header"]["epoch"][0]))
            chosen = np.flatnonzero(self._selection.matches(bodies))
            if most is not None:
                chosen = chosen[:most]
                most -= len(chosen)
            self._print([self._selection.line(source.port.shown_as, bodies[i]) for i in chosen])
            if self._broken_pipe or most == 0:
                break
        return came

    def _runs(self) -> Iterator[tuple[_Source, np.ndarray]]:
        """What is there, in the order in which it was sent, in runs of one port and one epoch."""
        read = [source.reader.read(_AT_ONCE) for source in self._sources]
        bodies = np.concatenate(read)
        owners = np.repeat(np.arange(len(read)), [len(part) for part in read])
        if len(read) > 1:
            order = np.argsort(bodies["header"]["sent_ns"], kind="stable")
            bodies, owners = bodies[order], owners[order]
        changes = (np.diff(owners) != 0) | (np.diff(bodies["header"]["epoch"]) != 0)
        bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(bodies)]
        for begin, end in itertools.pairwise(bounds):
            if end > begin:
                yield self._sources[owners[begin]], bodies[begin:end]

    def _print(self, lines: list[str]) -> None:
        if not lines:
            return
        try:
            self._output.write("\n".join(lines) + "\n")
            self._output.flush()
            self.printed += len(lines)
        except BrokenPipeError:  # whoever read it has seen enough
            self._broken_pipe = True
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._output.fileno())

    # ---- what is said about them -------------------------------------------------------------

    def _heard_of(self, source: _Source, epoch: int) -> None:
        """Says from which incarnation the next messages come, if it is another one."""
        if epoch == source.epoch:
            return
        actor, before = source.port.actor, source.epoch
        source.epoch, source.ended = epoch, False
        if before == 0:
            self._note(f"{source.port}: {source.port.message.name}, epoch {epoch}")
        else:
            self._note(f"──── {actor} epoch {epoch} ────", actor_style(actor))

    def _follow_epochs(self) -> None:
        """For when nothing comes: are there successors, or is there nobody?"""
        for source in self._sources:
            active = source.reader.active
            if active:
                self._heard_of(source, active)
            elif source.epoch and not source.ended:
                source.ended = True
                self._note(f"{source.port.actor} has ended; its next epoch is waited for")
        if not self._told_who_is_missing and monotonic_ns() > self._began_ns + _PATIENCE_NS:
            self._told_who_is_missing = True
            for missing in [source for source in self._sources if not source.epoch]:
                self._note(f"{missing.port.actor} is waited for")

    def _tell_skipped(self, every_ns: int) -> None:
        now = monotonic_ns()
        if now < self._told_skipped_ns + every_ns:
            return
        for source in self._sources:
            new = source.reader.skipped - source.told_skipped
            if new > 0:
                source.told_skipped += new
                self._told_skipped_ns = now
                self._note(f"{new:,} messages of {source.port} skipped: they came faster than they "
                           f"were read", "yellow")

    def _note(self, text: str, style: str = "dim") -> None:
        self._console.print(Text(text, style))

    # ---- waiting -----------------------------------------------------------------------------

    def _ask(self) -> None:
        """Asks the actors that do not send yet to do so."""
        now = monotonic_ns()
        if now < self._asked_ns + _ASK_EVERY_NS:
            return
        self._asked_ns = now
        for source in self._sources:
            vitals = self._deployment.vitals(source.port.actor)
            if vitals is not None and source.reader.active != int(vitals.header["epoch"]):
                TapReader.request(vitals)

    def _has_ended(self) -> bool:
        """Whether the deployment is over, in good order or because all of it was killed."""
        return self._sources[0].reader.gone or not self._deployment.is_running

    def _wait(self) -> None:
        """Sleeps a little, or finds that nobody reads the output any more."""
        if self._hang_up is None:
            time.sleep(_POLL_MS / 1000)
        elif self._hang_up.poll(_POLL_MS):
            self._broken_pipe = True


def _hang_up_poll(output: TextIO) -> select.poll | None:
    """Tells when the other end of ``output`` is closed, if that is a file of the system."""
    try:
        poll = select.poll()
        poll.register(output.fileno(), 0)
        return poll
    except (io.UnsupportedOperation, AttributeError, ValueError):
        return None
