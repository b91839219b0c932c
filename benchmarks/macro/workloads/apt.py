"""Packages installed in a root file system: what building an image does."""

from __future__ import annotations

import os
import platform
import stat
from pathlib import Path

from ..sandbox import Failure, mounts
from .scenario import Scenario, need, stack_of

PACKAGES = ("less", "python3")
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}


def inside(*words: str, root: str = "root") -> list[str]:
    """A command in the root file system, with an environment of its own."""
    return ["chroot", root, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C",
            "DEBIAN_FRONTEND=noninteractive", *words]


def apt(*words: str) -> list[str]:
    """apt-get, which must not change to a user of its own: that one cannot reach the mount."""
    return ["apt-get", "-y", "-qq", "--no-install-recommends", "-o", "APT::Sandbox::User=root",
            "-o", "Dpkg::Use-Pty=0", *words]


class Apt(Scenario):
    def rows(self):
        return {"apt/install": f"apt-get install {' '.join(PACKAGES)} in a Debian system, packages already there"}

    def prepare(self, bench, home):
        need("debootstrap", "chroot")
        suite = platform.freedesktop_os_release().get("VERSION_CODENAME")
        if not suite:
            raise Failure("debootstrap: this system has no name that it knows")
        self.stack = stack_of(home, self.plan, 2)
        root = home / "l1" / "root"
        try:
            bench.sandbox.run(["debootstrap", "--variant=minbase", suite, str(root)], timeout=1200)
            bench.sandbox.run(inside(*apt("update"), root=str(root)), timeout=600)
            bench.sandbox.run(inside(*apt("--download-only", "install", *PACKAGES), root=str(root)), timeout=600)
        except Failure as e:
            raise Failure(f"no root file system ({e})") from None
        finally:
            for point, _ in reversed(mounts()):
                if point.startswith(f"{root}/"):
                    bench.sandbox.unmount(Path(point))
        self.stack.complete(bench.sandbox)

    def round(self, trial):
        row = "apt/install"
        if trial.wants(row):
            trial.mount(self.stack, [row], lambda m: self.body(trial, m, row), warm=True, own_flat=True)

    def body(self, trial, m, row):
        sandbox = trial.bench.sandbox
        # Most mounts forbid devices. These are of a file system of their own, not the machine's.
        dev = m.point / "root" / "dev"
        sandbox.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=1m", "devices", str(dev)], point=m.point)
        try:
            for name, (major, minor) in DEVICES.items():
                os.mknod(dev / name, stat.S_IFCHR, os.makedev(major, minor))
                (dev / name).chmod(0o666)
            trial.measure(row, m, lambda: trial.driver.run(
                [inside(*apt("--no-download", "install", *PACKAGES))], m.point, trial.plan.timeout), settle=True)
            trial.confirm([row], lambda: self.sound(trial, m))
            if trial.wants(row):
                trial.same([row], self.seen(trial, m))
        finally:
            sandbox.unmount(dev)

    def sound(self, trial, m):
        """The packages must be there, whole, and work."""
        def ask(*words):
            return trial.bench.sandbox.run(inside(*words), cwd=m.point, point=m.point).strip()

        broken = ask("dpkg", "--audit")
        if broken:
            raise Failure(f"dpkg: {broken.splitlines()[0]}")
        broken = ask("dpkg", "--verify", *PACKAGES)
        if broken:
            raise Failure(f"dpkg: {broken.splitlines()[0]}")
        if ask("python3", "-c", "import json; print(json.dumps(6 * 7))") != "42":
            raise Failure("python3 does not work")

    def seen(self, trial, m):
        """All files that packages have, but for what Python compiles, and the list of packages."""
        listed = trial.bench.sandbox.run(
            inside("dpkg-query", "-W", "-f", "${Package} ${Version} ${Status}\\n"), cwd=m.point, point=m.point)
        return listed + trial.driver.digest(m.point, "root/usr", ("__pycache__",))
