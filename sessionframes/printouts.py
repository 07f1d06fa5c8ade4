"""Files that are printed from the code: ``python -m sessionframes.printouts`` writes them, a test compares.

``schemas/tables/`` is what we promise, for people without Python; ``schemas/sources/`` what we rely on;
in the README, who has what stands between two markers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sessionframes.frames.describe import table_schema
from sessionframes.registry import declared_sources, load_source
from sessionframes.tables import core_tables

if TYPE_CHECKING:
    from sessionframes.source import Read

SCHEMAS = Path("schemas")
README = Path("README.md")
BEGIN = "<!-- who has what, printed by `make schemas` -->\n"
END = "<!-- end of who has what -->\n"


def printouts() -> dict[Path, str]:
    """Return what belongs into each printed file, by its path below the top of the project."""
    printed = {
        SCHEMAS / "tables" / f"{name}.json": _json(table_schema(model))
        for name, model in core_tables().items()
    }
    for name in declared_sources():
        source = load_source(name)
        for table, read in source.reads.items():
            printed[SCHEMAS / "tables" / name / f"{table}.json"] = _json(table_schema(read.table))
        for file, text in source.printouts.items():
            printed[SCHEMAS / "sources" / name / file] = text()
    return printed


def capabilities() -> str:
    """Return who has which tables and files, as a Markdown table: a row each, a column per source.

    Sources that declare no tables of their own have no column.
    """
    # Which tables a snapshot has, each tells when it is opened.
    sources = [source for source in map(load_source, declared_sources()) if source.reads]
    core = core_tables()
    files = dict.fromkeys(kind for source in sources for kind in source.files)
    rows = [["", *(source.name for source in sources)], ["---"] * (len(sources) + 1)]
    for table in core:
        reads = [source.reads.get(table) for source in sources]
        rows.append([f"table `{table}`", *(_columns(read) for read in reads)])
    own = [[f"`{table}`" for table in source.reads if table not in core] for source in sources]
    rows += [["tables of its own", *(", ".join(names) or "-" for names in own)]] if any(own) else []
    rows += [
        [f"file `{kind}`", *("yes" if kind in source.files else "-" for source in sources)] for kind in files
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def with_capabilities(readme: str) -> str:
    """Return the README with what stands between its markers printed anew.

    Raises
    ------
    ValueError
        A marker is missing.
    """
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        message = f"{README} lacks one of the lines {BEGIN.strip()} and {END.strip()}"
        raise ValueError(message)
    return f"{before}{BEGIN}{capabilities()}{END}{after}"


def write(top: Path) -> list[Path]:
    """Write the printed files below `top` and return the paths of those that changed."""
    readme = (top / README).read_text(encoding="utf-8")
    changed = []
    for path, text in {**printouts(), README: with_capabilities(readme)}.items():
        file = top / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def _columns(read: Read | None) -> str:
    return f"{len(read.table.dtypes())} columns" if read else "-"


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.writelines(f"{path}\n" for path in write(Path.cwd()))
