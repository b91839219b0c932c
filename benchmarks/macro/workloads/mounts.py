"""Many mounts at once, as on a machine that runs many containers."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ..sandbox import Failure
from .scenario import Scenario, stack_of


def memory(server: int) -> tuple[float, float]:
    """MiB of a process: its share of what processes have in common, and all that it has mapped."""
    found = {}
    try:
        for line in Path(f"/proc/{server}/smaps_rollup").read_text().splitlines()[1:]:
            name, value = line.split()[:2]
            found[name] = int(value) / 1024
    except OSError:
        raise Failure("the server has died") from None
    return found["Pss:"], found["Rss:"]


class Mounts(Scenario):
    def rows(self):
        rows = {}
        for n in (1, self.plan.mounts):
            words = f"{n} mount{'s' if n > 1 else ''} of 10 layers"
            rows[f"mounts/start/{n}"] = f"{words}, one after the other, until the last answers"
            rows[f"mounts/ls/{n}"] = f"the first listing of a directory in each of {words}"
            rows[f"mounts/pss/{n}"] = f"memory of the servers of {words}, pages that they share counted once"
            rows[f"mounts/rss/{n}"] = "the same, counted for each server"
        return rows

    def prepare(self, bench, home):
        self.stack = stack_of(home, self.plan)
        self.stack.complete(bench.sandbox)
        self.listed = sorted(os.listdir(self.stack.flat / "warm"))

    def round(self, trial):
        for n in (1, self.plan.mounts):
            rows = [row for row in self.rows() if row.endswith(f"/{n}")]
            if trial.wants(*rows):
                trial.mount_many(self.stack, n, rows, lambda mounted: self.body(trial, mounted, n))

    def body(self, trial, mounted, n):
        trial.note(f"mounts/start/{n}", sum(m.seconds for m in mounted))
        start = time.perf_counter()
        seen = [sorted(os.listdir(m.point / "warm")) for m in mounted]
        trial.note(f"mounts/ls/{n}", time.perf_counter() - start)
        if any(names != self.listed for names in seen):
            raise Failure("a mount shows something else")
        if trial.peer.has_server:
            shares = [memory(m.server) for m in mounted]
            trial.note(f"mounts/pss/{n}", sum(pss for pss, _ in shares), "MiB")
            trial.note(f"mounts/rss/{n}", sum(rss for _, rss in shares), "MiB")
