"""How the tables of messages on the wire are written."""

__all__ = ["vector"]


def vector(hexadecimal: str, **values) -> tuple[bytes, dict]:
    """A message's bytes and its fields."""
    return bytes.fromhex(hexadecimal), values
