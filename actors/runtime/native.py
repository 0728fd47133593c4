"""What compiled code needs from below: memory by address, atomics, libzmq and libc calls.

pyzmq ships libzmq as a shared library. It is loaded once more for LLVM, so that kernels can name
its functions as external symbols: such kernels drive sockets that pyzmq made
(``socket.underlying``) and cache on disk, which a ctypes function pointer would prevent.

Pointers travel as int64 addresses throughout.
"""

import pathlib

import llvmlite.binding as llvm
import zmq
import zmq.backend  # loads libzmq into the process
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from schemas.pointer import address_to_pointer, kernel

__all__ = [
    "address_to_pointer", "call_handler", "fence_acquire", "fence_full", "fence_release", "load_acquire",
    "load_i64", "load_u8", "load_u32", "store_i64", "store_release", "kernel",
]

_I64 = ir.IntType(64)


def _load_libzmq() -> str:
    zmq.zmq_version()
    for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
        path = line.split()[-1]
        if "libzmq" in path and ".so" in path:
            llvm.load_library_permanently(path)
            return path
    raise ImportError("pyzmq does not use a shared libzmq here (pip install --force-reinstall "
                      "pyzmq brings a wheel that does)")


LIBZMQ = _load_libzmq()


@intrinsic
def call_handler(typingctx, address, ctx, message):
    """Calls the C function ``int64 f(int64, int64)`` at ``address``."""
    def codegen(context, builder, signature, args):
        function = ir.FunctionType(_I64, [_I64, _I64])
        pointer = builder.inttoptr(args[0], function.as_pointer())
        return builder.call(pointer, args[1:])
    return types.int64(types.int64, types.int64, types.int64), codegen


@intrinsic
def load_acquire(typingctx, address):
    """Atomic int64 load; nothing after it moves before it. 8-byte aligned address."""
    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.load_atomic(pointer, "acquire", 8)
    return types.int64(types.int64), codegen


@intrinsic
def store_release(typingctx, address, value):
    """Atomic int64 store; nothing before it moves after it. 8-byte aligned address."""
    def codegen(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], _I64.as_pointer())
        builder.store_atomic(args[1], pointer, "release", 8)
        return context.get_dummy_value()
    return types.void(types.int64, types.int64), codegen


def _fence(name: str, ordering: str, doc: str):
    def fence(typingctx):
        def codegen(context, builder, signature, args):
            builder.fence(ordering)
            return context.get_dummy_value()
        return types.void(), codegen
    fence.__name__, fence.__doc__ = name, doc
    return intrinsic(fence)


fence_acquire = _fence("fence_acquire", "acquire", "No load before it moves behind what follows.")
fence_full = _fence("fence_full", "seq_cst", "Nothing moves across it, not even a load ahead of a "
                    "store.")
fence_release = _fence("fence_release", "release", "No store after it moves before what precedes.")


def _plain_load(name: str, ir_type, numba_type, doc: str):
    def load(typingctx, address):
        def codegen(context, builder, signature, args):
            pointer = builder.inttoptr(args[0], ir_type.as_pointer())
            value = builder.load(pointer, align=1)
            return value if ir_type == _I64 else builder.zext(value, _I64)
        return numba_type(types.int64), codegen
    load.__name__, load.__doc__ = name, doc
    return intrinsic(load)


load_i64 = _plain_load("load_i64", _I64, types.int64, "int64 at any address.")
load_u32 = _plain_load("load_u32", ir.IntType(32), types.int64,
                       "uint32 at any address, as int64.")
load_u8 = _plain_load("load_u8", ir.IntType(8), types.int64, "Byte at an address, as int64.")


@intrinsic
def store_i64(typingctx, address, value):
    """Stores an int64 at any address."""
    def codegen(context, builder, signature, args):
        builder.store(args[1], builder.inttoptr(args[0], _I64.as_pointer()), align=1)
        return context.get_dummy_value()
    return types.void(types.int64, types.int64), codegen


def _external(name: str, result, *arguments):
    return types.ExternalFunction(name, result(*arguments))


_i, _l, _v = types.int32, types.int64, types.void

# libzmq 4.x, http://api.zeromq.org
zmq_msg_init = _external("zmq_msg_init", _i, _l)
zmq_msg_init_size = _external("zmq_msg_init_size", _i, _l, _l)
zmq_msg_data = _external("zmq_msg_data", _l, _l)
zmq_msg_size = _external("zmq_msg_size", _l, _l)
zmq_msg_copy = _external("zmq_msg_copy", _i, _l, _l)
zmq_msg_send = _external("zmq_msg_send", _i, _l, _l, _i)
zmq_msg_recv = _external("zmq_msg_recv", _i, _l, _l, _i)
zmq_msg_close = _external("zmq_msg_close", _i, _l)
zmq_getsockopt = _external("zmq_getsockopt", _i, _l, _i, _l, _l)

# POSIX
clock_gettime = _external("clock_gettime", _i, _i, _l)
sched_yield = _external("sched_yield", _i)
getpid = _external("getpid", _i)
kill = _external("kill", _i, _i, _i)
ppoll = _external("ppoll", _i, _l, _l, _l, _l)
recv = _external("recv", _l, _i, _l, _l, _i)
send = _external("send", _l, _i, _l, _l, _i)
read = _external("read", _l, _i, _l, _l)
write = _external("write", _l, _i, _l, _l)
close = _external("close", _i, _i)
errno_location = _external("__errno_location", _l)
memcpy = _external("memcpy", _l, _l, _l, _l)
memmove = _external("memmove", _l, _l, _l, _l)
memset = _external("memset", _l, _l, _i, _l)
epoll_wait = _external("epoll_wait", _i, _i, _l, _i, _i)
