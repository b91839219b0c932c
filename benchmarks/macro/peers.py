"""The union file systems that are measured, and how each is mounted."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .sandbox import Failure, Unsupported

FLOOR_SOURCE = Path(__file__).with_name("floor.c")
FLOOR = Path(__file__).parents[1] / "target" / "floor"

RATIO_TO = ("overlayfs", "fuse-overlayfs")


@dataclass(frozen=True)
class Layout:
    """What is to be mounted where. Lowers are names below `base`, so that 500 of them fit into one option."""

    base: Path
    lowers: tuple[str, ...]
    flat: Path
    upper: Path | None
    work: Path
    point: Path
    volatile: bool = False


@dataclass(frozen=True)
class Peer:
    """One implementation. `kind` says how it is mounted, `program` which executable does it."""

    name: str
    kind: str
    program: str
    options: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        return self.kind == "unionfs"

    @property
    def has_server(self) -> bool:
        return self.kind not in ("plain", "overlayfs")

    def missing(self) -> str | None:
        """Why it cannot run here."""
        if self.kind == "plain":
            return None
        if self.kind == "overlayfs":
            return None if "\toverlay\n" in Path("/proc/filesystems").read_text() else "not in this kernel"
        if self.kind == "floor":
            return build_floor(Path(self.program))
        if shutil.which(self.program) is None:
            return f"{self.program} is not installed"
        if "jnr-fuse" in self.options and not any(
                list(Path(d).glob("libfuse.so.2*")) for d in ("/lib", "/usr/lib", *map(str, Path("/usr/lib").glob("*-linux-gnu")))):
            return "libfuse 2 is not installed"
        return None

    def command(self, at: Layout) -> list[str]:
        """The command that mounts; it is run in `at.base` and returns when the mount is there."""
        if at.volatile and self.kind not in ("overlayfs", "fuse-overlayfs", "unionfs"):
            raise Unsupported("has no volatile mode")
        return getattr(self, "_" + self.kind.replace("-", "_"))(at)

    def _plain(self, at: Layout) -> list[str]:
        return ["mount", "--bind", *([] if at.upper else ["-o", "ro"]), str(at.flat), str(at.point)]

    def _overlay_options(self, at: Layout) -> str:
        words = ["lowerdir=" + ":".join(at.lowers)]
        if at.upper:
            words += [f"upperdir={at.upper}", f"workdir={at.work}"]
        if at.volatile:
            words.append("volatile")
        return ",".join([*words, *self.options])

    def _overlayfs(self, at: Layout) -> list[str]:
        return ["mount", "-t", "overlay", "overlay", "-o", self._overlay_options(at), str(at.point)]

    def _fuse_overlayfs(self, at: Layout) -> list[str]:
        return [self.program, "-o", self._overlay_options(at), str(at.point)]

    def _branches(self, at: Layout) -> str:
        upper = [f"{at.upper}=RW"] if at.upper else []
        return ":".join(upper + [f"{name}=RO" for name in at.lowers])

    def _unionfs_fuse(self, at: Layout) -> list[str]:
        words = ("cow", "allow_other", "default_permissions", "hide_meta_files", *self.options)
        return [self.program, "-o", ",".join(words), self._branches(at), str(at.point)]

    def _mergerfs(self, at: Layout) -> list[str]:
        words = (
            "allow_other", "use_ino", "fsname=mergerfs", "minfreespace=0", "category.create=ff", "cache.files=auto-full", "cache.symlinks=true",
            "cache.readdir=true", "cache.attr=3600", "cache.entry=3600", "cache.negative_entry=3600", *self.options)
        # Its lowers are separated by colons and may be patterns; relative ones it does not take.
        upper = [f"{at.upper}=RW"] if at.upper else []
        branches = ":".join(upper + [f"{at.base}/{name}=RO" for name in at.lowers])
        return [self.program, "-o", ",".join(words), branches, str(at.point)]

    def _unionfs(self, at: Layout) -> list[str]:
        upper = ["--upper", str(at.upper), "--work", str(at.work)] if at.upper else []
        volatile = ["--volatile"] if at.volatile else []
        return [self.program, "--lower", ":".join(at.lowers), *upper, *volatile, *self.options, str(at.point)]

    def _floor(self, at: Layout) -> list[str]:
        return [self.program, ":".join(([str(at.upper)] if at.upper else []) + list(at.lowers)), str(at.point)]

    def version(self, run) -> str:
        """What it says about itself."""
        if self.kind == "floor":
            return "answers from memory"
        if not self.has_server:
            return os.uname().release
        try:
            lines = run([self.program, "--version"]).splitlines()
        except Failure as e:
            lines = [str(e).partition(": ")[2]]
        return next((line for line in lines if self.kind.partition("-")[0] in line.lower()), "".join(lines[:1]))


def build_floor(program: Path) -> str | None:
    """Compiles floor.c if that is newer; says why not."""
    compiler = shutil.which(os.environ.get("CC", "gcc")) or shutil.which("cc")
    if compiler is None:
        return "a C compiler is missing"
    if not program.exists() or program.stat().st_mtime < FLOOR_SOURCE.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([compiler, "-O2", "-pthread", "-o", str(program), str(FLOOR_SOURCE)], check=True)
    return None


def known(tool: Path) -> list[Peer]:
    """All implementations, in the order of the table; `tool` is our mount command."""
    return [
        Peer("plain", "plain", ""),
        Peer("overlayfs", "overlayfs", ""),
        Peer("fuse-overlayfs", "fuse-overlayfs", "fuse-overlayfs"),
        Peer("floor", "floor", str(FLOOR)),
        Peer("unionfs-fuse", "unionfs-fuse", "unionfs-fuse"),
        Peer("mergerfs", "mergerfs", "mergerfs"),
        Peer("unionfs", "unionfs", str(tool), ("--transport", "kernel")),
        Peer("passthrough", "unionfs", str(tool), ("--transport", "kernel", "--io", "passthrough")),
        Peer("jnr-fuse", "unionfs", str(tool), ("--transport", "jnr-fuse")),
    ]


def also(text: str, tool: Path) -> Peer:
    """One more, as NAME=KIND:PROGRAM[:OPTION...] says; the program may be left out for our own."""
    name, _, rest = text.partition("=")
    kind, _, rest = rest.partition(":")
    program, *options = rest.split(":") if rest else [""]
    kinds = ("overlayfs", "fuse-overlayfs", "unionfs-fuse", "mergerfs", "unionfs")
    if not name or kind not in kinds:
        raise ValueError(f"--also {text}: must be NAME=KIND:PROGRAM[:OPTION...], KIND one of {', '.join(kinds)}")
    return Peer(name, kind, program or str(tool), tuple(options))
