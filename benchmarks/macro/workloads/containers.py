"""Images built, run and committed by container engines, with each implementation as their mount program."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from ..sandbox import Failure, Unsupported
from .scenario import Scenario, need

USER = "unionfs-test"
KINDS = ("overlayfs", "fuse-overlayfs", "unionfs")
APPLETS = ("sh", "ls", "cat", "mkdir", "rm", "touch", "mv", "echo", "seq", "true", "find")
STEPS = ("build", "run", "change", "diff", "commit")

DOCKERFILE = """FROM base
RUN mkdir /data && cd /data && for i in $(seq {files}); do echo $i > f$i; done
RUN rm /data/f1 && echo 2 > /etc/two
RUN mkdir /more && for i in $(seq {files}); do echo more > /more/f$i; done
RUN mv /etc/base /etc/moved
RUN rm -r /more && mkdir /more && echo z > /more/z
RUN cd /data && for i in $(seq 2 20); do echo changed >> f$i; done
"""

CONFIGURATION = """[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
runtime = "runc"
[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
"""


class Engine:
    """Where one run of an engine keeps everything, and as whom it runs."""

    def __init__(self, trial, home: Path, user: bool):
        self.sandbox = trial.bench.sandbox
        self.home = home
        self.prefix: list[str] = []
        self.user = pwd.getpwnam(USER) if user else None
        # sockets are made below it, whose paths must be short
        self.runtime = Path(tempfile.mkdtemp(prefix="p.", dir="/tmp"))
        program = ""
        if trial.peer.kind != "overlayfs":
            script = home / "program"
            script.write_text(f"#!/bin/sh\nexec {trial.peer.program} {' '.join(trial.peer.options)} \"$@\"\n")
            script.chmod(0o755)
            program = f'[storage.options.overlay]\nmount_program = "{script}"\n'
        (home / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{home}/graph"\nrootless_storage_path = "{home}/graph"\n'
            f'runroot = "{home}/run"\n{program}')
        (home / "containers.conf").write_text(CONFIGURATION)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(self.runtime), "LC_ALL": "C",
            "CONTAINERS_STORAGE_CONF": f"{home}/storage.conf", "CONTAINERS_CONF": f"{home}/containers.conf"}
        if self.user:
            self.prefix = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"]
            for path in (home, self.runtime):
                subprocess.run(["chown", "-R", f"{self.user.pw_uid}:{self.user.pw_gid}", str(path)], check=True)

    def run(self, *words: str) -> float:
        """Seconds that a command takes."""
        start = time.perf_counter()
        self.sandbox.run([*self.prefix, *words], cwd=self.home, env=self.env)
        return time.perf_counter() - start

    def close(self) -> None:
        """Ends what the engine keeps running, and removes what it keeps."""
        try:
            self.run("podman", "rm", "-af")
            if self.user:
                self.run("podman", "unshare", "sh", "-c", "umount graph/overlay; rm -rf --one-file-system graph run")
                self.run("podman", "system", "migrate")
        except Failure:
            pass  # the sandbox takes away what is left
        finally:
            self.sandbox.clear(self.home)
            shutil.rmtree(self.runtime, ignore_errors=True)


class Containers(Scenario):
    def rows(self):
        rows = {}
        for who, words in (("root", ""), ("user", ", without root")):
            rows[f"containers/{who}/build"] = f"buildah bud --layers: six steps on a small base{words}"
            rows[f"containers/{who}/run"] = f"podman run --rm of that image, a program that ends at once{words}"
            rows[f"containers/{who}/change"] = f"podman run of a shell that makes, changes and removes files{words}"
            rows[f"containers/{who}/diff"] = f"podman diff of that container{words}"
            rows[f"containers/{who}/commit"] = f"podman commit of that container{words}"
        return rows

    def prepare(self, bench, home):
        need("podman", "buildah", "runc", "busybox")
        root = home / "root"
        for name in ("bin", "etc", "usr", "proc", "dev", "sys", "tmp"):
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), root / "bin" / "busybox")
        for applet in APPLETS:
            (root / "bin" / applet).symlink_to("busybox")
        (root / "etc" / "base").write_text("base\n")
        self.base = home / "base.tar"
        bench.sandbox.run(["tar", "-C", str(root), "--owner=0", "--group=0", "-cf", str(self.base), "."])
        os.chmod(home, 0o755)
        os.chmod(bench.sandbox.home, 0o755)

    def round(self, trial):
        for who in ("root", "user"):
            rows = [f"containers/{who}/{step}" for step in STEPS]
            if trial.wants(*rows):
                try:
                    self.body(trial, who, rows)
                except Failure as e:
                    for row in rows:
                        trial.fail(row, e)

    def body(self, trial, who, rows):
        if trial.peer.kind not in KINDS:
            raise Unsupported("is no mount program of container engines")
        if who == "user" and USER not in [entry.pw_name for entry in pwd.getpwall()]:
            raise Failure(f"there is no user {USER}; tests-integration/run --system makes it")
        home = trial.bench.sandbox.fresh(trial.bench.sandbox.home / "area")
        files = trial.plan.container_files
        (home / "Dockerfile").write_text(DOCKERFILE.format(files=files))
        engine = Engine(trial, home, who == "user")
        try:
            engine.run("podman", "import", str(self.base), "base")
            trial.note(rows[0], engine.run(
                "buildah", "bud", "--layers", "--isolation", "chroot", "-q", "-t", "layered", "."))
            run = ("podman", "run", "--network=none")
            trial.note(rows[1], engine.run(*run, "--rm", "layered", "true"))
            trial.note(rows[2], engine.run(
                *run, "--name", "changed", "layered", "sh", "-euc",
                f"cd /data; for i in $(seq 21 {files}); do echo more >> f$i; done; mkdir new;"
                f" for i in $(seq {files}); do echo $i > new/$i; done; for i in $(seq 2 20); do rm f$i; done"))
            trial.note(rows[3], engine.run("podman", "diff", "changed"))
            trial.note(rows[4], engine.run("podman", "commit", "-q", "changed", "committed"))
            engine.run(*run, "--rm", "committed", "sh", "-euc", f"cat /data/new/{files}; test ! -e /data/f2")
        finally:
            engine.close()
