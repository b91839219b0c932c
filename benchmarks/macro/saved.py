"""Results in files."""

from __future__ import annotations

import json
from pathlib import Path

from .results import Results


def save(results: Results, file: Path) -> None:
    """Writes them; a reader never sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    part.write_text(json.dumps(results.to_json(), indent=1) + "\n")
    part.replace(file)


def load(file: Path) -> Results:
    """
    Reads them.

    Raises ValueError, with a sentence for the user, where the file is no such result.
    """
    try:
        return Results.from_json(json.loads(file.read_text()))
    except OSError as e:
        raise ValueError(f"{file}: {e.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"{file}: is not a result that benchmarks/run has written") from None
