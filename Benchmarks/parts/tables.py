"""Nested JSON into rows: Freshet from its upstream into SQLite, beside dlt and sqlite-utils with the same documents."""

import json
import os
import random
import subprocess
import sys
import time

from lab import Failure, wait_until
from servers import Freshet, Nginx

DLT = """
import json, os, sys, time
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
import dlt
folder, home = sys.argv[1:3]
began = time.monotonic()
def documents():
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            yield json.load(file)
pipeline = dlt.pipeline("bench", destination=dlt.destinations.duckdb(os.path.join(home, "dlt.duckdb")),
                        dataset_name="bench", pipelines_dir=home)
pipeline.run(documents(), table_name="doc")
seconds = time.monotonic() - began
rows = sum(count for table, count in pipeline.last_trace.last_normalize_info.row_counts.items()
           if not table.startswith("_dlt"))
print(json.dumps({"rows": rows, "seconds": seconds}))
"""

SQLITE_UTILS = """
import json, os, sys, time
import sqlite_utils
folder, home = sys.argv[1:3]
began = time.monotonic()
database = sqlite_utils.Database(os.path.join(home, "utils.sqlite"))
rows = 0
def documents():
    global rows
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            yield json.load(file)
def tables():
    for document in documents():
        for crime in document.pop("crimes"):
            slots, rewards = crime.pop("slots"), (crime.get("rewards") or {}).pop("items", [])
            yield "crimes", dict(crime, key=document["key"])
            for index, slot in enumerate(slots):
                yield "slots", dict(slot, crime=crime["id"], index=index)
            for index, item in enumerate(rewards):
                yield "items", dict(item, crime=crime["id"], index=index)
batches = {}
for table, row in tables():
    batch = batches.setdefault(table, [])
    batch.append(row)
    rows += 1
    if len(batch) == 5000:
        database[table].insert_all(batch, alter=True)
        batch.clear()
for table, batch in batches.items():
    database[table].insert_all(batch, alter=True)
print(json.dumps({"rows": rows, "seconds": time.monotonic() - began}))
"""


def run(lab, report, quick):
    """One sample, three programs, the same two cores, one after the other, in turns."""
    python = _python()
    megabytes, turns = (5, 1) if quick else (50, 3)
    folder, documents, size = _sample(lab, megabytes)
    label = f"{size / 1e6:.0f} MB in {documents} documents"
    for turn in range(turns):
        freshet, rows = _freshet(lab, folder, documents, f"tables-{turn}")
        others = {name: _other(lab, python, script, folder, f"{name}-{turn}")
                  for name, script in (("dlt", DLT), ("sqlite-utils", SQLITE_UTILS))}
        report.sample("tables", f"freshet, {label}", freshet, "rows/s", note=f"{rows} rows; HTTP, history and rows, fetched to stored")
        for name, (rate, count) in others.items():
            report.sample("tables", f"{name}, {label}", rate, "rows/s", note=f"{count} rows; files to database")
            goal = 20 if name == "dlt" else None
            report.sample("tables", f"freshet / {name}", freshet / rate, "x", at_least=goal)


def _python():
    home = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "..", ".bench", "venv")
    python = os.path.join(os.path.realpath(home), "bin", "python")
    if not os.path.exists(python):
        print("installing dlt[duckdb] and sqlite-utils into .bench/venv ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", os.path.realpath(home)], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "dlt[duckdb]", "sqlite-utils"], check=True)
    return python


def _sample(lab, megabytes):
    """Documents of a nested, typical shape: a list of crimes with slots and rewarded items."""
    rng = random.Random(7)
    folder = lab.make("sample")
    (total, count) = (0, 0)
    while total < megabytes * 1_000_000:
        count += 1
        document = {"key": count, "crimes": [_crime(rng, count * 1000 + index) for index in range(40)]}
        text = json.dumps(document, separators=(",", ":"))
        with open(os.path.join(folder, f"d{count}.json"), "w") as file:
            file.write(text)
        total += len(text)
    return folder, count, total


def _crime(rng, number):
    now = 1_777_000_000 + rng.randrange(1_000_000)
    good = rng.random() < 0.6
    return {
        "id": number, "name": rng.choice(["Blast from the Past", "Break the Bank", "Mob Mentality"]),
        "difficulty": rng.randrange(1, 11), "status": "Successful" if good else "Failure", "created_at": now,
        "planning_at": now + 100, "ready_at": now + 90_000, "executed_at": None if rng.random() < 0.1 else now + 95_000,
        "slots": [{
            "position": rng.choice(["Picklock", "Muscle", "Hacker"]), "checkpoint_pass_rate": rng.randrange(101),
            "item_requirement": None if rng.random() < 0.5 else {"id": rng.randrange(1500), "is_reusable": True},
            "user": {"id": rng.randrange(4_000_000), "joined_at": now, "progress": rng.randrange(10_000) / 100}
        } for _ in range(rng.randrange(2, 7))],
        "rewards": {"money": rng.randrange(100_000_000), "respect": rng.randrange(500),
                    "items": [{"id": rng.randrange(1500), "quantity": rng.randrange(1, 9)}
                              for _ in range(rng.randrange(3))]} if good else None}


def _freshet(lab, folder, documents, name):
    upstream = Nginx(lab, name + "-up", f"root {folder}; types {{}} default_type application/json;", lab.both)
    keys = ", ".join(f"d{number}.json" for number in range(1, documents + 1))
    freshet = Freshet(
        lab, name, f"up:\n  base_url: {upstream.url}\n  timeout: PT120S\n",
        f'up.doc:\n  get: "/{{name}}"\n  max_age: PT2H\n  tables: auto\n  refresh: {{ every: PT2H, for: [{keys}] }}\n',
        lab.both)
    began = time.monotonic()
    freshet.start()
    wait_until(lambda: freshet.refreshed() >= documents, 300, "the documents did not all come", every=0.05)
    seconds = time.monotonic() - began
    rows = sum(value for key, value in freshet.metrics().items() if key.startswith("freshet_rows_written_total{"))
    freshet.stop()
    upstream.stop()
    if rows == 0:
        raise Failure("no rows were written")
    return rows / seconds, int(rows)


def _other(lab, python, script, folder, name):
    home = lab.make(name)
    done = subprocess.run([python, "-c", script, folder, home], capture_output=True, text=True, cwd=home)
    if done.returncode != 0:
        raise Failure(f"{name} failed: {done.stderr[-800:]}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    return result["rows"] / result["seconds"], result["rows"]
