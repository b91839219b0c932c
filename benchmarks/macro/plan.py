"""How much of everything a run does."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Plan:
    """The sizes of a full run; quick() makes a small one."""

    quick: bool = False
    rounds: int = 5
    processes: tuple[int, ...] = (1, 2, 8)
    walk_files: int = 8000
    warm_files: int = 1600
    warm_seconds: float = 2.0
    hot_passes: int = 5
    storm: int = 4000
    small_copies: int = 1000
    big_copy: int = 1024 * MIB
    data: int = 256 * MIB
    write: int = 256 * MIB
    small_writes: int = 64 * MIB
    synced_writes: int = 200
    layer_counts: tuple[int, ...] = (1, 10, 64, 200, 500)
    layer_names: int = 4000
    memory_files: int = 16000
    mounts: int = 100
    container_files: int = 500
    git_files: int = 3000
    build_files: int = 100
    java_modules: int = 4
    transactions: int = 200
    bulk_inserts: int = 100_000
    database_scale: int = 2
    database_seconds: int = 5
    timeout: float = 300.0


def quick(rounds: int = 2) -> Plan:
    """Small trees, one process, few rounds: shows at once what is far off, not what has moved by a tenth."""
    return Plan(
        quick=True, rounds=rounds, processes=(1,), walk_files=960, warm_files=400, warm_seconds=0.3, hot_passes=3,
        storm=600, small_copies=100, big_copy=64 * MIB, data=32 * MIB, write=32 * MIB, small_writes=4 * MIB,
        synced_writes=20, layer_counts=(64,), layer_names=500, memory_files=1200, mounts=10, container_files=100,
        git_files=600, build_files=20, java_modules=2, transactions=20, bulk_inserts=10_000, database_scale=1,
        database_seconds=2)


QUICK_ROWS = (
    "start/mount",
    *(f"{work}/{phase}/1p" for work in ("stat", "absent", "readdir", "find", "read", "tar") for phase in ("first", "hot")),
    "find/cold/1p", "read-seq/lower/*", "read-rand/lower/hot", "write-seq/buffered", "write-4k", "create/1p",
    "rename/1p", "unlink/1p", "cp", "rm", "copy-up/append/durable", "copy-up/big/durable", "layers/*/64", "memory/*",
)
"""What a quick run does if --only does not say otherwise."""

QUICK_PEERS = ("plain", "overlayfs", "fuse-overlayfs", "unionfs", "passthrough")
"""Whom a quick run compares if --peers does not say otherwise."""

QUICK_PARTS = {"passthrough": ("read-*", "write-*")}
"""The workloads of a quick run in which an implementation can differ from its siblings; it is left out of the others."""
