"""The command line; see --help."""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import compare, machine, peers, plan, plots, requests, saved, schedule, table
from .results import Results, wanted
from .sandbox import Interrupted, Sandbox, catch_signals
from .trial import Bench
from .workloads import ALL

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "mount-tool" / "bin" / "unionfs-mount"


def parse(arguments: list[str]) -> argparse.Namespace:
    """Reads the options."""
    parser = argparse.ArgumentParser(
        prog="benchmarks/run", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures whole workloads on real mounts, beside the union file systems that are installed.\n"
                    "docs/BENCHMARKS.md tells how to read the figures.")
    parser.add_argument("--quick", action="store_true", help="small trees, two rounds, the most telling workloads "
                        "and implementations: under three minutes")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN",
                        help="workloads by name or part of it, with * and ?; repeatable, or separated by commas")
    parser.add_argument("--peers", default="", metavar="NAMES", help="only these implementations, separated by commas")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=KIND:PROGRAM[:OPTION...]",
                        help="one more implementation, for example another build: old=unionfs:/old/unionfs-mount")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of each workload (default 5, quick: 2)")
    parser.add_argument("--processes", metavar="N,N", help="numbers of processes that walk trees (default 1,2,8)")
    parser.add_argument("--json", type=Path, metavar="FILE", default=ROOT / "benchmarks" / "target" / "macro.json",
                        help="where the result goes (default: benchmarks/target/macro.json)")
    parser.add_argument("--compare", type=Path, metavar="OLD.json",
                        help="afterwards, what has changed since an earlier run; exit status 1 if something is slower "
                        "by more than the spread of both explains")
    parser.add_argument("--from", type=Path, dest="from_file", metavar="FILE",
                        help="run nothing: show, compare or plot the result of an earlier run")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="also draw the ratios, as SVG files in DIR")
    parser.add_argument("--requests", action="store_true",
                        help="one round that counts FUSE requests and the system calls of the servers by kind; its times "
                        "are not to be used")
    parser.add_argument("--dir", type=Path, metavar="DIR",
                        help="where trees are made; needs 10 GiB (default: $TMPDIR or /var/tmp)")
    parser.add_argument("--list", action="store_true", help="names and meanings of the workloads that would run")
    parser.add_argument("--install", action="store_true", help="first install the Debian packages that are missing")
    options = parser.parse_args(arguments)
    options.only = [p for text in options.only for p in text.split(",") if p]
    return options


def make_plan(options: argparse.Namespace) -> plan.Plan:
    """The sizes that the options ask for."""
    sizes = plan.quick() if options.quick else plan.Plan()
    changes: dict = {}
    if options.rounds:
        changes["rounds"] = options.rounds
    if options.requests:
        changes["rounds"] = 1
    if options.processes:
        changes["processes"] = tuple(int(n) for n in options.processes.split(","))
    return dataclasses.replace(sizes, **changes)


def choose_peers(options: argparse.Namespace) -> tuple[list[peers.Peer], dict[str, str]]:
    """Those that are installed and asked for, and why the others are not."""
    names = [name for name in options.peers.split(",") if name]
    try:
        also = [peers.also(text, TOOL) for text in options.also]
        all_peers = [*peers.known(TOOL), *also]
    except ValueError as e:
        raise SystemExit(wrong(str(e))) from None
    unknown = set(names) - {peer.name for peer in all_peers}
    if unknown:
        there = ", ".join(peer.name for peer in all_peers)
        raise SystemExit(wrong(f"--peers: there is no {', '.join(sorted(unknown))}; there are: {there}"))
    if options.quick and not names:
        names = [*plan.QUICK_PEERS, *(peer.name for peer in also)]
    chosen, left_out = [], {}
    for peer in all_peers:
        if names and peer.name not in names:
            continue
        why = peer.missing()
        if why:
            left_out[peer.name] = why
        else:
            chosen.append(peer)
    return chosen, left_out


def list_rows(scenarios: list, only: list[str]) -> None:
    """--list."""
    rows = {row: what for scenario in scenarios for row, what in scenario.rows().items() if wanted(row, only)}
    width = max(map(len, rows), default=0)
    for row, what in rows.items():
        print(f"{row.ljust(width)}  {what}")


def measure(options: argparse.Namespace, sizes: plan.Plan, scenarios: list, only: list[str]) -> tuple[Results, int]:
    """Runs; gives what was measured, and the exit status."""
    catch_signals()
    chosen, left_out = choose_peers(options)
    for name, why in left_out.items():
        print(f"{name} is left out: {why}", file=sys.stderr)
    if any(peer.ours for peer in chosen):
        # Builds it if it is older than its sources.
        subprocess.run([str(TOOL), "--version"], check=True, stdout=subprocess.DEVNULL)
    where = options.dir or Path(os.environ.get("TMPDIR", "/var/tmp"))
    sandbox = Sandbox(Path(tempfile.mkdtemp(prefix="unionfs-benchmark-", dir=where)))
    counter = None
    results = Results()
    status = 0
    try:
        counter = requests.RequestCounter() if options.requests else None
        results.about = {
            **machine.about(sandbox, chosen, left_out, ROOT), "rounds": sizes.rounds,
            "plan": dataclasses.asdict(sizes), "requests_counted": options.requests}
        parts = plan.QUICK_PARTS if options.quick and not (options.peers or options.only) else {}
        bench = Bench(sizes, sandbox, chosen, only, results, counter, parts)
        schedule.run(bench, scenarios, schedule.Progress(), lambda: saved.save(results, options.json))
        saved.save(results, options.json)
    except Interrupted as e:
        print(f"ended by {e}; what was measured is below", file=sys.stderr)
        status = 130
    finally:
        if counter:
            counter.close()
        sandbox.close()
    return results, status


def main(arguments: list[str]) -> int:
    """Runs; returns the exit status."""
    options = parse(arguments)
    sizes = make_plan(options)
    only = options.only or (list(plan.QUICK_ROWS) if options.quick else [])
    scenarios = [scenario(sizes) for scenario in ALL]
    if options.list:
        list_rows(scenarios, only)
        return 0
    try:
        # Read before anything runs: a wrong name is told at once, and --json may write to the same file.
        old = saved.load(options.compare) if options.compare else None
        known = saved.load(options.from_file) if options.from_file else None
    except ValueError as e:
        return wrong(str(e))
    if known:
        return report(options, known, old)
    if os.geteuid() != 0:
        print("benchmarks/run must be root: it mounts, and drops caches", file=sys.stderr)
        return 77
    if not any(wanted(row, only) for scenario in scenarios for row in scenario.rows()):
        return wrong(f"--only {','.join(only)}: no such workload; --list shows them")
    if old:
        # Told now, and not when everything has run.
        planned = Results({"plan": dataclasses.asdict(sizes), "requests_counted": options.requests})
        why = compare.mismatch(old, planned)
        if why:
            return wrong(f"--compare {options.compare}: {why}")
    results, status = measure(options, sizes, scenarios, only)
    return report(options, results, old if status == 0 else None) or status


def report(options: argparse.Namespace, results: Results, old: Results | None) -> int:
    """Prints and draws what was measured, and prints what became of it since an old run."""
    print(table.render(results))
    if options.plots:
        options.plots.mkdir(parents=True, exist_ok=True)
        for name, drawing in plots.plots(results).items():
            (options.plots / name).write_text(drawing)
    if old is None:
        return 0
    why = compare.mismatch(old, results)
    if why:
        return wrong(f"--compare {options.compare}: {why}")
    changes = compare.compare(old, results)
    print(compare.render(changes, old, results))
    return 1 if any(change.verdict == "regression" for change in changes) else 0


def wrong(text: str) -> int:
    """Tells what is wrong with the options."""
    print(f"benchmarks/run: {text}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
