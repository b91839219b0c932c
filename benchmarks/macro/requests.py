"""Counts what the kernel asks a FUSE server, through the kernel's own trace point."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

TRACING = Path("/sys/kernel/tracing")
EVENT = "events/fuse/fuse_request_send"


class RequestCounter:
    """A trace buffer of our own. Writing it costs time, so figures of such a run are not to be used."""

    def __init__(self):
        if not (TRACING / "instances").is_dir():
            subprocess.run(["mount", "-t", "tracefs", "tracefs", str(TRACING)], check=False)
        if not (TRACING / EVENT).is_dir():
            raise SystemExit("--requests: this kernel has no trace point fuse_request_send (Linux 6.11)")
        self.instance = TRACING / "instances" / f"unionfs-benchmark-{os.getpid()}"
        self.instance.mkdir(exist_ok=True)
        (self.instance / "buffer_size_kb").write_text("32768")

    def start(self, device: str | None) -> None:
        """Begins to count the requests of one connection."""
        major, _, minor = (device or "0:0").partition(":")
        (self.instance / EVENT / "filter").write_text(f"connection == {(int(major) << 20) | int(minor)}")
        (self.instance / "trace").write_text("")
        (self.instance / EVENT / "enable").write_text("1")

    def stop(self) -> dict[str, int]:
        """Ends it, and gives the number of requests by name."""
        (self.instance / EVENT / "enable").write_text("0")
        return count((self.instance / "trace").read_text(errors="replace"))

    def close(self) -> None:
        """Gives the buffer back."""
        (self.instance / EVENT / "enable").write_text("0")
        self.instance.rmdir()


def count(trace: str) -> dict[str, int]:
    """Numbers of requests by name in a trace."""
    return dict(Counter(re.findall(r"opcode \d+ \(FUSE_(\w+)\)", trace)))
