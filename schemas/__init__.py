"""What bytes mean: FlatBuffers messages between actors, venue protocols at the edge."""

from schemas import kernel_cache

kernel_cache.install()
