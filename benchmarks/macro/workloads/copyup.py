"""The first change of files that lowers have."""

from __future__ import annotations

from ..sandbox import Failure
from ..trees import big_file, grow
from .scenario import Scenario, stack_of

SMALL = {
    "append": "one byte appended to each of many small files of the lowers",
    "chmod": "chmod -R of a tree of the lowers",
    "chown": "chown -R of a tree of the lowers",
}
MODES = {"durable": ("as mounted by default", False), "volatile": ("mounted volatile", True)}


class CopyUp(Scenario):
    def rows(self):
        return {
            f"copy-up/{work}/{mode}": f"{what}; {words}"
            for work, what in SMALL.items() for mode, (words, _) in MODES.items()}

    def prepare(self, bench, home):
        self.stack = stack_of(home, self.plan)
        for work in SMALL:
            grow(self.stack, work, self.plan.small_copies)
        self.stack.complete(bench.sandbox)

    def round(self, trial):
        for mode, (_, volatile) in MODES.items():
            rows = [f"copy-up/{work}/{mode}" for work in SMALL]
            if trial.wants(*rows):
                trial.mount(
                    self.stack, rows, lambda m: self.small(trial, m, rows), volatile=volatile, warm=True,
                    own_flat=True)

    def small(self, trial, m, rows):
        files = self.stack.trees["append"].files
        actions = (
            lambda: trial.driver.paths("append", files, m.point),
            lambda: trial.driver.run([["chmod", "-R", "g+w,o-r", "chmod"]], m.point),
            lambda: trial.driver.run([["chown", "-R", "1:1", "chown"]], m.point))
        for row, action in zip(rows, actions):
            trial.measure(row, m, action, settle=True)
        for row, work in zip(rows, SMALL):
            if trial.wants(row):
                trial.check([row], m, [work])


class BigCopyUp(Scenario):
    def size(self):
        return f"{self.plan.big_copy >> 20} MiB"

    def rows(self):
        return {
            f"copy-up/big/{mode}": f"one byte appended to a file of {self.size()} of a lower; {words}"
            for mode, (words, _) in MODES.items()}

    def prepare(self, bench, home):
        self.grown(home)
        self.stack.complete(bench.sandbox)

    def grown(self, home):
        self.stack = stack_of(home, self.plan, 2)
        big_file(home / "l1" / "big", self.plan.big_copy)

    def round(self, trial):
        for row in self.rows():
            if trial.wants(row):
                trial.mount(
                    self.stack, [row], lambda m: self.big(trial, m, row), volatile=row.endswith("/volatile"),
                    warm=True, own_flat=True)

    def big(self, trial, m, row):
        trial.measure(row, m, lambda: trial.driver.paths("append", ["big"], m.point), settle=True)
        trial.check([row], m, ["."], ("warm",))


class Reflink(BigCopyUp):
    """On a file system of its own that can share the blocks of two files."""

    kinds = ("xfs", "btrfs")

    def rows(self):
        return {
            f"copy-up/reflink/{kind}": f"one byte appended to a file of {self.size()} of a lower, all on {kind}"
            for kind in self.kinds}

    def prepare(self, bench, home):
        self.stacks = {}
        self.problems = {}
        for kind in self.kinds:
            if not bench.wants(f"copy-up/reflink/{kind}"):
                continue
            try:
                point = bench.sandbox.loop(f"image-{kind}", kind, 2 * self.plan.big_copy + (1 << 30))
                stack = stack_of(point / "stack", self.plan, 2)
                big_file(point / "stack" / "l1" / "big", self.plan.big_copy)
                stack.complete(bench.sandbox)
                self.stacks[kind] = (stack, point)
            except Failure as e:
                self.problems[kind] = e

    def round(self, trial):
        for kind in self.kinds:
            row = f"copy-up/reflink/{kind}"
            if kind in self.problems:
                trial.fail(row, self.problems[kind])
            elif trial.wants(row):
                stack, point = self.stacks[kind]
                trial.mount(
                    stack, [row], lambda m: self.big(trial, m, row), warm=True, own_flat=True, home=point)

    def finish(self, bench):
        for kind in self.kinds:
            bench.sandbox.unloop(f"image-{kind}")


class Latency(BigCopyUp):
    """Whether others wait while a large file is copied up."""

    def rows(self):
        return {
            "latency/worst": f"the slowest stat of another file while {self.size()} are copied up",
            "latency/p99": "99 of 100 of these are faster than this"}

    def prepare(self, bench, home):
        self.grown(home)
        grow(self.stack, "others", self.plan.walk_files)
        self.stack.complete(bench.sandbox)

    def round(self, trial):
        rows = list(self.rows())
        if trial.wants(*rows):
            trial.mount(self.stack, rows, lambda m: self.others(trial, m), warm=True, own_flat=True)

    def others(self, trial, m):
        seen = trial.driver.latency(
            self.stack.trees["others"].files, ["sh", "-c", "echo changed >> big"], m.point)
        trial.note("latency/worst", seen["worst"] / 1e9)
        trial.note("latency/p99", seen["p99"] / 1e9)
