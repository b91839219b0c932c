"""SQLite: many small transactions, and a single large one."""

from __future__ import annotations

from ..sandbox import Failure
from .scenario import Scenario, need, stack_of

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INTEGER);\n"
SIZES = {"transactions": "transactions", "wal": "transactions", "bulk": "bulk_inserts"}


class Sqlite(Scenario):
    def rows(self):
        few, many = self.plan.transactions, self.plan.bulk_inserts
        return {
            "sqlite/transactions": f"{few} transactions of one insert each, synced, with a rollback journal",
            "sqlite/wal": f"{few} transactions of one insert each, synced, with a write-ahead log",
            "sqlite/bulk": f"{many} inserts in one transaction, and an index"}

    def prepare(self, bench, home):
        need("sqlite3")
        self.stack = stack_of(home, self.plan, 2)
        self.scripts = {}
        for kind, script in {
                "transactions": "PRAGMA journal_mode = DELETE;\nPRAGMA synchronous = FULL;\n" + TABLE
                + self.inserts(self.plan.transactions),
                "wal": "PRAGMA journal_mode = WAL;\nPRAGMA synchronous = FULL;\n" + TABLE
                + self.inserts(self.plan.transactions),
                "bulk": TABLE + "BEGIN;\n" + self.inserts(self.plan.bulk_inserts)
                + "CREATE INDEX names ON t (name);\nCOMMIT;\n"}.items():
            self.scripts[kind] = home / f"{kind}.sql"
            self.scripts[kind].write_text(script)
        self.stack.complete(bench.sandbox)

    @staticmethod
    def inserts(count):
        return "".join(f"INSERT INTO t VALUES ({i}, 'name {i * 7919 % 100003}', {i % 97});\n" for i in range(count))

    def round(self, trial):
        rows = list(self.rows())
        if trial.wants(*rows):
            trial.mount(self.stack, rows, lambda m: self.body(trial, m), warm=True, own_flat=True)

    def body(self, trial, m):
        for kind, script in self.scripts.items():
            row = f"sqlite/{kind}"
            trial.measure(row, m, lambda: trial.driver.run(
                [["sqlite3", "-batch", "-bail", f"{kind}.db", f".read {script}"]], m.point), settle=True)
            trial.confirm([row], lambda: self.sound(trial, m, kind))

    def sound(self, trial, m, kind):
        """The database must be whole and have everything."""
        count = getattr(self.plan, SIZES[kind])
        out = trial.bench.sandbox.run(
            ["sqlite3", "-batch", f"{kind}.db", "PRAGMA integrity_check; SELECT count(*), sum(n) FROM t;"],
            cwd=m.point, point=m.point).split()
        right = ["ok", f"{count}|{sum(i % 97 for i in range(count))}"]
        if out != right:
            raise Failure(f"sqlite3: {' '.join(out)} instead of {' '.join(right)}"[:200])
