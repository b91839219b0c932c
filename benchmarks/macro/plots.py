"""Ratios as bars, in SVG: for each group of workloads a drawing that is readable on light and on dark ground."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

from .results import Results, Row, median, ratios
from .table import digits

BASES = ("overlayfs", "plain", "fuse-overlayfs")
COLOURS = {
    "plain": "#8c8c8c", "overlayfs": "#6b5b95", "fuse-overlayfs": "#e08214", "unionfs-fuse": "#c9a227",
    "mergerfs": "#b3446c", "unionfs": "#1f78c8", "passthrough": "#2ca58d", "jnr-fuse": "#7fb2e5"}
SPARE = ("#d95f3b", "#6a994e", "#a06cd5", "#4d908e")

GROUPS = (
    ("start", "Start", ("start",)),
    ("walk", "Walks", ("stat", "absent", "readdir", "find", "ls", "read", "tar")),
    ("data-read", "Reading data", ("read-seq", "read-rand")),
    ("data-write", "Writing data", ("write-seq", "write-rand", "write-4k", "write-512")),
    ("change", "Changes", ("create", "rename", "unlink", "create-4k", "mkdir", "rmdir", "unlink-lower",
                           "rename-lower", "cp", "rm", "rm-lower")),
    ("copy-up", "Copy-up", ("copy-up", "latency")),
    ("layers", "Layers", ("layers",)),
    ("memory", "Memory", ("memory",)),
    ("programs", "Programs", ()),
)
"""File, title, and first parts of names; what is in none of them is in the last."""

BAR, GAP, PAD, FONT = 9, 2, 10, 12
LEGEND, AXIS, CHARACTER = 22, 26, 6.7
PLOT = 460

STYLE = """
svg { font: 12px system-ui, sans-serif; background: #ffffff }
text { fill: #24292f } .dim { fill: #57606a } .title { font-size: 15px; font-weight: 600 } .small { font-size: 10px }
.grid { stroke: #d8dee4 } .one { stroke: #24292f } .whisker { stroke: #24292f; stroke-width: 1 }
.stripe { fill: #f3f5f7 }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117 }
  text { fill: #e6edf3 } .dim { fill: #9da7b3 }
  .grid { stroke: #30363d } .one { stroke: #e6edf3 } .whisker { stroke: #e6edf3 }
  .stripe { fill: #161b22 }
}
"""


@dataclass(frozen=True)
class Bar:
    """One implementation in one workload: the ratio, and the smallest and largest of the rounds."""

    peer: str
    ratio: float
    least: float
    most: float


@dataclass(frozen=True)
class Line:
    """One workload with its bars."""

    name: str
    bars: tuple[Bar, ...]


def group_of(row: str) -> tuple[str, str]:
    """The file and the title of the drawing that a workload is in."""
    first, *rest = row.split("/")
    for file, title, firsts in GROUPS:
        if first in firsts:
            break
    # Walks by one and by eight processes are drawings of their own.
    last = rest[-1] if rest else ""
    if file in ("walk", "change") and last.endswith("p") and last[:-1].isdigit():
        return f"{file}-{last}", f"{title}, {last[:-1]} process{'es' if last != '1p' else ''}"
    return file, title


def base_of(rows: list[Row]) -> str | None:
    """What all others of a drawing are divided by."""
    return next((base for base in BASES if any(row.good(base) for row in rows)), None)


def line_of(row: Row, base: str, peers: list[str]) -> Line | None:
    """A workload as ratios to the base; nothing where the base has no figures."""
    bars = []
    for peer in peers:
        values = [value for value in ratios(row.good(peer), row.good(base)) if value > 0]
        if values and peer != base:
            bars.append(Bar(peer, median(values), min(values), max(values)))
    return Line(row.name, tuple(bars)) if bars else None


def scale(lines: list[Line]) -> tuple[float, float]:
    """The ends of a logarithmic axis that has all bars and whiskers, and 1."""
    least = min(bar.least for line in lines for bar in line.bars)
    most = max(bar.most for line in lines for bar in line.bars)
    return min(0.8, least / 1.1), max(1.25, most * 1.1)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers of an axis, not too many: 0.5, 1, 2, 5, or only powers of ten where it is long."""
    decades = math.log10(high / low)
    steps = (1, 1.5, 2, 3, 5, 7) if decades < 0.8 else (1, 2, 5) if decades < 2.8 else (1,)
    found = [step * 10.0 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
             for step in steps]
    return [value for value in found if low <= value <= high]


def colours(peers: list[str]) -> dict[str, str]:
    """The same colour for the same implementation in all drawings."""
    others = [peer for peer in peers if peer not in COLOURS]
    return {**COLOURS, **{peer: SPARE[i % len(SPARE)] for i, peer in enumerate(others)}}


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """A piece of text."""
    of = f' class="{kind}"' if kind else ""
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{of}{at}>{html.escape(words)}</text>'


def rule(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def box(x: float, y: float, width: float, height: float, paint: str) -> str:
    """A filled rectangle; `paint` is an attribute."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.8):.1f}" height="{height:.1f}" {paint}/>'


def legend(peers: list[str], paints: dict[str, str], y: float, width: float) -> tuple[list[str], float]:
    """The names of the implementations beside their colours, on as many lines as they need; and where it ends."""
    out, x = [], float(PAD)
    for peer in peers:
        needs = 16 + len(peer) * CHARACTER + 16
        if x + needs > width - PAD and x > PAD:
            x, y = float(PAD), y + 18
        out += [box(x, y - 9, 10, 10, f'fill="{paints[peer]}"'), text(x + 15, y, peer)]
        x += needs
    return out, y


def draw(title: str, base: str, unit: str, lines: list[Line], order: list[str], about: list[str]) -> str:
    """One drawing; `order` is that of the implementations in the legend, `about` what is said below."""
    shown = {bar.peer for line in lines for bar in line.bars}
    peers = [peer for peer in order if peer in shown]
    paints = colours(peers)
    left = PAD + max(len(line.name) for line in lines) * CHARACTER + 12
    width = math.ceil(left + PLOT + 60)
    low, high = scale(lines)

    def x(value: float) -> float:
        return left + PLOT * math.log(value / low) / math.log(high / low)

    what = "time" if unit == "s" else "memory"
    out = [text(PAD, 24, title, "title"),
           text(PAD, 42, f"{what} divided by that of {base}, logarithmic; to the left of 1 is better", "dim")]
    named, y = legend(peers, paints, 64, width)
    out += named
    top = y + 14 + AXIS
    body: list[str] = []
    y = top
    for number, line in enumerate(lines):
        height = len(line.bars) * (BAR + GAP) + PAD
        if number % 2:
            out.append(box(0, y, width, height, 'class="stripe"'))
        body.append(text(left - 8, y + height / 2 + 4, line.name, "", "end"))
        at = y + PAD / 2
        for bar in line.bars:
            begin, end = sorted((x(1), x(bar.ratio)))
            body.append(box(begin, at, end - begin, BAR, f'fill="{paints[bar.peer]}"'))
            middle = at + BAR / 2
            if bar.most > bar.least:
                body += [rule(x(bar.least), middle, x(bar.most), middle, "whisker"),
                         rule(x(bar.least), at + 2, x(bar.least), at + BAR - 2, "whisker"),
                         rule(x(bar.most), at + 2, x(bar.most), at + BAR - 2, "whisker")]
            body.append(text(max(x(1), x(bar.most)) + 5, at + BAR - 1, digits(bar.ratio), "small"))
            at += BAR + GAP
        y += height
    for value in ticks(low, high):
        out.append(rule(x(value), top - 6, x(value), y, "one" if value == 1 else "grid"))
        out.append(text(x(value), top - 11, f"{value:g}", "dim", "middle"))
    out += [*body, *(text(PAD, y + 20 + 14 * i, words, "dim small") for i, words in enumerate(about))]
    height = math.ceil(y + 18 + 14 * len(about))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img">',
        f"<title>{html.escape(title)}</title>", f"<style>{STYLE}</style>",
        *out, "</svg>", ""])


def plots(results: Results) -> dict[str, str]:
    """All drawings of a run, by the name of the file."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in results.rows.values():
        groups.setdefault(group_of(row.name), []).append(row)
    about = results.about
    words = [
        f"Rounds: {about.get('rounds', '?')}; the thin lines reach from the smallest ratio to the largest",
        f"{about.get('commit') or 'unknown commit'}, {about.get('date', '')}, Linux {about.get('kernel', '?')}"]
    peers = results.peers()
    drawings = {}
    for (file, title), rows in groups.items():
        base = base_of(rows)
        lines = [line for row in rows for line in [line_of(row, base, peers)] if line] if base else []
        if base and lines:
            drawings[f"{file}.svg"] = draw(title, base, rows[0].unit, lines, peers, words)
    return drawings
