#!/usr/bin/env python3
"""Compare the tables of `tables: auto` with those of dlt's normaliser, on the same JSON documents.

    python3 -m venv /tmp/dlt && /tmp/dlt/bin/pip install dlt
    /tmp/dlt/bin/python Benchmarks/normalise_dlt.py FOLDER --counts counts.json
    /tmp/dlt/bin/python Benchmarks/normalise_dlt.py FOLDER --freshet .build/release/freshet

FOLDER is searched for .json and .geojson files. The counts of Freshet's side come from a JSON file
`{"path": {"table": rows, ...}, ...}` or from a command that prints one: `freshet schema infer --counts FILE...`.

Documents that differ are told apart by the differences that docs/decisions/0016 states: maps (objects of more than 200
members), tables of more than 1,000 members, and names longer than 63 bytes (whose rows must still agree). The exit code
is 0 when no other difference is left, else 1.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys

from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.schema import Schema

ROOT = "doc"
MAP_THRESHOLD = 200
MEMBER_LIMIT = 1_000


def documents(folder):
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".json", ".geojson") or not path.is_file():
            continue
        try:
            yield str(path), json.loads(path.read_bytes())
        except ValueError:
            print(f"skipped, no JSON: {path}", file=sys.stderr)


def dlt_counts(document):
    """Rows by table, as dlt's pipeline makes them (a list is many items, an object or scalar one), and the columns of
    the widest table."""
    schema = Schema("comparison")
    schema.naming.max_length = None
    normaliser = DataItemNormalizer(schema)
    counts = collections.Counter()
    columns = collections.defaultdict(set)
    items = document if isinstance(document, list) else [document]
    for item in items:
        for table, row in rows_of(normaliser, item):
            counts[table] += 1
            columns[table].update(row)
    return counts, max(map(len, columns.values()), default=0)


def rows_of(normaliser, item):
    """The rows of one item; what is no object is wrapped as dlt wraps it."""
    if isinstance(item, list):
        item = {"list": item}
    elif not isinstance(item, dict):
        item = {"value": item}
    return [(table[0], row) for table, row in normaliser.normalize_data_item(item, "load", ROOT)]


def has_map(value):
    """Whether an object of the document is a map to Freshet."""
    stack = [value]
    while stack:
        at = stack.pop()
        if isinstance(at, dict):
            if len(at) > MAP_THRESHOLD:
                return True
            stack.extend(at.values())
        elif isinstance(at, list):
            stack.extend(at)
    return False


def without_long(counts):
    """Rows by table, and of the tables whose names are cut on Freshet's side only the rows."""
    short = {table: rows for table, rows in counts.items() if len(table) < 63}
    return short, sorted(rows for table, rows in counts.items() if len(table) >= 63)


def freshet_counts(arguments, paths):
    if arguments.counts:
        return json.loads(pathlib.Path(arguments.counts).read_text())
    command = [arguments.freshet, "schema", "infer", "--counts", *paths]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--counts", help="a JSON file with Freshet's counts")
    source.add_argument("--freshet", help="the freshet binary")
    arguments = parser.parse_args()

    corpus = dict(documents(arguments.folder))
    ours = freshet_counts(arguments, list(corpus))
    totals = collections.Counter()
    failures = []
    for path, document in corpus.items():
        if path not in ours:
            failures.append((path, "Freshet has no counts"))
            continue
        theirs, width = dlt_counts(document)
        mine = {table: rows for table, rows in ours[path].items() if rows}
        totals["documents"] += 1
        totals["dlt tables"] += len(theirs)
        totals["dlt rows"] += sum(theirs.values())
        totals["freshet tables"] += len(mine)
        totals["freshet rows"] += sum(mine.values())
        if theirs == mine:
            totals["equal"] += 1
        elif has_map(document):
            totals["different: a map"] += 1
        elif width > MEMBER_LIMIT:
            totals["different: a table of more than 1,000 members"] += 1
        elif any(len(table) > 63 for table in theirs) and without_long(theirs) == without_long(mine):
            totals["equal but for names over 63 bytes"] += 1
        else:
            totals["different: unexplained"] += 1
            changed = {t: (theirs.get(t), mine.get(t)) for t in {*theirs, *mine} if theirs.get(t) != mine.get(t)}
            failures.append((path, dict(sorted(changed.items())[:8])))
    for name, number in totals.items():
        print(f"{number:>9,}  {name}")
    for path, reason in failures:
        print(f"{path}: {reason}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
