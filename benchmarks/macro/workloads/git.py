"""A repository: cloned into the mount, looked at, switched to another branch; and one that lowers have."""

from __future__ import annotations

import os
import random

from ..sandbox import Failure
from ..trees import BLOCK, size_of
from .scenario import Scenario, need, stack_of

ENVIRONMENT = ("GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "LC_ALL=C", *(
    f"GIT_{who}_{what}" for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME=benchmark", "EMAIL=benchmark@localhost", "DATE=2024-01-01T00:00:00Z")))
PAST = 1_600_000_000


def git(*words: str) -> list[str]:
    """A git command that neither the machine's nor the user's settings change."""
    return ["env", *ENVIRONMENT, "git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *words]


class Git(Scenario):
    def rows(self):
        files = self.plan.git_files
        return {
            "git/clone": f"git clone of {files} files into the mount",
            "git/status": "git status of that clone",
            "git/checkout": "git checkout of a branch in which a third of the files differ",
            "git/status-lower": "git status of a clone that lowers have, first time after mount",
            "git/checkout-lower": "git checkout of that branch there"}

    def prepare(self, bench, home):
        need("git")
        run = bench.sandbox.run
        self.stack = stack_of(home, self.plan)
        made = home / "made"
        run(git("init", "-q", "-b", "main", str(made)))
        self.generate(made, lambda *words: run(git(*words), cwd=made))
        self.source = home / "source.git"
        run(git("clone", "-q", "--bare", "--no-hardlinks", str(made), str(self.source)))
        run(git("repack", "-a", "-d", "-q"), cwd=self.source)
        lower = home / "l5" / "repository"
        # As in an image: the index was written elsewhere, so that it knows other inode numbers and change times.
        run(git("clone", "-q", "--no-hardlinks", "-c", "core.checkStat=minimal", "-c", "core.trustctime=false",
                str(self.source), str(lower)))
        run(git("branch", "-q", "other", "origin/other"), cwd=lower)
        # Older than the index, or git would read them all again to be sure.
        for directory, _, files in os.walk(lower):
            for file in files:
                os.utime(os.path.join(directory, file), (PAST, PAST))
        run(git("update-index", "-q", "--refresh"), cwd=lower)
        bench.sandbox.remove(made)
        self.stack.complete(bench.sandbox)

    def generate(self, made, do):
        """Two branches of a tree of small files."""
        rng = random.Random(7)
        paths = [f"d{i % 16:02}/e{i // 640:03}/file-{i}.txt" for i in range(self.plan.git_files)]

        def write(path):
            offset = rng.randrange(4096)
            file = made / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"%d %d\n" % (rng.randrange(1 << 30), offset) + BLOCK[offset:offset + size_of(rng)])

        for path in paths:
            write(path)
        do("add", "-A")
        do("commit", "-q", "-m", "main")
        do("checkout", "-q", "-b", "other")
        for number, path in enumerate(paths[::3]):
            if number % 4 == 0:
                (made / path).unlink()
                path = path.replace("/e", "/moved-")
            write(path)
        do("add", "-A")
        do("commit", "-q", "-m", "other")
        do("checkout", "-q", "main")

    def round(self, trial):
        own = ["git/clone", "git/status", "git/checkout"]
        lower = ["git/status-lower", "git/checkout-lower"]
        if trial.wants(*own):
            trial.mount(self.stack, own, lambda m: self.cloned(trial, m), warm=True, own_flat=True)
        if trial.wants(*lower):
            trial.mount(self.stack, lower, lambda m: self.lower(trial, m, lower), warm=True, own_flat=True)

    def cloned(self, trial, m):
        def step(row, *words, needed=False):
            trial.measure(row, m, lambda: trial.driver.run([git(*words)], m.point), needed=needed, settle=True)

        later = trial.wants("git/checkout")
        step("git/clone", "clone", "-q", "--no-hardlinks", str(self.source), "clone",
             needed=later or trial.wants("git/status"))
        trial.confirm(["git/clone"], lambda: self.sound(trial, m, "clone", "main"))
        step("git/status", "-C", "clone", "status", "--porcelain")
        step("git/checkout", "-C", "clone", "checkout", "-q", "-b", "other", "origin/other")
        if later:
            trial.confirm(["git/checkout"], lambda: self.sound(trial, m, "clone", "other"))
            trial.check(["git/checkout"], m, ["clone"], (".git",))

    def lower(self, trial, m, rows):
        trial.measure(rows[0], m, lambda: trial.driver.run([git("-C", "repository", "status", "--porcelain")], m.point))
        trial.confirm([rows[0]], lambda: self.sound(trial, m, "repository", "main"))
        trial.measure(rows[1], m, lambda: trial.driver.run(
            [git("-C", "repository", "checkout", "-q", "other")], m.point), settle=True)
        if trial.wants(rows[1]):
            trial.confirm([rows[1]], lambda: self.sound(trial, m, "repository", "other"))
            trial.check([rows[1]], m, ["repository"], (".git",))

    def sound(self, trial, m, where, branch):
        """A clone must be whole, on the right branch, and its files those of the branch."""
        def ask(*words):
            return trial.bench.sandbox.run(git("-C", where, *words), cwd=m.point, point=m.point).strip()

        ask("fsck", "--strict", "--no-progress")
        right = trial.bench.sandbox.run(git("rev-parse", branch), cwd=self.source).strip()
        if ask("rev-parse", "HEAD") != right:
            raise Failure(f"git: HEAD is not {branch}")
        changed = ask("status", "--porcelain")
        if changed:
            raise Failure(f"git: files differ from what was checked out: {changed.splitlines()[0]}")
