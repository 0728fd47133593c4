"""Recorded messages in files, as Nasdaq publishes its days of ITCH 5.0 (BinaryFILE).

``read`` takes a whole file into one buffer with the place of every message in it, ``stream`` a file
of any size chunk by chunk, ``write`` and ``Writer`` make files; ``pack`` and ``unpack`` do small
ones in plain Python::

    day = binary_file.read("01302019.NASDAQ_ITCH50.gz")
    adds = day.types == ord("A")
    handle(day.buffer.ctypes.data + day.offsets[0], day.lengths[0])      # a kernel, on an address
    print(len(day), "messages;", day.end.text)

    for chunk in binary_file.stream("01302019.NASDAQ_ITCH50"):           # in bounded memory
        replay(chunk.buffer, chunk.offsets, chunk.lengths)

A file may be compressed with gzip, and may hold its messages without lengths (``Framing.RAW``);
both are told from its first bytes. A file that ends in the middle of a message, or is damaged,
gives what came before, and ``end`` says what is wrong and where.
"""

from schemas.venue.binary_file import files, framing, messages, writing
from schemas.venue.binary_file.files import *  # noqa: F403
from schemas.venue.binary_file.framing import *  # noqa: F403
from schemas.venue.binary_file.messages import *  # noqa: F403
from schemas.venue.binary_file.writing import *  # noqa: F403

__all__ = [*files.__all__, *framing.__all__, *messages.__all__, *writing.__all__]
