"""A kernel's first call compiles it or loads it from disk, so no example has a deadline."""

from hypothesis import settings

settings.register_profile("kernels", deadline=None)
settings.load_profile("kernels")
