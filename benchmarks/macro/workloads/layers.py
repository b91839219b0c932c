"""What the number of layers costs."""

from __future__ import annotations

from ..trees import make_stack
from .scenario import Scenario


class Layers(Scenario):
    def rows(self):
        rows = {}
        for n in self.plan.layer_counts:
            words = f"{n} layer{'s' if n > 1 else ''}"
            rows[f"layers/mount/{n}"] = f"from the mount command to the first answer; {words}"
            rows[f"layers/absent-first/{n}"] = f"lstat of names that are not there, first time; {words}"
            rows[f"layers/absent-hot/{n}"] = f"the same names again; {words}"
            rows[f"layers/readdir-first/{n}"] = f"a directory merged from {words} listed, first time"
            rows[f"layers/readdir-hot/{n}"] = f"the same directory again; {words}"
        return rows

    def prepare(self, bench, home):
        self.stacks = {}
        for n in self.plan.layer_counts:
            stack = make_stack(home / str(n), n)
            for i, layer in enumerate(stack.layers):
                merged = stack.base / layer / "merged"
                merged.mkdir()
                for f in range(8):
                    (merged / f"file-{i}-{f}").write_bytes(b"%d\n" % i)
                (merged / "everywhere").write_bytes(b"%d\n" % i)
            stack.complete(bench.sandbox)
            self.stacks[n] = stack
        self.absent = [f"merged/absent-{i}" for i in range(self.plan.layer_names)]

    def round(self, trial):
        for n, stack in self.stacks.items():
            rows = [row for row in self.rows() if row.endswith(f"/{n}")]
            listed = [row for row in rows if "readdir" in row]
            negative = [row for row in rows if "absent" in row]
            if trial.wants(rows[0], *listed):
                trial.mount(stack, [rows[0], *listed], lambda m: self.listings(trial, m, n, rows[0], listed))
            if trial.wants(*negative):
                trial.mount(stack, negative, lambda m: self.lookups(trial, m, negative))

    def listings(self, trial, m, n, mount, listed):
        trial.note(mount, m.seconds)
        for row in listed:
            trial.measure(row, m, lambda: trial.driver.paths(
                "readdir", ["merged"], m.point, result=8 * n + 3), needed="first" in row)
        trial.check([mount, *listed], m, ["."])

    def lookups(self, trial, m, negative):
        for row in negative:
            trial.measure(
                row, m, lambda: trial.driver.paths("absent", self.absent, m.point), needed="first" in row)
