"""Benchmarks: each prints a table beside its targets and can write JSON. Speed lives here, not in
the tests."""
