"""Benchmarks: the package, a naive provider, and the limit of FSx's quota."""
