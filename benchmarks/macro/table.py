"""The tables on the terminal."""

from __future__ import annotations

from .peers import RATIO_TO
from .results import Results, Row, median, ratio, spread


def quantity(value: float, unit: str) -> str:
    """Three digits and a unit that fits: 0.0123 s reads as 12.3 ms."""
    if unit == "s":
        for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "us")):
            if value * factor >= 1 or name == "us":
                return f"{digits(value * factor)} {name}"
    return f"{digits(value)} {unit}"


def digits(value: float) -> str:
    """Three significant digits, two of what is below a tenth."""
    if 0 < value < 0.0995:
        return f"{value:.2g}"
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def cell_text(row: Row, peer: str) -> str:
    """A median with its spread, or why there is none."""
    cell = row.cells.get(peer)
    if cell is None:
        return "-"
    if cell.problem:
        return "n/a" if cell.unsupported else "fails"
    if not cell.values:
        return "-"
    text = quantity(median(cell.values), row.unit)
    return f"{text} ±{spread(cell.values) * 100:.0f}%" if len(cell.values) > 1 else text


def columns(head: list[str], body: list[list[str]]) -> list[str]:
    """Lines of a table, the first column to the left and the others to the right."""
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    return [
        "  ".join(text.ljust(w) if i == 0 else text.rjust(w) for i, (text, w) in enumerate(zip(line, widths))).rstrip()
        for line in [head, ["-" * w for w in widths], *body]]


def ratio_text(row: Row, ours: str, theirs: str) -> str:
    """Our time divided by theirs."""
    value = ratio(row.good(ours), row.good(theirs))
    return "-" if value is None else digits(value)


def our_peers(results: Results) -> list[str]:
    """Those of the run that are ours."""
    return [name for name, about in results.about.get("peers", {}).items() if about.get("ours")]


def render(results: Results) -> str:
    """Everything that a run prints at its end."""
    peers = results.peers()
    rows = list(results.rows.values())
    measured = [row for row in rows if not row.left_out]
    lines = [f"Medians of {results.about.get('rounds', '?')} rounds, ± half the distance from smallest to largest", ""]
    lines += columns(["workload", *peers], [[row.name, *(cell_text(row, p) for p in peers)] for row in measured])
    against = [(o, t) for o in our_peers(results) for t in RATIO_TO if t in peers]
    if against:
        lines += ["", "Ratios, our time (or memory) divided by theirs: below 1 is better", ""]
        lines += columns(
            ["workload", *(f"{o}/{t}" for o, t in against)],
            [[row.name, *(ratio_text(row, o, t) for o, t in against)] for row in measured])
    lines += cpu_table(rows, peers) + request_table(rows) + problems(rows) + left_out(rows)
    return "\n".join(lines) + "\n"


def cpu_table(rows: list[Row], peers: list[str]) -> list[str]:
    """Processor time of the servers, where there was any to see."""
    used = [p for p in peers if any(any(r.cells[p].server_cpu) for r in rows if p in r.cells)]
    body = []
    for row in rows:
        line = [median(row.cells[p].server_cpu) if p in row.cells and row.cells[p].server_cpu else 0.0 for p in used]
        if any(line):
            body.append([row.name, *(f"{value:.2f}" for value in line)])
    return ["", "Processor seconds of the server", "", *columns(["workload", *used], body)] if body else []


def request_table(rows: list[Row]) -> list[str]:
    """What the kernel asked the server, and the server the kernel, where that was counted."""
    return [
        *count_table("Requests", "requests", [(r, p, c.requests) for r in rows for p, c in r.cells.items()]),
        *count_table("System calls of the server", "calls", [(r, p, c.calls) for r in rows for p, c in r.cells.items()])]


def count_table(title: str, of: str, counts: list[tuple[Row, str, dict[str, int] | None]]) -> list[str]:
    """Numbers by name, the most first."""
    lines = []
    for row, peer, by_name in counts:
        if by_name is not None:
            parts = sorted(by_name.items(), key=lambda item: -item[1])
            total = sum(by_name.values())
            lines.append([row.name, peer, str(total), ", ".join(f"{name} {n}" for name, n in parts)])
    if not lines:
        return []
    table = columns(["workload", "of", of], [line[:3] for line in lines])
    return ["", title, "", *table[:2], *(f"{t}  {line[3]}" for t, line in zip(table[2:], lines))]


def problems(rows: list[Row]) -> list[str]:
    """What did not work, each reason once."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for peer, cell in row.cells.items():
            if cell.problem and not cell.unsupported:
                found.setdefault((peer, cell.problem), []).append(row.name)
    lines = [f"{peer}: {why}\n    {', '.join(names)}" for (peer, why), names in found.items()]
    return ["", "Failures", "", *lines] if lines else []


def left_out(rows: list[Row]) -> list[str]:
    """What nobody could be measured with, each reason once."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.left_out:
            found.setdefault(row.left_out, []).append(row.name)
    lines = [f"{', '.join(names)}: {why}" for why, names in found.items()]
    return ["", "Left out", "", *lines] if lines else []
