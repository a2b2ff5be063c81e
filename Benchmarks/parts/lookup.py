"""One trade value in memory, by product and country, beside a dictionary by names."""

import json
import os

from lab import Failure, median


def run(lab, report, quick):
    """The sides take turns inside the program."""
    binary = os.path.join(os.path.dirname(lab.binary), "lookup-bench")
    if not os.path.exists(binary):
        raise Failure("lookup-bench is not built: swift build -c release --product lookup-bench")
    out = lab.run([binary, "5", "1000000" if quick else "20000000"], lab.client_core, timeout=300)
    times, sums = {}, set()
    for row in map(json.loads, out.splitlines()):
        times.setdefault(row["name"], []).append(row["nanoseconds"])
        sums.add(row["sum"])
    if len(sums) != 1:
        raise Failure(f"the sides found different values: {sums}")
    table = median(times["dictionary"])
    for name, words in (("places", "by the places of product and country"), ("names", "by the ids of product and country")):
        report.value("lookup", f"a value {words}", median(times[name]), "ns", at_most=1_000,
                     samples=[round(one, 1) for one in times[name]])
        report.value("lookup", f"a value {words}, beside a dictionary of all pairs",
                     median([a / b for a, b in zip(times[name], times["dictionary"])]), "x", note=f"the dictionary: {table:.1f} ns")
