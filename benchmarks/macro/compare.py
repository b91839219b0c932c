"""One run against an earlier one, row by row, by the ratios within each: times of two runs say nothing."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from .results import Results, Row, median, ratios
from .table import columns, digits, our_peers

BASES = ("overlayfs", "plain")
LEAST = 0.05
"""What two runs of the same build differ by, however small the spread within each is."""

ERRORS = 3.0
"""How many standard errors are no chance any more: among forty rows, two would be exceeded by some in each comparison."""

FREE = {"rounds", "timeout", "quick", "processes", "layer_counts"}
"""Sizes of a plan that do not change what a row of the same name does."""


@dataclass(frozen=True)
class Change:
    """One workload of one of our implementations in both runs. `old` and `new` are ratios to `base`."""

    row: str
    peer: str
    base: str
    old: float | None
    new: float | None
    noise: float
    """What may be chance: 0.1 is a tenth more, or a ratio divided by 1.1."""

    verdict: str
    """regression, improvement, or nothing."""

    why: str = ""


def deviation(values: list[float]) -> float:
    """The standard deviation of the logarithms: 0.1 is about a tenth more or less."""
    logs = [math.log(value) for value in values if value > 0]
    return statistics.stdev(logs) if len(logs) > 1 else 0.0


def pooled(samples: list[list[float]]) -> float:
    """The deviation of all rows of a run together: two rounds of a single row often agree by chance."""
    parts = [(len(values) - 1, deviation(values)) for values in samples if len(values) > 1]
    freedom = sum(n for n, _ in parts)
    return math.sqrt(sum(n * d * d for n, d in parts) / freedom) if freedom else 0.0


def mismatch(old: Results, new: Results) -> str | None:
    """Why the two cannot be compared at all."""
    for results in (old, new):
        if results.about.get("requests_counted"):
            return "one of the runs counted requests; its times are not to be used"
    before, after = old.about.get("plan", {}), new.about.get("plan", {})
    other = sorted(key for key in before.keys() & after.keys() if before[key] != after[key] and key not in FREE)
    if other:
        return f"the runs differ in size ({', '.join(other)}); compare quick runs with quick ones"
    return None


def base_of(old: Row, new: Row) -> str | None:
    """The implementation that both can be measured by, itself not ours."""
    return next((base for base in BASES if old.good(base) and new.good(base)), None)


def figures(old: Row, new: Row, peer: str) -> tuple[str, list[float], list[float]] | None:
    """What is compared of one workload: the base, and the ratios to it of both runs; nothing where one has none."""
    if new.unit != "s":
        # Memory is the same on each machine.
        base, one, two = new.unit, old.good(peer), new.good(peer)
    else:
        found = base_of(old, new)
        if found is None:
            return None
        base, one, two = found, ratios(old.good(peer), old.good(found)), ratios(new.good(peer), new.good(found))
    return (base, one, two) if one and two else None


def usual(old: Results, new: Results, unit: str) -> tuple[float, float]:
    """The deviation that the rows of one unit have in each run."""
    samples: tuple[list[list[float]], list[list[float]]] = [], []
    for row in new.rows.values():
        if row.name in old.rows and row.unit == unit:
            for found in (figures(old.rows[row.name], row, peer) for peer in our_peers(new)):
                if found:
                    samples[0].append(found[1])
                    samples[1].append(found[2])
    return pooled(samples[0]), pooled(samples[1])


def change(old: Row, new: Row, peer: str, least: tuple[float, float] = (0.0, 0.0)) -> Change | None:
    """What became of one workload; nothing where the old run had no figure and no problem of it."""
    before, after = old.cells.get(peer), new.cells.get(peer)
    if before is None or after is None:
        return None
    if after.problem and before.values and not before.problem:
        return Change(new.name, peer, "-", None, None, 0.0, "regression", after.problem)
    if before.problem and after.values and not after.problem:
        return Change(new.name, peer, "-", None, None, 0.0, "improvement", f"was: {before.problem}")
    found = figures(old, new, peer)
    if found is None:
        return None
    return judge(new.name, peer, *found, least)


def judge(row: str, peer: str, base: str, old: list[float], new: list[float], least: tuple[float, float]) -> Change:
    """Whether two sets of figures differ by more than what each of them varies by, or at `least` does."""
    a, b = median(old), median(new)
    error = math.hypot(*(max(deviation(values), d) / math.sqrt(len(values)) for values, d in zip((old, new), least)))
    chance = math.exp(ERRORS * error) * (1 + LEAST) - 1
    verdict, why = "", ""
    if min(len(old), len(new)) < 2:
        why = "one round only"
    elif a > 0 and b / a > 1 + chance:
        verdict = "regression"
    elif b > 0 and a / b > 1 + chance:
        verdict = "improvement"
    return Change(row, peer, base, a, b, chance, verdict, why)


def compare(old: Results, new: Results) -> list[Change]:
    """All workloads of ours that both runs have, in the order of the new one."""
    found = []
    least = {unit: usual(old, new, unit) for unit in {row.unit for row in new.rows.values()}}
    for name, row in new.rows.items():
        if name in old.rows:
            found += [change(old.rows[name], row, peer, least[row.unit]) for peer in our_peers(new)]
    return [each for each in found if each]


def render(changes: list[Change], old: Results, new: Results) -> str:
    """The table."""
    if not changes:
        return "The runs have no workload of ours in common\n"
    body = []
    for c in changes:
        figures = [digits(c.old), digits(c.new), f"{(c.new / c.old - 1) * 100:+.0f}%" if c.old else "-",
                   f"x{1 + c.noise:.2f}"] if c.old is not None and c.new is not None else ["-"] * 4
        body.append([c.row, c.peer, c.base, *figures, c.verdict + (f" ({c.why})" if c.why else "")])
    lines = [
        f"Ratios of ours to overlayfs, or else to plain: {title(old)} against {title(new)}",
        "A change within the factor of chance says nothing: three standard errors of both runs, and 5 %", ""]
    lines += [line.rstrip() for line in columns(
        ["workload", "of", "to", "old", "new", "change", "chance", ""], body)]
    worse = sum(c.verdict == "regression" for c in changes)
    better = sum(c.verdict == "improvement" for c in changes)
    lines += ["", f"{len(changes)} compared: {worse} regression{'s' * (worse != 1)}, "
              f"{better} improvement{'s' * (better != 1)}"]
    only = sorted(old.rows.keys() - new.rows.keys())
    if only:
        lines.append(f"Not in the new run: {', '.join(only)}")
    return "\n".join(lines) + "\n"


def title(results: Results) -> str:
    """What a run is called: its commit, and when it was."""
    commit = str(results.about.get("commit") or "unknown")
    return f"{commit} of {results.about.get('date', 'unknown date')}"
