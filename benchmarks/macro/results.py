"""Samples, and what is computed from them. Nothing in here touches a file system."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field


def median(values: list[float]) -> float:
    """The middle value, or the mean of the two middle ones."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def spread(values: list[float]) -> float:
    """Half the distance from the smallest to the largest, as a part of the median: 0.05 reads as ±5 %."""
    middle = median(values)
    return (max(values) - min(values)) / 2 / middle if middle else 0.0


def ratio(ours: list[float], theirs: list[float]) -> float | None:
    """
    The median over the rounds of our value divided by theirs.

    Round by round, because the two of one round were measured right after each other: what slows the
    machine down for a minute slows both.
    """
    pairs = ratios(ours, theirs)
    return median(pairs) if pairs else None


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    """Our value divided by theirs, of each round."""
    return [a / b for a, b in zip(ours, theirs) if b > 0]


def wanted(row: str, patterns: list[str]) -> bool:
    """Whether --only selects the row: a pattern matches the whole name or some of its parts."""
    return not patterns or any(
        fnmatch.fnmatch(row, p) or fnmatch.fnmatch(f"/{row}/", f"*/{p.strip('/')}/*") for p in patterns)


@dataclass
class Cell:
    """One workload of one implementation."""

    values: list[float] = field(default_factory=list)
    server_cpu: list[float] = field(default_factory=list)
    problem: str | None = None
    unsupported: bool = False
    requests: dict[str, int] | None = None
    calls: dict[str, int] | None = None


@dataclass
class Row:
    """One workload."""

    name: str
    what: str
    unit: str = "s"
    left_out: str | None = None
    """Why nobody could be measured here."""

    cells: dict[str, Cell] = field(default_factory=dict)

    def cell(self, peer: str) -> Cell:
        return self.cells.setdefault(peer, Cell())

    def good(self, peer: str) -> list[float]:
        """The values of an implementation, none where it failed."""
        cell = self.cells.get(peer)
        return cell.values if cell and not cell.problem else []


class Results:
    """All rows of a run, in the order of their first appearance."""

    def __init__(self, about: dict | None = None):
        self.about: dict = about or {}
        self.rows: dict[str, Row] = {}

    def row(self, name: str, what: str, unit: str = "s") -> Row:
        return self.rows.setdefault(name, Row(name, what, unit))

    def peers(self) -> list[str]:
        """The implementations that appear, in the order of the run."""
        order = list(self.about.get("peers", {}))
        for row in self.rows.values():
            order += [peer for peer in row.cells if peer not in order]
        return order

    def to_json(self) -> dict:
        """The form that is written to a file."""
        rows = []
        for row in self.rows.values():
            peers = {}
            for peer, cell in row.cells.items():
                entry: dict = {}
                if cell.values:
                    entry = {
                        "median": median(cell.values), "min": min(cell.values), "max": max(cell.values),
                        "values": cell.values}
                if any(cell.server_cpu):
                    entry["server_cpu"] = median(cell.server_cpu)
                if cell.requests is not None:
                    entry["requests"] = cell.requests
                if cell.calls is not None:
                    entry["calls"] = cell.calls
                if cell.problem:
                    entry["problem"] = cell.problem
                if cell.unsupported:
                    entry["unsupported"] = True
                peers[peer] = entry
            left_out = {"left_out": row.left_out} if row.left_out else {}
            rows.append({"name": row.name, "what": row.what, "unit": row.unit, **left_out, "peers": peers})
        return {"about": self.about, "rows": rows}

    @staticmethod
    def from_json(data: dict) -> Results:
        """What to_json() gave, but for the single figures of the server's processor time: only their median."""
        results = Results(dict(data["about"]))
        for entry in data["rows"]:
            row = results.row(entry["name"], entry["what"], entry["unit"])
            row.left_out = entry.get("left_out")
            for peer, saved in entry["peers"].items():
                row.cells[peer] = Cell(
                    [float(value) for value in saved.get("values", [])],
                    [saved["server_cpu"]] if "server_cpu" in saved else [], saved.get("problem"),
                    saved.get("unsupported", False), saved.get("requests"), saved.get("calls"))
        return results


def reference(digests: dict[str, str]) -> str:
    """The checksum that is right: the plain directory's, else what most have."""
    if "plain" in digests:
        return digests["plain"]
    found = list(digests.values())
    return max(found, key=found.count)
