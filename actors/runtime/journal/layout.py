"""What lies where in a journal's files, and in the memory of who writes one.

A journal is a folder of segments of equal size and of checkpoints::

    segment-00000007          SEGMENT (128 bytes) │ record │ record │ ... │ zeros
    segment-00000008          the next; made ready, zeroed and with its space reserved, before
    checkpoint-0000000000012345   the state before record 12345, see :mod:`.checkpoints`

    record   0   word      length of the payload | type << 32 | COMMITTED, written last
             8   sequence  1, 2, 3 ... over all segments
             16  time_ns   whatever clock the writer uses
             24  checksum  over salt, word, sequence, time and payload
             32  payload, filled up with zeros to 8 bytes

A word of 0 means that nothing is committed there: the journal ends. A record of type SEGMENT_END
says that the next segment follows; it has no sequence number of its own but the next record's.

The checksum is 64 bits, see :func:`.kernels.mix`: it finds every damage that lies within one
aligned word of 8 bytes, and any other but for 1 in 2**64. The salt, drawn at random for each
journal, keeps records of another journal, or made up by a client in a payload, from being taken
for records of this one.
"""

import numpy as np

__all__ = ["COMMITTED", "DURABILITIES", "JOURNAL", "MAGIC", "MAX_PAYLOAD", "RECORD_HEADER",
           "SEGMENT", "SEGMENT_END", "SEGMENT_HEADER", "SMALLEST_SEGMENT", "VERSION", "WORDS"]

#: What survives what. ``none``: no journal. ``process``: the kill of the process, at any
#: instruction. ``disk``: the machine's end as well, up to the position synced.
DURABILITIES = ("none", "process", "disk")

MAGIC = int.from_bytes(b"PWJOURNL", "little")
VERSION = 1

#: The header of a segment; ``check`` is over what precedes it.
SEGMENT = np.dtype([
    ("magic", "i8"), ("version", "i8"), ("size", "i8"), ("number", "i8"), ("salt", "i8"),
    ("wall_ns", "i8"), ("reserved", "i8", (1,)), ("kind", "S32"), ("padding", "i8", (4,)),
    ("check", "i8"),
])
SEGMENT_HEADER = 128
assert SEGMENT.itemsize == SEGMENT_HEADER
SMALLEST_SEGMENT = 1 << 16

RECORD_HEADER = 32
COMMITTED = np.int64(1 << 62)
SEGMENT_END = np.int64(0xFFFF)
#: The longest payload; a segment must have room for it.
MAX_PAYLOAD = 1 << 24

#: Who writes: one thread's kernels, but for ``next_*`` (offered by the housekeeper, taken by the
#: kernel, which sets ``next_base`` to 0) and ``synced`` (by who syncs). ``base`` is the address of
#: the segment ``number`` of ``size`` bytes, ``at`` the offset in it of the next record, which gets
#: the number ``sequence``; ``claimed`` is its payload's length, -1 for none. ``stalled`` counts
#: claims refused for want of a segment, ``records`` and ``bytes`` those written since opening.
#: ``synced`` is the sequence number below which everything is on the disk. Without a journal
#: ``size`` is 0, and ``base`` has room for one record of ``room`` bytes.
JOURNAL = np.dtype([
    ("base", "i8"), ("size", "i8"), ("number", "i8"), ("at", "i8"), ("sequence", "i8"),
    ("salt", "i8"), ("claimed", "i8"), ("stalled", "i8"), ("records", "i8"), ("bytes", "i8"),
    ("room", "i8"), ("_w_pad", "i8", (5,)),
    ("next_base", "i8"), ("next_number", "i8"), ("_n_pad", "i8", (14,)),
    ("synced", "i8"), ("_s_pad", "i8", (15,)),
])
assert JOURNAL.itemsize == 384

#: Words that :func:`.kernels.scan` fills: offset, sequence, records, last time_ns.
WORDS = 4
