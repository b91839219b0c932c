"""The order of a run: scenario by scenario, in each round by round, in each round every implementation."""

from __future__ import annotations

import sys
import time
from typing import Callable

from .sandbox import Failure
from .trial import Bench, Trial
from .workloads import Scenario


class Progress:
    """Lines on standard error, so that the tables can go into a file."""

    def __init__(self):
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._start:6.1f} s] {text}", file=sys.stderr, flush=True)


def run(bench: Bench, scenarios: list[Scenario], progress: Progress, save: Callable[[], None]) -> None:
    """Runs what was asked for, and saves after each scenario."""
    for scenario in scenarios:
        rows = scenario.rows()
        chosen = [row for row in rows if bench.wants(row)]
        if not chosen:
            continue
        for row in chosen:
            bench.results.row(row, rows[row], "MiB" if row.startswith(("memory/", "mounts/pss/", "mounts/rss/")) else "s")
        title = type(scenario).__name__.lower()
        progress.say(f"{title}: making its trees ({len(chosen)} workloads)")
        home = bench.sandbox.fresh(bench.sandbox.home / "trees")
        try:
            try:
                scenario.prepare(bench, home)
            except Failure as e:
                progress.say(f"{title}: left out: {e}")
                for row in chosen:
                    bench.results.rows[row].left_out = str(e)
                continue
            for number in range(bench.plan.rounds):
                # Each round begins with another one, so that nobody always comes after the same.
                turn = number % len(bench.peers)
                for peer in bench.peers[turn:] + bench.peers[:turn]:
                    if not any(bench.wants(row, peer.name) for row in chosen):
                        continue
                    progress.say(f"{title}: round {number + 1} of {bench.plan.rounds}: {peer.name}")
                    scenario.round(Trial(bench, rows, peer, number))
            bench.verify()
        finally:
            scenario.finish(bench)
            bench.sandbox.clear(home)
        save()
