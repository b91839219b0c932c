"""How long until a mount answers."""

from __future__ import annotations

import time

from .scenario import Scenario, stack_of


class Start(Scenario):
    def rows(self):
        return {"start/mount": "from the mount command to the first answer; 10 layers",
                "start/unmount": "from umount until the server has ended"}

    def prepare(self, bench, home):
        self.stack = stack_of(home, self.plan)
        self.stack.complete(bench.sandbox)

    def round(self, trial):
        def body(m):
            trial.note("start/mount", m.seconds)
            start = time.perf_counter()
            trial.bench.sandbox.unmount(m.point, m.server)
            trial.note("start/unmount", time.perf_counter() - start)

        trial.mount(self.stack, list(self.rows()), body)
