"""What must be gone at the end: mounts, loop devices, processes, directories."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

CONNECTIONS = Path("/sys/fs/fuse/connections")
MS_PRIVATE, MS_REC, MNT_DETACH = 1 << 18, 1 << 14, 2

_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """A step that did not work, as a sentence for the report. The run goes on."""


class Unsupported(Failure):
    """Something that an implementation does not claim to do."""


class Interrupted(BaseException):
    """A signal asks the run to end."""


def catch_signals() -> None:
    """Makes INT and TERM end the run in order, also where a parent had them ignored."""

    def end(number, _frame):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Interrupted(signal.Signals(number).name)

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


def unescape(text: str) -> str:
    """The octal escapes of mount tables."""
    return re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), text)


def mounts() -> list[tuple[str, str]]:
    """Mount points in view with their device numbers, in the order of mounting."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        found.append((unescape(fields[4]), fields[2]))
    return found


class Sandbox:
    """A directory and all that is done in it. Its mounts are in the private namespace that `run` has made."""

    def __init__(self, home: Path):
        self.home = home
        self._groups: set[int] = set()
        if not any(CONNECTIONS.iterdir()) and not os.path.ismount(CONNECTIONS):
            subprocess.run(["mount", "-t", "fusectl", "fusectl", str(CONNECTIONS)], stderr=subprocess.DEVNULL)

    def device(self, point: Path) -> str | None:
        """The device number of what is mounted there, without asking the file system itself."""
        devices = [device for where, device in mounts() if where == str(point)]
        return devices[-1] if devices else None

    def abort(self, point: Path) -> None:
        """Ends a FUSE connection whose server does not answer."""
        device = self.device(point)
        control = CONNECTIONS / (device or "none").split(":")[-1] / "abort"
        if control.exists():
            control.write_text("1")

    def run(self, command: list[str], *, cwd: Path | None = None, timeout: float = 300, point: Path | None = None,
            env: dict[str, str] | None = None, stdin: str | None = None) -> str:
        """Runs a program to its end and returns its output; aborts the mount that makes it hang."""
        process = subprocess.Popen(
            command, cwd=cwd, env=env, text=True, errors="replace", start_new_session=True,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._groups.add(process.pid)
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            self._stop(process, point)
            raise Failure(f"no end after {timeout:.0f} s: {command[0]}") from None
        except BaseException:
            self._stop(process, point)
            raise
        finally:
            self._groups.discard(process.pid)
        if process.returncode != 0:
            first = ([line for line in err.strip().splitlines() if line] or [f"exit status {process.returncode}"])[0]
            raise Failure(f"{os.path.basename(command[0])}: {first}"[:300])
        return out

    def _stop(self, process: subprocess.Popen, point: Path | None) -> None:
        for hung in (False, True):
            if hung and point is not None:
                self.abort(point)
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            try:
                process.communicate(timeout=3)
                return
            except subprocess.TimeoutExpired:
                continue

    def unmount(self, point: Path, server: int | None = None, timeout: float = 60) -> None:
        """Unmounts and waits until the server has ended."""
        if self.device(point) is None:
            return
        try:
            self._umount(point, timeout)
        except Failure:
            self.abort(point)
            self._umount(point, timeout, "-l")
        if server is not None:
            self.wait_for(server, timeout)

    def _umount(self, point: Path, timeout: float, *flags: str) -> None:
        # A program that has just ended may hold the mount for a moment longer.
        deadline = time.monotonic() + 3
        while True:
            try:
                self.run(["umount", *flags, str(point)], timeout=timeout, point=point)
                return
            except Failure:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def wait_for(self, server: int, timeout: float) -> None:
        """Waits for a server that is to end by itself, and ends it where it does not."""
        deadline = time.monotonic() + timeout
        while alive(server):
            if time.monotonic() > deadline:
                os.kill(server, signal.SIGKILL)
                deadline += 5
            time.sleep(0.002)

    def remove(self, path: Path) -> None:
        """Removes a tree, never what is mounted in it."""
        if not str(path).startswith(str(self.home)):
            raise AssertionError(path)
        subprocess.run(["rm", "-rf", "--one-file-system", str(path)], check=False)

    def fresh(self, path: Path) -> Path:
        """An empty directory in place of whatever was there."""
        self.remove(path)
        path.mkdir(parents=True)
        return path

    def seal(self, path: Path) -> None:
        """Makes a tree read-only for whoever uses it by this path, because not everybody spares its lowers."""
        self.run(["mount", "--bind", str(path), str(path)])
        self.run(["mount", "-o", "remount,bind,ro", str(path)])

    def clear(self, path: Path) -> None:
        """Unmounts what is mounted below a directory, and removes it."""
        for point, _ in reversed(mounts()):
            if point == str(path) or point.startswith(f"{path}/"):
                self.unmount(Path(point))
        self.remove(path)

    def loop(self, name: str, kind: str, size: int) -> Path:
        """A file system of its own in an image; the loop device goes away with its mount."""
        image = self.home / f"{name}.img"
        point = self.home / name
        point.mkdir(exist_ok=True)
        with open(image, "wb") as out:
            out.truncate(size)
        make = {"xfs": ["mkfs.xfs", "-q", "-f"], "btrfs": ["mkfs.btrfs", "-q", "-f"], "ext4": ["mkfs.ext4", "-q", "-F"]}
        if shutil.which(make[kind][0]) is None:
            raise Failure(f"{make[kind][0]} is not installed")
        self.run([*make[kind], str(image)])
        self.run(["mount", "-o", "loop", "-t", kind, str(image), str(point)])
        return point

    def unloop(self, name: str) -> None:
        """Takes away what loop() has made."""
        self.clear(self.home / name)
        (self.home / f"{name}.img").unlink(missing_ok=True)

    def close(self) -> None:
        """Takes everything away, innermost mount first."""
        for group in self._groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
        inside = [point for point, _ in mounts() if point.startswith(str(self.home) + "/")]
        for point in reversed(inside):
            self.abort(Path(point))
            subprocess.run(["umount", "-l", point], stderr=subprocess.DEVNULL, check=False)
        self.remove(self.home)


def alive(pid: int) -> bool:
    """Whether the process still runs; collects it where it is an orphan that has come to us."""
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def drop_caches() -> None:
    """Empties the machine's page cache and its caches of names and inodes."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")
