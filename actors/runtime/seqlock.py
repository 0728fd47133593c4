"""Memory that one thread writes and others, in any process, read whole: guarded by a version.

The version is odd while the writer is at work. A reader copies, and throws the copy away if the
version was odd or has changed. The writer never waits. Kernels on addresses (int64); a version is
an int64, 8-byte aligned. Source: H.-J. Boehm, Can seqlocks get along with programming language
memory models?, 2012.
"""

from actors.runtime.native import (
    fence_acquire, fence_release, kernel, load_acquire, load_i64, memcpy, store_release,
)

__all__ = ["begin_write", "copy_whole", "end_write"]


@kernel
def begin_write(version):
    """What the version guards is not whole from here to :func:`end_write`."""
    store_release(version, load_i64(version) | 1)
    fence_release()


@kernel
def end_write(version):
    store_release(version, (load_i64(version) | 1) + 1)


@kernel
def copy_whole(version, source, size, out, tries):
    """Copies ``size`` bytes at ``source`` to ``out`` as they were at one moment.

    Returns the version copied, or -1 if the writer was at work at each of ``tries`` tries.
    """
    for _ in range(tries):
        before = load_acquire(version)
        if before & 1:
            continue
        memcpy(out, source, size)
        fence_acquire()
        if load_i64(version) == before:
            return before
    return -1
