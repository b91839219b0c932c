"""What a scenario is."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..plan import Plan
from ..sandbox import Failure
from ..trees import Stack, Tree, grow, make_stack
from ..trial import Bench, Trial


class Scenario:
    """
    Workloads that share a tree. For each run one object: prepare() once, then round() for each round and
    implementation, in turn, then finish().
    """

    def __init__(self, plan: Plan):
        self.plan = plan

    def rows(self) -> dict[str, str]:
        """Names of the workloads, with what each does."""
        raise NotImplementedError

    def prepare(self, bench: Bench, home: Path) -> None:
        """Makes the trees, in an empty directory that is removed afterwards."""

    def round(self, trial: Trial) -> None:
        """Measures one implementation once."""
        raise NotImplementedError

    def finish(self, bench: Bench) -> None:
        """Takes away what removing the directory does not."""


def need(*programs: str) -> None:
    """Ends the preparation of a scenario where a program is missing: it is left out."""
    for program in programs:
        if shutil.which(program) is None:
            raise Failure(f"{program} is not installed")


def warm_tree(stack: Stack, plan: Plan) -> Tree:
    """The part of a stack that servers are warmed up with, and nothing else touches."""
    return grow(stack, "warm", plan.warm_files)


def stack_of(home: Path, plan: Plan, layers: int = 10) -> Stack:
    """Layers with nothing but the tree to warm up with."""
    stack = make_stack(home, layers)
    warm_tree(stack, plan)
    return stack
