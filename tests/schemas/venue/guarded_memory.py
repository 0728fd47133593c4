"""Memory that ends where nothing may be touched, to show that kernels stay inside a message.

The last page is without access: a kernel that reads or writes one byte past the end of what it was
given stops the test run with a segmentation fault. Before the bytes lie canaries, to be counted.
"""

import ctypes
import mmap

CANARY = 0xC5
CANARIES = 64  # bytes looked at before the data
PROT_NONE = 0  # the same on every Unix; the mmap module does not name it
ROOM = 40 * mmap.PAGESIZE


class GuardedMemory:
    def __init__(self):
        self._map = mmap.mmap(-1, ROOM + mmap.PAGESIZE)
        self._bytes = (ctypes.c_ubyte * ROOM).from_buffer(self._map)
        self._start = ctypes.addressof(self._bytes)
        self._used = 0
        libc = ctypes.CDLL(None, use_errno=True)
        guard = ctypes.c_void_p(self._start + ROOM)
        if libc.mprotect(guard, ctypes.c_size_t(mmap.PAGESIZE), PROT_NONE) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")
        ctypes.memset(self._start, CANARY, ROOM)

    def place(self, data: bytes) -> int:
        """Put ``data`` right before the guard; its address."""
        assert len(data) + CANARIES <= ROOM
        ctypes.memset(self._start + ROOM - self._used, CANARY, self._used)
        self._used = len(data)
        address = self._start + ROOM - len(data)
        ctypes.memmove(address, data, len(data))
        return address

    def room(self, length: int) -> int:
        """The address of ``length`` bytes to write, filled with canaries."""
        return self.place(bytes([CANARY]) * length)

    def content(self) -> bytes:
        """What lies in the bytes last placed or made room for."""
        return ctypes.string_at(self._start + ROOM - self._used, self._used)

    def canaries_alive(self) -> bool:
        """Whether the bytes before are untouched."""
        before = ctypes.string_at(self._start + ROOM - self._used - CANARIES, CANARIES)
        return before == bytes([CANARY]) * CANARIES
