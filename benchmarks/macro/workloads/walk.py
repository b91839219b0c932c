"""Reading a tree: by path, by listing, by the programs that walk trees."""

from __future__ import annotations

from ..results import median
from ..trees import grow
from .scenario import Scenario, stack_of

WORKS = {
    "stat": "lstat of each file by path",
    "absent": "lstat of names that are not there",
    "readdir": "each directory listed",
    "find": "find -ls",
    "ls": "ls -lR",
    "read": "each file opened, read, closed",
    "tar": "tar cf -, output thrown away",
}
PHASES = {
    "cold": "first work of a fresh server",
    "first": "first time after mount, server warmed up in another tree",
    "hot": "again",
    "dropped": "after all caches were dropped",
}
PROGRAMS = {"find": ["find"], "ls": ["ls", "-lR"], "tar": ["tar", "cf", "-"]}


def do(trial, work, tree, absent, at, processes, passes=1):
    """One of WORKS on a tree; seconds of one pass."""
    if work in PROGRAMS:
        commands = []
        for p in range(processes):
            part = tree.tops[p::processes]
            commands.append([*PROGRAMS[work], *part, *(["-ls"] if work == "find" else [])])
        return median([trial.driver.run(commands, at) for _ in range(passes)])
    paths = {"stat": tree.files, "read": tree.files, "absent": absent, "readdir": tree.directories}[work]
    result = {"stat": tree.bytes, "read": tree.bytes, "absent": len(absent), "readdir": tree.entries}[work]
    return trial.driver.paths(work, paths, at, processes=processes, passes=passes, result=result)


class Walk(Scenario):
    """The host's caches are warm throughout, so that the union is measured and not the disk."""

    phases = ("cold", "first", "hot")

    def rows(self):
        return {
            f"{work}/{phase}/{n}p": f"{what}; {PHASES[phase]}; {n} process{'es' if n > 1 else ''}"
            for n in self.plan.processes for work, what in WORKS.items() for phase in self.phases}

    def prepare(self, bench, home):
        self.stack = stack_of(home, self.plan)
        for work in WORKS:
            if any(bench.wants(row) for row in self.rows() if row.startswith(f"{work}/")):
                grow(self.stack, work, self.plan.walk_files)
        self.stack.complete(bench.sandbox)
        self.absent = {name: tree.absent() for name, tree in self.stack.trees.items()}
        self.heat(bench)

    def heat(self, bench):
        """Reads all layers, so that the host has them in memory."""
        bench.driver.digest(self.stack.base)

    def each(self, trial, m, phase, processes, works=tuple(WORKS)):
        passes = self.plan.hot_passes if phase == "hot" else 1
        for work in works:
            row = f"{work}/{phase}/{processes}p"
            if trial.wants(row):
                tree = self.stack.trees[work]
                if phase == "hot":
                    # What came before may not have left everything in the kernel.
                    do(trial, work, tree, self.absent[work], m.point, processes)
                if phase == "dropped":
                    trial.drop_caches()
                trial.measure(
                    row, m, lambda w=work, t=tree: do(trial, w, t, self.absent[w], m.point, processes, passes))

    def round(self, trial):
        for n in self.plan.processes:
            for work in WORKS:
                if trial.wants(f"{work}/cold/{n}p"):
                    trial.mount(self.stack, [f"{work}/cold/{n}p"], lambda m: self.each(trial, m, "cold", n, [work]))
            rest = [f"{work}/{phase}/{n}p" for phase in ("first", "hot") for work in WORKS]
            if trial.wants(*rest):
                trial.mount(self.stack, rest, lambda m: self.warmed_up(trial, m, n), warm=True)

    def warmed_up(self, trial, m, processes):
        self.each(trial, m, "first", processes)
        self.each(trial, m, "hot", processes)
        if processes == self.plan.processes[0]:
            trial.check(list(self.rows()), m, ["."])


class Dropped(Walk):
    """Host and union start from the disk."""

    phases = ("dropped",)

    def heat(self, bench):
        pass

    def round(self, trial):
        for n in self.plan.processes:
            rows = [f"{work}/dropped/{n}p" for work in WORKS]
            if trial.wants(*rows):
                trial.mount(self.stack, rows, lambda m: self.each(trial, m, "dropped", n), warm=True)
