#!/usr/bin/env python3
"""Reads a Parquet file with pyarrow and with DuckDB and compares it with the rows it was made from.

usage: parquet_check.py FILE.parquet ROWS.ndjson COLUMN=TYPE...

TYPE is boolean, integer, float, text, json, date, timestamp, timestamp_ns or decimal(SCALE). ROWS.ndjson holds the rows in the same
order, as `freshet export --format ndjson` writes them. Prints what it compared; ends with 1 at the first difference.
"""
import datetime
import decimal
import json
import re
import sys

import duckdb
import pyarrow
import pyarrow.parquet

ARROW = {
    "boolean": "bool", "integer": "int64", "float": "double", "text": "string", "date": "date32[day]",
    "timestamp": "timestamp[us, tz=UTC]", "timestamp_ns": "timestamp[ns, tz=UTC]",
}
DUCK = {
    "boolean": "BOOLEAN", "integer": "BIGINT", "float": "DOUBLE", "text": "VARCHAR", "json": "JSON", "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}
EPOCH = datetime.date(1970, 1, 1)
STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z")


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(1)


def nanoseconds(text):
    year, month, day, hour, minute, second, fraction = STAMP.fullmatch(text).groups()
    days = (datetime.date(int(year), int(month), int(day)) - EPOCH).days
    seconds = ((days * 24 + int(hour)) * 60 + int(minute)) * 60 + int(second)
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0"))


def wanted(kind, value):
    """A value of the NDJSON file in the form that both readers are brought to."""
    if value is None:
        return None
    if kind == "text":
        return value if isinstance(value, str) else json.dumps(value)
    if kind == "json":
        return value
    if kind.startswith("timestamp"):
        return nanoseconds(value)
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "float":
        return float(value)
    return decimal.Decimal(value) if kind.startswith("decimal") else value


def load(line):
    # Numbers in JSON columns stay texts, so that the comparison is exact.
    return json.loads(line, parse_float=decimal.Decimal)


def compare(reader, types, rows, expected):
    if len(rows) != len(expected):
        fail(f"{reader}: {len(rows)} rows, not {len(expected)}")
    for number, (row, line) in enumerate(zip(rows, expected)):
        for index, (name, kind) in enumerate(types.items()):
            want, got = wanted(kind, line.get(name)), row[index]
            if kind == "json" and got is not None:
                got = load(got)
            if want != got or type(want) is bool and type(got) is not bool:
                fail(f"{reader}: row {number}, column {name}: {got!r}, not {want!r}")


def arrow(path, types):
    table = pyarrow.parquet.read_table(path)
    for name, kind in types.items():
        found = str(table.schema.field(name).type)
        want = f"decimal128(38, {kind[8:-1]})" if kind.startswith("decimal") else ARROW.get(kind)
        if kind != "json" and found != want:
            fail(f"pyarrow: column {name} is {found}, not {want}")
    columns = []
    for name, kind in types.items():
        column = table.column(name)
        if kind.startswith("timestamp"):
            factor = 1 if kind == "timestamp_ns" else 1000
            columns.append([v if v is None else v * factor for v in column.cast(pyarrow.int64()).to_pylist()])
        else:
            columns.append(column.to_pylist())
    meta = pyarrow.parquet.read_metadata(path)
    for group in range(meta.num_row_groups):
        for index, name in enumerate(types):
            statistics = meta.row_group(group).column(index).statistics
            if statistics is None or not statistics.has_null_count:
                fail(f"pyarrow: column {name} of row group {group} does not say how many values are null")
    for index, name in enumerate(types):
        nulls = sum(meta.row_group(g).column(index).statistics.null_count for g in range(meta.num_row_groups))
        if nulls != columns[index].count(None):
            fail(f"pyarrow: column {name} says {nulls} nulls and has {columns[index].count(None)}")
    return list(zip(*columns)), meta.num_row_groups


def duck(path, types):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    found = {row[0]: row[1] for row in connection.execute("describe select * from read_parquet(?)", [path]).fetchall()}
    selection = []
    for name, kind in types.items():
        want = f"DECIMAL(38,{kind[8:-1]})" if kind.startswith("decimal") else DUCK.get(kind)
        if want is not None and found[name] != want:
            fail(f"DuckDB: column {name} is {found[name]}, not {want}")
        quoted = '"' + name.replace('"', '""') + '"'
        if kind == "timestamp":
            quoted = f"epoch_us({quoted})::HUGEINT * 1000"
        elif kind == "timestamp_ns":
            quoted = f"epoch_ns({quoted})"
        selection.append(quoted)
    return connection.execute(f"select {', '.join(selection)} from read_parquet(?)", [path]).fetchall()


def main():
    if len(sys.argv) < 4:
        fail(__doc__)
    path, source = sys.argv[1:3]
    types = dict(argument.split("=", 1) for argument in sys.argv[3:])
    with open(source, encoding="utf-8", newline="\n") as file:
        expected = [load(line) for line in file]
    rows, groups = arrow(path, types)
    compare("pyarrow", types, rows, expected)
    compare("DuckDB", types, duck(path, types), expected)
    print(f"{len(expected)} rows, {len(types)} columns, {groups} row groups: equal in pyarrow "
          f"{pyarrow.__version__} and DuckDB {duckdb.__version__}")


if __name__ == "__main__":
    main()
