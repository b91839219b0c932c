"""Small results to test with."""

from __future__ import annotations

from macro.results import Results

PEERS = {"plain": False, "overlayfs": False, "fuse-overlayfs": False, "unionfs": True}


def results(rows: dict[str, dict[str, list[float]]], unit: str = "s", **about) -> Results:
    """A run with the values of each row and implementation; rows of one unit."""
    made = Results({
        "commit": "abc1234", "date": "2026-01-02 03:04:05 +0000", "kernel": "6.12", "rounds": 3, "plan": {},
        "peers": {name: {"version": "1", "options": [], "ours": ours} for name, ours in PEERS.items()}, **about})
    for name, peers in rows.items():
        row = made.row(name, f"what {name} does", unit)
        for peer, values in peers.items():
            row.cell(peer).values = list(values)
    return made
