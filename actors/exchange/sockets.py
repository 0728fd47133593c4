"""The socket calls of the serving kernels, and Linux's constants and layout for them.

Edge-triggered epoll, one registration for a session's life: what a session still has to read or to
send is kept in its record, so nothing is re-armed and a socket that is full costs nothing until it
says that it has room again (epoll(7)).
"""

import platform

from numba import types

from actors.book.memory import kernel
from actors.runtime.native import load_i64, store_i64

__all__ = ["EAGAIN", "EINTR", "ENOBUFS", "EPOLLERR", "EPOLLHUP", "EPOLLIN", "EPOLLOUT",
           "EPOLLRDHUP", "EVENT_BYTES", "SEND_FLAGS", "RECEIVE_FLAGS", "epoll_add", "epoll_delete",
           "event_flags", "event_slot", "recvfrom", "sendto", "shutdown"]

EAGAIN, EINTR, ENOBUFS = 11, 4, 105
EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP = 0x1, 0x4, 0x8, 0x10, 0x2000
_EPOLLET = 1 << 31
_ADD, _DELETE = 1, 2
RECEIVE_FLAGS = 0x40         # MSG_DONTWAIT
SEND_FLAGS = 0x40 | 0x4000   # MSG_DONTWAIT | MSG_NOSIGNAL

#: struct epoll_event is packed on x86-64 and naturally aligned elsewhere.
_DATA_AT = 4 if platform.machine() == "x86_64" else 8
EVENT_BYTES = _DATA_AT + 8

_i, _l = types.int32, types.int64
_epoll_ctl = types.ExternalFunction("epoll_ctl", _i(_i, _i, _i, _l))
shutdown = types.ExternalFunction("shutdown", _i(_i, _i))
sendto = types.ExternalFunction("sendto", _l(_i, _l, _l, _i, _l, _i))
recvfrom = types.ExternalFunction("recvfrom", _l(_i, _l, _l, _i, _l, _l))


# --- kernels ----------------------------------------------------------------------------------


@kernel
def epoll_add(epoll_fd, fd, slot, scratch):
    """Watch ``fd``, whose events will carry ``slot``. ``scratch``: 16 writable bytes. 0 or -1."""
    store_i64(scratch, EPOLLIN | EPOLLOUT | EPOLLRDHUP | _EPOLLET)
    store_i64(scratch + _DATA_AT, slot)
    return _epoll_ctl(_i(epoll_fd), _i(_ADD), _i(fd), scratch)


@kernel
def epoll_delete(epoll_fd, fd, scratch):
    """Watch ``fd`` no more."""
    return _epoll_ctl(_i(epoll_fd), _i(_DELETE), _i(fd), scratch)


@kernel
def event_flags(events, n):
    """What happened, of event number ``n`` at address ``events``."""
    return load_i64(events + n * EVENT_BYTES) & 0xFFFFFFFF


@kernel
def event_slot(events, n):
    """To whom: the ``slot`` given to :func:`epoll_add`."""
    return load_i64(events + n * EVENT_BYTES + _DATA_AT)
