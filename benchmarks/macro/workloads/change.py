"""Making, renaming and removing names."""

from __future__ import annotations

from ..trees import grow
from .scenario import Scenario, stack_of


class Change(Scenario):
    def counts(self):
        return [n for n in (1, 8) if n in self.plan.processes]

    def rows(self):
        rows = {}
        for n in self.counts():
            for work, what in {
                    "create": "empty files", "rename": "those files", "unlink": "those files",
                    "create-4k": "files of 4 KiB", "mkdir": "directories", "rmdir": "those directories"}.items():
                rows[f"{work}/{n}p"] = f"{work.partition('-')[0]}: {what}; {n} process{'es' if n > 1 else ''}"
        rows["unlink-lower"] = "unlink: files of the lowers, which leaves whiteouts"
        rows["rename-lower"] = "rename: files of the lowers, which copies up"
        rows["cp"] = "cp -a of a tree of the lowers to a new directory"
        rows["rm"] = "rm -r of that copy"
        rows["rm-lower"] = "rm -r of a tree of the lowers"
        return rows

    def prepare(self, bench, home):
        self.stack = stack_of(home, self.plan)
        for name in ("copy", "doomed", "gone"):
            grow(self.stack, name, self.plan.storm // 2)
        grow(self.stack, "moved", self.plan.small_copies)
        self.stack.complete(bench.sandbox)
        dirs = [f"storm/d{d}" for d in range(16)]
        self.dirs = dirs
        count = self.plan.storm
        self.names = [f"{dirs[i * 16 // count]}/file-{i}" for i in range(count)]
        self.renamed = [name + ".r" for name in self.names]
        self.full = [name + ".4k" for name in self.names]
        self.made = [name + ".d" for name in self.names]

    def round(self, trial):
        for n in self.counts():
            rows = [row for row in self.rows() if row.endswith(f"/{n}p")]
            if trial.wants(*rows):
                trial.mount(self.stack, rows, lambda m: self.storm(trial, m, n), warm=True, own_flat=True)
        rows = [row for row in self.rows() if "/" not in row]
        if trial.wants(*rows):
            trial.mount(self.stack, rows, lambda m: self.trees(trial, m), warm=True, own_flat=True)

    def storm(self, trial, m, n):
        def step(work, paths, size=0, needed=False):
            trial.measure(f"{work}/{n}p", m, lambda: trial.driver.paths(
                work.partition("-")[0], paths, m.point, processes=n, size=size, result=len(paths)),
                needed=needed)

        trial.driver.paths("mkdir", ["storm", *self.dirs], m.point)
        later = trial.wants(f"rename/{n}p", f"unlink/{n}p")
        step("create", self.names, needed=later)
        step("rename", self.names, needed=later)
        step("unlink", self.renamed)
        step("create-4k", self.full, size=4096)
        step("mkdir", self.made, needed=trial.wants(f"rmdir/{n}p"))
        trial.check([f"create-4k/{n}p", f"mkdir/{n}p"], m, ["storm"])
        step("rmdir", self.made)

    def trees(self, trial, m):
        def step(row, action, needed=False):
            trial.measure(row, m, action, needed=needed)

        gone, moved = self.stack.trees["gone"].files, self.stack.trees["moved"].files
        step("unlink-lower", lambda: trial.driver.paths("unlink", gone, m.point))
        step("rename-lower", lambda: trial.driver.paths("rename", moved, m.point))
        step("cp", lambda: trial.driver.run([["cp", "-a", "copy", "copied"]], m.point), needed=trial.wants("rm"))
        trial.check(["cp"], m, ["copied"] if trial.wants("cp") else [])
        step("rm", lambda: trial.driver.run([["rm", "-r", "copied"]], m.point))
        step("rm-lower", lambda: trial.driver.run([["rm", "-r", "doomed"]], m.point))
        trial.check(["unlink-lower", "rename-lower", "rm", "rm-lower"], m, ["."], ("warm",))
