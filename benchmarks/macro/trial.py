"""One implementation in one round of one scenario: mounts, measures, checks, and says what failed."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Callable

from .driver import Driver
from .peers import Layout, Peer
from .plan import Plan
from .requests import RequestCounter
from .results import Results, reference, wanted
from .sandbox import Failure, Sandbox, Unsupported, drop_caches
from .trees import Stack

TICKS = os.sysconf("SC_CLK_TCK")


class Mounted:
    """A mount that is there, and its server."""

    def __init__(self, peer: Peer, layout: Layout, server: int | None, seconds: float):
        self.peer = peer
        self.point = layout.point
        self.layout = layout
        self.server = server
        self.seconds = seconds
        """From the call of the command to the first answer of the mount."""

    def cpu(self) -> float:
        """Processor seconds of the server so far."""
        if self.server is None:
            return 0.0
        try:
            fields = Path(f"/proc/{self.server}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            raise Failure("the server has died") from None
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self) -> float:
        """MiB of memory that the server has."""
        if self.server is None:
            raise Failure("has no server")
        for line in Path(f"/proc/{self.server}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise Failure("the server has died")


class Bench:
    """What all trials of a run share."""

    def __init__(self, plan: Plan, sandbox: Sandbox, peers: list[Peer], only: list[str], results: Results,
                 counter: RequestCounter | None = None, parts: dict[str, tuple[str, ...]] | None = None):
        self.plan = plan
        self.sandbox = sandbox
        self.peers = peers
        self.only = only
        self.results = results
        self.driver = Driver(sandbox)
        self.counter = counter
        self.parts = parts or {}
        self.digests: dict[str, dict[str, str]] = {}
        self._mounts = 0

    def wants(self, row: str, peer: str | None = None) -> bool:
        """Whether the row was asked for, and of this implementation."""
        return wanted(row, self.only) and wanted(row, list(self.parts.get(peer or "", ())))

    def point(self, peer: Peer) -> Path:
        """A mount point that was never used before, so that a server is known by it."""
        self._mounts += 1
        point = self.sandbox.home / "mnt" / f"{peer.name}-{self._mounts}"
        point.mkdir(parents=True)
        return point

    def verify(self) -> None:
        """Compares the checksums of the implementations, and takes the figures of those that differ."""
        for rows, digests in self.digests.items():
            right = reference(digests)
            for peer, digest in digests.items():
                if digest != right:
                    for name in rows.split("\n"):
                        if name in self.results.rows:
                            self.results.rows[name].cell(peer).problem = "shows another tree than the others"
        self.digests.clear()


class Trial:
    """What a scenario works with."""

    def __init__(self, bench: Bench, rows: dict[str, str], peer: Peer, number: int):
        self.bench = bench
        self.plan = bench.plan
        self.driver = bench.driver
        self.rows = rows
        self.peer = peer
        self.number = number

    def wants(self, *rows: str) -> bool:
        """Whether one of the rows was asked for, and has not failed before."""
        return any(self._asked(row) and not self._failed(row) for row in rows)

    def _asked(self, row: str) -> bool:
        return self.bench.wants(row, self.peer.name)

    def _failed(self, row: str) -> bool:
        known = self.bench.results.rows.get(row)
        return bool(known and self.peer.name in known.cells and known.cells[self.peer.name].problem)

    def fail(self, row: str, why: Failure) -> None:
        """Notes that the implementation cannot do it."""
        if self._asked(row):
            cell = self._cell(row)
            cell.problem = str(why)
            cell.unsupported = isinstance(why, Unsupported)

    def _cell(self, row: str, unit: str = "s"):
        return self.bench.results.row(row, self.rows[row], unit).cell(self.peer.name)

    def mount(self, stack: Stack, rows: list[str], body: Callable[[Mounted], None], *, upper: bool = True, volatile: bool = False, warm: bool = False,
              own_flat: bool = False, home: Path | None = None) -> None:
        """
        Mounts a stack with an empty upper, does `body`, and unmounts. What is raised in the body, or by the
        mount, is noted for those of `rows` that have no figure of this round yet.

        With `own_flat` the plain directory is a copy, because the body changes it. `home` is where upper and
        work dir are, if not in the sandbox.
        """
        sandbox = self.bench.sandbox
        area = sandbox.fresh((home or sandbox.home) / "area")
        point = self.bench.point(self.peer)
        mounted = None
        before = {row: self._count(row) for row in rows}
        try:
            mounted = self._mount(stack, area, point, upper, volatile, own_flat)
            if warm:
                self._warm(stack, mounted, upper)
            body(mounted)
        except Failure as e:
            for row in rows:
                if self.wants(row) and self._count(row) == before[row]:
                    self.fail(row, e)
        finally:
            sandbox.unmount(point, mounted.server if mounted else None)
            point.rmdir()
            sandbox.remove(area)

    def mount_many(self, stack: Stack, count: int, rows: list[str], body: Callable[[list[Mounted]], None]) -> None:
        """The same for several mounts of a stack at once, each with an upper of its own."""
        sandbox = self.bench.sandbox
        areas = sandbox.fresh(sandbox.home / "areas")
        points: list[Path] = []
        mounted: list[Mounted] = []
        try:
            for i in range(count):
                points.append(self.bench.point(self.peer))
                mounted.append(self._mount(stack, sandbox.fresh(areas / str(i)), points[-1], True, False, False))
            body(mounted)
        except Failure as e:
            for row in rows:
                self.fail(row, e)
        finally:
            for i, point in enumerate(points):
                sandbox.unmount(point, mounted[i].server if i < len(mounted) else None)
                point.rmdir()
            sandbox.remove(areas)

    def _count(self, row: str) -> int:
        known = self.bench.results.rows.get(row)
        return len(known.cells[self.peer.name].values) if known and self.peer.name in known.cells else 0

    def _mount(self, stack: Stack, area: Path, point: Path, upper: bool, volatile: bool, own_flat: bool) -> Mounted:
        sandbox = self.bench.sandbox
        flat = stack.flat
        if self.peer.kind == "plain" and own_flat and upper:
            flat = area / "flat"
            sandbox.run(["cp", "-a", "--reflink=auto", str(stack.flat), str(flat)])
        (area / "work").mkdir()
        (area / "upper").mkdir()
        if stack.seed and upper and self.peer.kind != "plain":
            sandbox.run(["cp", "-a", "--reflink=auto", f"{stack.seed}/.", str(area / "upper")])
        layout = Layout(
            stack.base, stack.layers, flat, area / "upper" if upper else None, area / "work", point, volatile)
        command = self.peer.command(layout)
        start = time.perf_counter()
        # Not through a pipe: a server that keeps the descriptor would keep us waiting.
        log = sandbox.home / "mount.log"
        with open(log, "wb") as out:
            process = subprocess.Popen(
                command, cwd=stack.base, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
            try:
                status = process.wait(self.plan.timeout)
            except subprocess.TimeoutExpired:
                sandbox.abort(point)
                process.kill()
                process.wait()
                raise Failure("the mount command does not return") from None
            except BaseException:
                process.kill()
                process.wait()
                raise
        if status == 0:
            os.stat(point)
        seconds = time.perf_counter() - start
        if status != 0 or sandbox.device(point) is None:
            lines = [line for line in log.read_text(errors="replace").splitlines() if line] or [f"exit status {status}"]
            raise Failure(f"does not mount: {lines[-1]}"[:300])
        return Mounted(self.peer, layout, self._server(point) if self.peer.has_server else None, seconds)

    def _server(self, point: Path) -> int:
        wanted_argument = str(point).encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if wanted_argument in (entry / "cmdline").read_bytes().split(b"\0"):
                        return int(entry.name)
                except OSError:
                    continue
        raise Failure("its server is not found")

    def _warm(self, stack: Stack, mounted: Mounted, upper: bool) -> None:
        if self.peer.has_server:
            # A server that is compiled while it runs needs longer until nothing changes any more.
            seconds = self.plan.warm_seconds * (3 if self.peer.ours else 1)
            self.driver.warm(
                "warm", "warm-scratch" if upper else "", mounted.point, True, seconds)

    def measure(self, row: str, mounted: Mounted, action: Callable[[], float], *, needed: bool = False,
                settle: bool = False, unit: str = "s") -> None:
        """
        Does something and notes its seconds (or what else it returns) and those of the server's processor.

        Not done where the row was not asked for, unless it is `needed` by what follows. `settle` writes back
        first what earlier steps have left.
        """
        if not self.wants(row) and not (needed and not self._failed(row)):
            return
        if settle:
            os.sync()
        try:
            counter = self.bench.counter
            before = mounted.cpu()
            if counter and mounted.server is not None:
                counter.start(self.bench.sandbox.device(mounted.point), mounted.server)
            value = action()
            counts = counter.stop() if counter and mounted.server is not None else None
            used = mounted.cpu() - before
        except Failure as e:
            self.fail(row, e)
            return
        if self._asked(row):
            cell = self._cell(row, unit)
            cell.values.append(value)
            cell.server_cpu.append(used)
            if counts is not None:
                cell.requests, cell.calls = counts.requests, counts.calls

    def note(self, row: str, value: float, unit: str = "s") -> None:
        """Notes a figure that was measured otherwise."""
        if self._asked(row):
            self._cell(row, unit).values.append(value)

    def check(self, rows: list[str], mounted: Mounted, trees: list[str], without: tuple[str, ...] = ()) -> None:
        """In the first round: the checksum of what the mount shows, to be the same for all."""
        asked = [row for row in rows if self.wants(row)]
        if self.number > 0 or not asked:
            return
        try:
            digest = " ".join(self.driver.digest(mounted.point, tree, without) for tree in trees)
        except Failure as e:
            digest = f"cannot be read: {e}"
        self.same(asked, digest)

    def confirm(self, rows: list[str], action: Callable[[], None]) -> None:
        """In the first round: what must not fail, or the rows do not count."""
        asked = [row for row in rows if self.wants(row)]
        if self.number > 0 or not asked:
            return
        try:
            action()
        except Failure as e:
            for row in asked:
                self.fail(row, Failure(f"wrong result: {e}"))

    def same(self, rows: list[str], value: str) -> None:
        """Notes something that must be the same for all implementations, or the rows do not count."""
        asked = [row for row in rows if self.wants(row)]
        if asked:
            self.bench.digests.setdefault("\n".join(asked), {})[self.peer.name] = value

    def drop_caches(self) -> None:
        """Empties the machine's caches."""
        drop_caches()
