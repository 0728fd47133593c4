"""The records of MoldUDP64 1.00, field by field. They have no type byte."""

from schemas.venue.layouts import alpha, record, uint

__all__ = ["DOWNSTREAM_HEADER", "MESSAGE_BLOCK", "REQUEST"]

DOWNSTREAM_HEADER = record(
    "Downstream Packet",
    session=alpha(10),
    sequence_number=uint(8, "of the first message; of the next one if there is none"),
    message_count=uint(2, "0 heartbeat, 65535 end of session"),
)
MESSAGE_BLOCK = record(
    "Message Block", message_length=uint(2, "bytes of the message that follows, may be 0")
)
REQUEST = record(
    "Request Packet",
    session=alpha(10),
    sequence_number=uint(8, "of the first message wanted"),
    message_count=uint(2, "how many are wanted"),
)
