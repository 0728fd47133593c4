"""The messages of Nasdaq GLIMPSE 5.0: some of ITCH 5.0, and one of its own."""

from schemas.venue import itch50
from schemas.venue.catalogue import Catalogue
from schemas.venue.layouts import decimal, message

__all__ = ["CATALOGUE", "END_OF_SNAPSHOT"]

END_OF_SNAPSHOT = message(
    "G", "End of Snapshot", {}, sequence_number=decimal(20, "ITCH goes on with it")
)
CATALOGUE = Catalogue(
    "GLIMPSE 5.0", (*(itch50.CATALOGUE[kind] for kind in "SRHYAFNh"), END_OF_SNAPSHOT)
)
