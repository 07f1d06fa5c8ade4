"""Files that are printed from the code: ``python -m sessionframes.printouts`` writes them, a test compares.

``schemas/tables/`` is what we promise, for people without Python; ``schemas/sources/`` what we rely on.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sessionframes.frames.describe import table_schema
from sessionframes.registry import list_sources, load_source
from sessionframes.tables import core_tables

SCHEMAS = Path("schemas")


def printouts() -> dict[Path, str]:
    """Return what belongs into each printed file, by its path below the top of the project."""
    printed = {
        SCHEMAS / "tables" / f"{name}.json": _json(table_schema(model))
        for name, model in core_tables().items()
    }
    for name in list_sources():
        source = load_source(name)
        for table, read in source.reads.items():
            printed[SCHEMAS / "tables" / name / f"{table}.json"] = _json(table_schema(read.table))
        for file, text in source.printouts.items():
            printed[SCHEMAS / "sources" / name / file] = text()
    return printed


def write(top: Path) -> list[Path]:
    """Write the printed files below `top` and return the paths of those that changed."""
    changed = []
    for path, text in printouts().items():
        file = top / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.writelines(f"{path}\n" for path in write(Path.cwd()))
