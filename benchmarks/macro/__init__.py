"""Whole workloads on real mounts, beside other union file systems. docs/BENCHMARKS.md tells how to use it."""
