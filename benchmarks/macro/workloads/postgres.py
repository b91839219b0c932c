"""PostgreSQL with its data in the mount, asked by pgbench."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from ..sandbox import Failure
from .scenario import Scenario, need, stack_of

USER = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "env", "LC_ALL=C"]
SUMS = ("SELECT (SELECT count(*) FROM pgbench_history), (SELECT coalesce(sum(delta), 0) FROM pgbench_history), "
        "(SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(bbalance) FROM pgbench_branches), "
        "(SELECT sum(tbalance) FROM pgbench_tellers)")


def programs() -> Path:
    """The directory of the newest PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise Failure("postgresql is not installed")
    return found[-1].parent


def tps(out: str) -> float:
    """Transactions a second, from what pgbench prints; none may have failed."""
    failed = re.search(r"^number of failed transactions: (\d+)", out, re.MULTILINE)
    if failed and failed[1] != "0":
        raise Failure(f"pgbench: {failed[1]} transactions failed")
    found = re.search(r"^tps = ([\d.]+)", out, re.MULTILINE)
    if not found or float(found[1]) <= 0:
        raise Failure("pgbench: does not say how many transactions it made")
    return float(found[1])


def processed(out: str) -> int:
    """How many transactions pgbench says it made."""
    found = re.search(r"^number of transactions actually processed: (\d+)", out, re.MULTILINE)
    return int(found[1]) if found else -1


class Postgres(Scenario):
    def rows(self):
        return {
            "postgres/initdb": "initdb, synced at its end",
            "postgres/load": f"pgbench -i -s {self.plan.database_scale}",
            "postgres/transaction": f"the mean of a transaction of pgbench (1/tps), two clients, "
                                    f"{self.plan.database_seconds} s"}

    def prepare(self, bench, home):
        need("setpriv", "pgbench")
        self.bin = programs()
        self.stack = stack_of(home, self.plan, 2)
        # The server is not root: it must get through to the mount, and to its socket.
        bench.sandbox.home.chmod(0o711)
        self.socket = bench.sandbox.home / "socket"
        self.socket.mkdir()
        self.data = home / "l1" / "database"
        for path in (self.socket, self.data):
            path.mkdir(exist_ok=True)
            try:
                shutil.chown(path, "postgres", "postgres")
            except LookupError:
                raise Failure("there is no user postgres") from None
            path.chmod(0o700)
        self.stack.complete(bench.sandbox)

    def finish(self, bench):
        bench.sandbox.remove(bench.sandbox.home / "socket")

    def round(self, trial):
        rows = list(self.rows())
        if trial.wants(*rows):
            trial.mount(self.stack, rows, lambda m: self.body(trial, m), warm=True, own_flat=True)

    def command(self, program, *words):
        return [*USER, str(self.bin / program), *words]

    def body(self, trial, m):
        def run(*words):
            return trial.bench.sandbox.run(self.command(*words), cwd=m.point, point=m.point, timeout=trial.plan.timeout)

        def timed(*words):
            return lambda: trial.driver.run([self.command(*words)], m.point)

        later = trial.wants("postgres/load", "postgres/transaction")
        trial.measure("postgres/initdb", m, timed(
            "initdb", "-D", "database/data", "-A", "trust", "-E", "UTF8", "--locale=C"), needed=later, settle=True)
        if not later:
            return
        run("pg_ctl", "start", "-w", "-s", "-D", "database/data", "-l", str(self.socket / "log"), "-o",
            f"-c listen_addresses= -c unix_socket_directories={self.socket}")
        try:
            at = ("-h", str(self.socket))
            trial.measure("postgres/load", m, timed(
                "pgbench", *at, "-q", "-i", "-s", str(self.plan.database_scale), "postgres"),
                needed=trial.wants("postgres/transaction"), settle=True)
            trial.measure("postgres/transaction", m, lambda: self.transactions(run, at), settle=True)
        finally:
            run("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", "database/data")

    def transactions(self, run, at):
        """Seconds of a transaction; all of them must have come to the tables."""
        out = run("pgbench", *at, "-n", "-c", "2", "-T", str(self.plan.database_seconds), "postgres")
        count, *sums = run("psql", *at, "-X", "-A", "-t", "-c", SUMS, "postgres").strip().split("|")
        if int(count) != processed(out) or len(set(sums)) != 1:
            raise Failure(f"pgbench: {processed(out)} transactions, but {count} in the tables with sums {sums}")
        return 1 / tps(out)
