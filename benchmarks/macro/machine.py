"""What a run was measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from pathlib import Path

from .peers import Peer
from .sandbox import Sandbox


def _first(command: list[str]) -> str:
    try:
        out = subprocess.run(command, capture_output=True, text=True, check=False)
        return ((out.stdout or out.stderr).strip().splitlines() or [""])[0]
    except FileNotFoundError:
        return ""


def _grep(file: str, pattern: str) -> str:
    try:
        found = re.search(pattern, Path(file).read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1].strip() if found else ""


def about(sandbox: Sandbox, peers: list[Peer], left_out: dict[str, str], root: Path) -> dict:
    """Machine, versions, and who takes part; no host name and no paths."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "kernel": platform.release(),
        "system": _grep("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)'),
        "processor": _grep("/proc/cpuinfo", r"^model name\s*:\s*(.*)$") or platform.machine(),
        "processors": os.cpu_count(),
        "memory_mib": int(_grep("/proc/meminfo", r"^MemTotal:\s*(\d+)") or 0) // 1024,
        "file_system": _first(["stat", "-f", "-c", "%T", str(sandbox.home)]),
        "java": _first(["java", "-version"]),
        "load": os.getloadavg(),
        "commit": _first(["git", "-C", str(root), "describe", "--always", "--dirty"]),
        "java_options": os.environ.get("UNIONFS_JAVA_OPTS", ""),
        "peers": {
            peer.name: {"version": peer.version(sandbox.run), "options": list(peer.options), "ours": peer.ours}
            for peer in peers},
        "left_out": left_out,
    }
