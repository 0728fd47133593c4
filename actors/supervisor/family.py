"""Which children a fork server has: what it tells a new supervisor, by being copied into it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Family", "Member"]


@dataclass(frozen=True)
class Member:
    """One incarnation of a process, and how it ended: ``code`` is None while it lives."""

    process: str
    incarnation: int
    born_ns: int
    code: int | None = None


class Family:
    """The children by pid, from their birth until they are released. No pid of them can be another
    process's."""

    def __init__(self) -> None:
        self._members: dict[int, Member] = {}

    @property
    def living(self) -> tuple[int, ...]:
        return tuple(pid for pid, member in self._members.items() if member.code is None)

    def add(self, pid: int, member: Member) -> None:
        self._members[pid] = member

    def ended(self, pid: int, code: int) -> None:
        was = self._members[pid]
        self._members[pid] = Member(was.process, was.incarnation, was.born_ns, code)

    def forget(self, pid: int) -> None:
        del self._members[pid]

    def last_of(self, process: str) -> tuple[int, Member] | None:
        """The latest incarnation of ``process`` there was, with its pid; None if it has none."""
        known = [(pid, m) for pid, m in self._members.items() if m.process == process]
        return max(known, key=lambda item: item[1].incarnation, default=None)
