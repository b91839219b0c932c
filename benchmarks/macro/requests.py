"""Counts what the kernel asks a FUSE server, and what the server asks the kernel, through trace points."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .sandbox import Failure

TRACING = Path("/sys/kernel/tracing")
REQUEST = "fuse/fuse_request_send"
CALLS = "syscalls/sys_enter_*"
BUFFER_KIB = 65536


@dataclass(frozen=True)
class Counts:
    """Numbers by name, of one workload."""

    requests: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)


class RequestCounter:
    """Writing a trace costs time, so figures of such a run are not to be used."""

    def __init__(self):
        if not (TRACING / "instances").is_dir():
            subprocess.run(["mount", "-t", "tracefs", "tracefs", str(TRACING)], check=False)
        for event, since in ((REQUEST, " (Linux 6.11)"), (CALLS, "")):
            if not any((TRACING / "events").glob(event)):
                raise SystemExit(f"--requests: this kernel has no trace point {event}{since}")
        # Two buffers: those of the requests belong to whoever asks, those of the calls to the server alone.
        self._requests = Trace("requests")
        self._calls = Trace("calls")

    def start(self, device: str | None, server: int) -> None:
        """Begins to count the requests of one connection, and the calls of the threads of its server."""
        major, _, minor = (device or "0:0").partition(":")
        self._calls.follow(server)
        self._requests.filter(REQUEST, f"connection == {(int(major) << 20) | int(minor)}")
        self._calls.enable(CALLS)
        self._requests.enable(REQUEST)

    def stop(self) -> Counts:
        """Ends it. Raises Failure if there were more than a buffer holds."""
        requests, calls = self._requests.read(), self._calls.read()
        return Counts(count_requests(requests), count_calls(calls))

    def close(self) -> None:
        """Gives the buffers back."""
        self._requests.close()
        self._calls.close()


class Trace:
    """A trace buffer of our own."""

    def __init__(self, name: str):
        self._at = TRACING / "instances" / f"unionfs-benchmark-{os.getpid()}-{name}"
        self._at.mkdir(exist_ok=True)
        (self._at / "buffer_size_kb").write_text(str(BUFFER_KIB))

    def follow(self, process: int) -> None:
        """Takes events of the threads of a process only, and of those that they start."""
        threads = os.listdir(seen_by_kernel(process) / "task")
        (self._at / "options" / "event-fork").write_text("1")
        (self._at / "set_event_pid").write_text(" ".join(threads))

    def filter(self, event: str, condition: str) -> None:
        """Takes only those events."""
        (self._at / "events" / event / "filter").write_text(condition)

    def enable(self, events: str) -> None:
        """Empties the buffer, and begins."""
        (self._at / "trace").write_text("")
        for event in (self._at / "events").glob(events):
            (event / "enable").write_text("1")

    def read(self) -> str:
        """Ends it."""
        (self._at / "set_event").write_text("")
        for cpu in (self._at / "per_cpu").iterdir():
            if re.search(r"^(?:overrun|dropped events): [1-9]", (cpu / "stats").read_text(), re.MULTILINE):
                raise Failure("does more than can be counted: use smaller trees")
        return (self._at / "trace").read_text(errors="replace")

    def close(self) -> None:
        """Gives the buffer back."""
        (self._at / "set_event").write_text("")
        self._at.rmdir()


def seen_by_kernel(process: int) -> Path:
    """The /proc directory of a process under the number that it has outside of our process namespace."""
    outside = Path(os.environ.get("UNIONFS_BENCHMARK_PROC", "/proc"))
    for status in outside.glob("[0-9]*/status"):
        try:
            numbers = re.search(r"^NSpid:(.*)$", status.read_text(errors="replace"), re.MULTILINE)
        except OSError:
            continue
        if numbers and numbers[1].split()[-1] == str(process) and same_namespace(status.parent):
            return status.parent
    raise Failure("the server has died")


def same_namespace(process: Path) -> bool:
    """Whether a process has the process namespace that we have."""
    try:
        return os.readlink(process / "ns" / "pid") == os.readlink("/proc/self/ns/pid")
    except OSError:
        return False


def count_requests(trace: str) -> dict[str, int]:
    """Numbers of requests by name in a trace."""
    return dict(Counter(re.findall(r"opcode \d+ \(FUSE_(\w+)\)", trace)))


def count_calls(trace: str) -> dict[str, int]:
    """Numbers of system calls by name in a trace."""
    return dict(Counter(re.findall(r": sys_(\w+)\(", trace)))
