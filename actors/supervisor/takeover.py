"""What a supervisor that begins finds: nothing, or a deployment whose supervisor is gone."""

from __future__ import annotations

import os
import select
import signal

from actors.runtime.pids import open_same
from actors.runtime.plan import Plan
from actors.supervisor.adoption import Found
from actors.supervisor.births import Birth, birth_of
from actors.supervisor.children import Children
from actors.supervisor.exit_status import describe_exit
from actors.supervisor.family import Family
from actors.supervisor.pages import Pages

__all__ = ["births_of", "end_fork_server", "find_processes"]

_END_S = 2.0


def births_of(plan: Plan) -> list[Birth]:
    """The last birth noted of each process of ``plan``."""
    births = (birth_of(plan.shm_dir, process.name) for process in plan.processes)
    return [birth for birth in births if birth is not None]


def end_fork_server(pages: Pages) -> None:
    """Ends the fork server that a supervisor left behind, if another than its own began."""
    pidfd = open_same(*pages.fork_server)
    if pidfd < 0:
        return
    try:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        select.select([pidfd], [], [], _END_S)
    except ProcessLookupError:
        pass
    finally:
        os.close(pidfd)


def find_processes(plan: Plan, pages: Pages, family: Family | None, server: int,
                   children: Children) -> dict[str, Found]:
    """What there is of each process; those that live are entered among ``children``.

    ``family``: the children of this supervisor's own fork server, ``server``, if it had any.
    """
    found = {}
    noted = {birth.process: birth for birth in births_of(plan)}
    for process in plan.processes:
        birth = noted.get(process.name)
        last = family.last_of(process.name) if family is not None else None
        if last is not None and (birth is None or last[1].incarnation >= birth.incarnation):
            pid, member = last
            lives = member.code is None
            if lives:
                children.adopt(process.name, member.incarnation, pid, os.pidfd_open(pid),
                               member.born_ns, server)
            found[process.name] = _found(pages, process.name, pid, member.incarnation, lives,
                                         member.code)
        elif birth is not None:
            pidfd = open_same(birth.pid, birth.began)
            if pidfd >= 0:
                children.adopt(process.name, birth.incarnation, birth.pid, pidfd, birth.born_ns)
            found[process.name] = _found(pages, process.name, birth.pid, birth.incarnation,
                                         pidfd >= 0, None)
    return found


def _found(pages: Pages, process: str, pid: int, incarnation: int, lives: bool,
           code: int | None) -> Found:
    if lives:
        return Found(incarnation, True)
    if code is None and pages.stopped(process, pid):
        code = 0
    if code is None:
        return Found(incarnation, False, True, "ended while nobody looked after it")
    text = describe_exit(code)
    return Found(incarnation, False, code != 0, code > 0 and pages.reason(process, pid) or text)
