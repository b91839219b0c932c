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
    timeout: float = 300.0


def quick(rounds: int = 3) -> Plan:
    """Small trees and one process: shows at once what is far off, not what has moved by a tenth."""
    return Plan(
        quick=True, rounds=rounds, processes=(1,), walk_files=1600, warm_files=800, warm_seconds=0.4, hot_passes=3,
        storm=1000, small_copies=200, big_copy=64 * MIB, data=32 * MIB, write=32 * MIB, small_writes=4 * MIB,
        synced_writes=20, layer_counts=(1, 500), layer_names=1000)


QUICK_ROWS = (
    "start/mount", "*/first/1p", "*/hot/1p", "stat/cold/1p", "find/cold/1p", "tar/cold/1p", "find/dropped/1p",
    "read-*/lower/*", "write-seq/buffered", "write-4k", "write-512", "create/1p", "rename/1p", "unlink/1p", "cp", "rm",
    "copy-up/append/*", "copy-up/big/durable", "layers/*/500", "memory/*",
)
"""What a quick run does if --only does not say otherwise."""
