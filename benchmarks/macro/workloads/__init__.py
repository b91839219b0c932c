"""The workloads, in the order of the report."""

from .scenario import Scenario
from .start import Start
from .walk import Dropped, Walk
from .data import Data
from .change import Change
from .copyup import BigCopyUp, CopyUp, Latency, Reflink
from .layers import Layers
from .memory import Memory
from .mounts import Mounts
from .git import Git
from .build import Build
from .maven import Maven
from .sqlite import Sqlite
from .postgres import Postgres
from .apt import Apt
from .containers import Containers

ALL: list[type[Scenario]] = [
    Start, Walk, Dropped, Data, Change, CopyUp, BigCopyUp, Reflink, Latency, Layers, Memory, Mounts,
    Git, Build, Maven, Sqlite, Postgres, Apt, Containers,
]
