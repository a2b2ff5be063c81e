"""Runs measurements on the release binary, prints a table of ratios and keeps them as JSON."""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time

import parts.adaptive
import parts.clash
import parts.cluster
import parts.fanout
import parts.games
import parts.limits
import parts.lookup
import parts.memory
import parts.outage
import parts.queue
import parts.read
import parts.refresh
import parts.tables
from lab import HERE, Failure, Lab, median

PARTS = {"read": parts.read, "outage": parts.outage, "refresh": parts.refresh, "memory": parts.memory,
         "limits": parts.limits, "tables": parts.tables, "queue": parts.queue,
         "cluster": parts.cluster, "fanout": parts.fanout, "games": parts.games,
         "adaptive": parts.adaptive, "lookup": parts.lookup,
         "clash": parts.clash}
ROOT = os.path.dirname(HERE)


class Report:
    """Collects results and prints each as soon as it stands."""

    def __init__(self):
        self.rows = []

    def compare(self, part, name, duelled, limits, note=""):
        """A comparison with nginx: ratios of requests a second and of p99."""
        good = all((duelled[key] >= limit) if key == "ratio" else (duelled[key] <= limit) for key, limit in limits.items())
        self._add({"part": part, "name": name, "value": round(duelled["ratio"], 3), "unit": "x nginx", **_rounded(duelled),
                   "goal": _goal(limits), "met": good if limits else None, "note": note})

    def value(self, part, name, value, unit, at_least=None, at_most=None, samples=None, note=""):
        """One figure, with its goal if it has one."""
        goal = f">= {at_least:g}" if at_least is not None else f"<= {at_most:.4g}" if at_most is not None else ""
        met = None if not goal else value >= at_least if at_least is not None else value <= at_most
        row = {"part": part, "name": name, "value": round(value, 3), "unit": unit, "goal": goal, "met": met, "note": note}
        if samples:
            row["samples"] = samples
        self._add(row)

    def sample(self, part, name, value, unit, at_least=None, at_most=None, note=""):
        """One repetition of a figure; the median stands."""
        old = next((row for row in self.rows if (row["part"], row["name"]) == (part, name)), None)
        samples = (old or {}).get("samples", []) + [round(value, 3)]
        if old:
            self.rows.remove(old)
        self.value(part, name, median(samples), unit, at_least, at_most, samples, note)

    def _add(self, row):
        self.rows.append(row)
        print("  " + _line(row), file=sys.stderr, flush=True)

    def print(self):
        """The table."""
        print()
        for part in PARTS:
            rows = [row for row in self.rows if row["part"] == part]
            if not rows:
                continue
            print(f"{part}\n{'-' * len(part)}")
            for row in rows:
                print(_line(row))
                if row["note"]:
                    print(f"      {row['note']}")
            print()


def _rounded(duelled):
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in duelled.items()}


def _goal(limits):
    words = {"ratio": "requests/s >=", "p99_ratio": "p99 <="}
    return ", ".join(f"{words[key]} {limit:g}" for key, limit in limits.items())


def _line(row):
    mark = {True: "ok  ", False: "MISS", None: "    "}[row["met"]]
    if "p99_ratio" in row:
        figure = (f"{row['ratio']:.2f} x nginx   p99 {row['p99_ratio']:.2f} x   "
                  f"({row['rps']:,.0f} / {row['reference_rps']:,.0f} requests/s, "
                  f"p99 {row['p99_us']:.0f} / {row['reference_p99_us']:.0f} us, CPU {row['cpu_us']:.1f} / {row['reference_cpu_us']:.1f} us)")
    else:
        figure = f"{row['value']:,.10g} {row['unit']}"
        if len(row.get("samples", [])) in range(2, 12):
            figure += "   of " + " ".join(f"{sample:g}" for sample in row["samples"])
    goal = f"   [{row['goal']}]" if row["goal"] else ""
    return f"{mark} {row['name']}: {figure}{goal}"


def _first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "missing"
    return ((done.stdout + done.stderr).strip().splitlines() or [""])[0].strip()


def machine(binary):
    """What was measured, and on what."""
    model = "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "cpu": model, "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
        "freshet": _first_line(binary, "--version"), "swift": _first_line("swift", "--version"),
        "nginx": _first_line("nginx", "-v").partition(": ")[2], "wrk": _first_line("wrk", "-v").partition(" Copyright")[0],
        "load": os.getloadavg()[0],
    }


def save(path, facts, report):
    """Merges the rows into the JSON file: parts that were not run now stay."""
    try:
        with open(path) as file:
            old = json.load(file)["results"]
    except (OSError, ValueError, KeyError):
        old = []
    fresh = {row["part"] for row in report.rows}
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        json.dump({"machine": facts, "results": [row for row in old if row["part"] not in fresh] + report.rows}, file, indent=1)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all when none is named")
    parser.add_argument("--quick", action="store_true", help="few and short repetitions, to try the script itself")
    parser.add_argument("--binary", default=os.path.join(ROOT, ".build/release/freshet"), help="measure this binary")
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; choose from {', '.join(PARTS)}")
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            parser.error(f"{tool} is missing: scripts/bootstrap --bench installs it")
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, lambda number, _: sys.exit(128 + number))
    facts, report, failed = machine(options.binary), Report(), []
    if facts["load"] > 0.7:
        print(f"bench: other work runs here (load {facts['load']:.1f}); trust the ratios less", file=sys.stderr)
    for part in [part for part in PARTS if part in (options.parts or PARTS)]:
        began = time.monotonic()
        print(f"{part} ...", file=sys.stderr, flush=True)
        try:
            with Lab(os.path.abspath(options.binary)) as lab:
                PARTS[part].run(lab, report, options.quick)
        except (Failure, OSError, subprocess.SubprocessError) as error:
            failed.append(part)
            print(f"bench: {part} ended early: {error}", file=sys.stderr)
        print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    report.print()
    print("measured on {cores} cores of {cpu}, Linux {kernel}; {nginx}; {wrk}; freshet {freshet}; {swift}".format(**facts))
    path = os.path.join(ROOT, ".bench", "quick.json" if options.quick else "results.json")
    save(path, facts, report)
    print(f"kept in {os.path.relpath(path, ROOT)}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
