"""Memory of the server."""

from __future__ import annotations

from ..trees import grow
from .scenario import Scenario, stack_of


class Memory(Scenario):
    def rows(self):
        return {
            "memory/idle": "resident memory of the server after mount",
            "memory/walked": "after find -ls and tar of everything",
            "memory/churned": "after many files were made and removed"}

    def prepare(self, bench, home):
        self.stack = stack_of(home, self.plan)
        grow(self.stack, "tree", self.plan.memory_files)
        self.stack.complete(bench.sandbox)
        self.names = [f"churn/file-{i}" for i in range(self.plan.storm)]

    def round(self, trial):
        rows = list(self.rows())
        if not trial.peer.has_server or not trial.wants(*rows):
            return
        trial.mount(self.stack, rows, lambda m: self.body(trial, m, rows))

    def body(self, trial, m, rows):
        trial.note(rows[0], m.resident(), "MiB")
        trial.driver.run([["find", ".", "-ls"]], m.point)
        trial.driver.run([["tar", "cf", "-", "."]], m.point)
        trial.note(rows[1], m.resident(), "MiB")
        trial.driver.paths("mkdir", ["churn"], m.point)
        for _ in range(3):
            trial.driver.paths("create", self.names, m.point, size=1024)
            trial.driver.paths("unlink", self.names, m.point)
        trial.note(rows[2], m.resident(), "MiB")
