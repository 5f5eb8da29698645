"""Benchmarks: the package next to a plain dynamic provider and to what FSx's own limit allows."""
