"""The trees that are measured, made anew for each run and the same in every run."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .sandbox import Sandbox

BLOCK = bytes(range(256)) * 1024


@dataclass
class Tree:
    """One directory of a stack, with what is in it as a program sees it through the union."""

    name: str
    files: list[str] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    bytes: int = 0
    entries: int = 0

    def absent(self) -> list[str]:
        """As many names that are not there as there are files, spread over the directories in the same way."""
        return [f"{path.rpartition('/')[0]}/absent-{path.rpartition('/')[2]}" for path in self.files]


@dataclass
class Stack:
    """Layers below `base`, topmost first; `flat` is the merged tree as a plain directory."""

    base: Path
    layers: tuple[str, ...]
    trees: dict[str, Tree] = field(default_factory=dict)
    seed: Path | None = None
    """Files that the upper has from the start."""

    @property
    def flat(self) -> Path:
        return self.base / "flat"

    def complete(self, sandbox: Sandbox) -> None:
        """Makes the plain copy, the lowest layer first, each over the ones below; then nothing changes any more."""
        self.flat.mkdir()
        for layer in (*reversed(self.layers), *(["seed"] if self.seed else [])):
            subprocess.run(["cp", "-a", "--reflink=auto", f"{self.base / layer}/.", str(self.flat)], check=True)
        sandbox.seal(self.base)


def make_stack(base: Path, layers: int) -> Stack:
    """An empty one."""
    stack = Stack(base, tuple(f"l{i}" for i in range(layers)))
    for layer in stack.layers:
        (base / layer).mkdir(parents=True)
    return stack


def size_of(rng: random.Random) -> int:
    """File sizes as source trees and root file systems have them: mostly small, a few larger."""
    kind = rng.random()
    if kind < 0.70:
        return rng.randrange(200, 4096)
    if kind < 0.95:
        return rng.randrange(4096, 16384)
    return rng.randrange(16384, 131072)


def grow(stack: Stack, name: str, files: int, *, spread: int = 3, seed: int = 1) -> Tree:
    """
    Adds a tree of 16 top directories with subdirectories of about 40 files.

    Each directory is merged from `spread` layers, its files are spread over them, and every twentieth
    file hides another one of the same name further down.
    """
    rng = random.Random(f"{name}/{seed}")
    tree = Tree(name)
    per_directory = 40
    count = max(16, files // per_directory)
    layers = len(stack.layers)
    tops = {f"{name}/d{d % 16:02}" for d in range(count)}
    tree.tops = sorted(tops)
    made: set[Path] = set()
    for d in range(count):
        directory = f"{name}/d{d % 16:02}/e{d // 16:03}"
        tree.directories.append(directory)
        own = [stack.layers[(d + k) % layers] for k in range(min(spread, layers))]
        for layer in own:
            path = stack.base / layer / directory
            path.mkdir(parents=True)
            made.add(path)
        own.sort(key=stack.layers.index)
        for f in range(per_directory):
            path = f"{directory}/file-{rng.randrange(1 << 24):06x}-{f}"
            size = size_of(rng)
            at = rng.randrange(len(own))
            if f % 20 == 0 and len(own) > 1:
                at = 0
                (stack.base / own[-1] / path).write_bytes(b"hidden\n")
            offset = rng.randrange(4096)
            (stack.base / own[at] / path).write_bytes(BLOCK[offset:offset + size])
            tree.files.append(path)
            tree.bytes += size
        tree.entries += per_directory + 2
    stack.trees[name] = tree
    return tree


def big_file(path: Path, size: int) -> None:
    """A file without holes that no file system can shrink."""
    chunk = random.Random(size).randbytes(1 << 20)
    with open(path, "wb") as out:
        done = 0
        while done < size:
            part = min(len(chunk), size - done)
            out.write(done.to_bytes(8, "little") + chunk[8:part])
            done += part
