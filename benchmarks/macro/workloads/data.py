"""Reading and writing the data of large files."""

from __future__ import annotations

import json

from ..sandbox import Failure
from ..trees import big_file
from .scenario import Scenario, stack_of

WHERE = {"lower": "a lower's file", "upper": "a file of the upper", "ro": "a lower's file, mount without an upper"}
READS = {"seq": "read in blocks of 1 MiB", "rand": "random reads of 4 KiB"}
WRITES = {"seq": "written in blocks of 1 MiB", "rand": "random writes of 4 KiB"}
HOW = {"buffered": "", "fsync": ", synced", "direct": ", past the page cache"}


def fio(trial, at, *options):
    """Seconds that fio took for its reads and writes, without its start."""
    out = trial.bench.sandbox.run(
        ["fio", "--name=job", "--output-format=json", "--ioengine=psync", "--invalidate=0", "--fallocate=none",
         "--randrepeat=1", "--norandommap", *options], cwd=at, point=at, timeout=trial.plan.timeout)
    job = json.loads(out[out.index("{"):])["jobs"][0]
    if job["error"]:
        raise Failure(f"fio: error {job['error']}")
    if any("fsync" in option for option in options):
        return job["job_runtime"] / 1e3
    # The run time is in whole milliseconds, which is too coarse for what the page cache answers.
    return sum(job[kind]["lat_ns"]["mean"] * job[kind]["total_ios"] for kind in ("read", "write")) / 1e9


class Data(Scenario):
    def rows(self):
        rows = {}
        for kind, what in READS.items():
            for where, file in WHERE.items():
                rows[f"read-{kind}/{where}/first"] = f"{file} {what}, first time after mount"
                rows[f"read-{kind}/{where}/hot"] = f"{file} {what}, again"
            rows[f"read-{kind}/direct"] = f"a file of the upper {what}, past the page cache"
        for kind, what in WRITES.items():
            for how, words in HOW.items():
                rows[f"write-{kind}/{how}"] = f"a file of the upper {what}{words}"
        rows["write-4k"] = "a new file in writes of 4 KiB"
        rows["write-512"] = "a new file in writes of 512 B"
        return rows

    def prepare(self, bench, home):
        self.stack = stack_of(home, self.plan, 2)
        self.stack.seed = home / "seed"
        self.stack.seed.mkdir()
        for name in ("lower-seq", "lower-rand"):
            big_file(home / "l1" / name, self.plan.data)
        for name in ("upper-seq", "upper-rand", "upper-direct"):
            big_file(self.stack.seed / name, self.plan.data)
        self.stack.complete(bench.sandbox)

    def round(self, trial):
        size = self.plan.data
        for where in WHERE:
            rows = [f"read-{kind}/{where}/{phase}" for kind in READS for phase in ("first", "hot")]
            if where == "upper":
                rows += [f"read-{kind}/direct" for kind in READS]
            if trial.wants(*rows):
                trial.mount(
                    self.stack, rows, lambda m: self.reads(trial, m, where, size), upper=where != "ro", warm=True)
        rows = [row for row in self.rows() if row.startswith("write-")]
        if trial.wants(*rows):
            trial.mount(self.stack, rows, lambda m: self.writes(trial, m), warm=True, own_flat=True)

    def reads(self, trial, m, where, size):
        source = "lower" if where == "ro" else where
        # The host has the files in memory, whoever read last.
        for name in (f"{source}-seq", f"{source}-rand"):
            base = self.stack.flat if trial.peer.kind == "plain" else (
                m.layout.upper if where == "upper" else self.stack.base / "l1")
            with open(base / name, "rb") as f:
                while f.read(1 << 20):
                    pass
        seq = ("--rw=read", "--bs=1M", f"--size={size}")
        rand = ("--rw=randread", "--bs=4k", f"--size={size}", f"--io_size={size // 4}")
        for kind, job in (("seq", seq), ("rand", rand)):
            for phase in ("first", "hot"):
                trial.measure(
                    f"read-{kind}/{where}/{phase}", m,
                    lambda: fio(trial, m.point, f"--filename={source}-{kind}", "--readonly", *job), needed=phase == "first")
        if where == "upper":
            trial.measure("read-seq/direct", m, lambda: fio(
                trial, m.point, "--filename=upper-direct", "--readonly", "--direct=1", *seq))
            trial.measure("read-rand/direct", m, lambda: fio(
                trial, m.point, "--filename=upper-direct", "--readonly", "--direct=1", *rand[:3],
                f"--io_size={size // 16}"))

    def writes(self, trial, m):
        size = self.plan.write
        few = self.plan.synced_writes
        seq = ("--rw=write", "--bs=1M", f"--size={size}")
        rand = ("--rw=randwrite", "--bs=4k", f"--size={size}")
        jobs = {
            "write-seq/buffered": seq,
            "write-seq/fsync": (*seq, "--end_fsync=1"),
            "write-seq/direct": (*seq, "--direct=1"),
            "write-rand/buffered": (*rand, f"--io_size={size // 4}"),
            "write-rand/fsync": (*rand, "--fsync=1", f"--io_size={few * 4096}"),
            "write-rand/direct": (*rand, "--direct=1", f"--io_size={few * 8 * 4096}"),
        }
        for row, job in jobs.items():
            # Random writes go into a file that is there; sequential ones make a new one.
            name = "upper-rand" if "rand" in row else row.replace("/", "-")
            trial.measure(row, m, lambda: fio(trial, m.point, f"--filename={name}", *job), settle=True)
        # What fio writes is another thing each time; the checksum is of a directory of its own.
        trial.driver.paths("mkdir", ["written"], m.point)
        for row, block in (("write-4k", 4096), ("write-512", 512)):
            total = self.plan.small_writes * block // 4096
            trial.measure(
                row, m, lambda: trial.driver.write(f"written/{row}", block, total, m.point), settle=True)
        trial.check(["write-4k", "write-512"], m, ["written"])
