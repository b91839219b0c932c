"""Tests of what computes and draws; nothing in here mounts. Run: python3 -m unittest discover -s benchmarks/tests -t benchmarks"""
