"""The small C program that does system calls in a mount: compiled at the start of a run, and called."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from .sandbox import Failure, Sandbox

SOURCE = Path(__file__).with_name("driver.c")


class Driver:
    """Calls of driver.c. Each returns what it printed, as a dictionary; "ns" is the elapsed time."""

    def __init__(self, sandbox: Sandbox):
        self.sandbox = sandbox
        self.program = sandbox.home / "driver"
        self._lists = sandbox.fresh(sandbox.home / "lists")
        self._known: dict[int, tuple[list[str], str]] = {}
        compiler = shutil.which(os.environ.get("CC", "gcc")) or shutil.which("cc")
        if compiler is None:
            raise SystemExit("a C compiler is missing: install gcc and libc6-dev, or run with --install")
        sandbox.run([compiler, "-O2", "-o", str(self.program), str(SOURCE)])

    def call(self, *arguments: str, cwd: Path, timeout: float = 300) -> dict:
        """One call, with the mount point as working directory."""
        out = self.sandbox.run([str(self.program), *arguments], cwd=cwd, point=cwd, timeout=timeout)
        return json.loads(out)

    def _list(self, paths: list[str]) -> str:
        known = self._known.get(id(paths))
        if known is None:
            file = self._lists / str(len(self._known))
            file.write_text("".join(path + "\n" for path in paths))
            # Keeping the list keeps its id from being used again.
            known = self._known[id(paths)] = (paths, str(file))
        return known[1]

    def paths(self, operation: str, paths: list[str], at: Path, *, processes: int = 1, passes: int = 1,
              size: int = 0, result: int | None = None) -> float:
        """An operation on each path; the seconds of one pass. `result` is what must come out."""
        out = self.call("paths", operation, self._list(paths), str(processes), str(passes), str(size), cwd=at)
        if result is not None and out["result"] != result:
            raise Failure(f"wrong answers: {operation} gives {out['result']} instead of {result}")
        return out["ns"] / 1e9

    def run(self, commands: list[list[str]], at: Path, timeout: float = 300) -> float:
        """Programs at the same time; seconds until the last has ended."""
        words: list[str] = []
        for command in commands:
            words += ["---"] * bool(words) + command
        return self.call("run", *words, cwd=at, timeout=timeout)["ns"] / 1e9

    def write(self, file: str, block: int, total: int, at: Path) -> float:
        """A new file in writes of one size."""
        return self.call("write", file, str(block), str(total), cwd=at)["ns"] / 1e9

    def latency(self, paths: list[str], command: list[str], at: Path) -> dict:
        """stat of the paths while a command runs."""
        return self.call("latency", self._list(paths), *command, cwd=at)

    def warm(self, tree: str, scratch: str, point: Path, remount: bool, seconds: float) -> None:
        """All kinds of requests for some seconds, in a part of the tree that nothing else uses."""
        self.call("warm", tree, scratch, str(point) if remount else "", str(seconds), cwd=point)

    def digest(self, at: Path, tree: str = ".", without: tuple[str, ...] = ()) -> str:
        """A checksum of names, types, modes, owners, sizes and contents."""
        return self.call("digest", tree, *without, cwd=at)["digest"]
