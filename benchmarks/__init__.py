"""Benchmarks: the package, a naive dynamic provider, and the limit that FSx's quota sets."""
