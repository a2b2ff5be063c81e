"""wrk from one thread on the client's core."""

import json
import os

from lab import HERE, Failure, cpu_seconds, median

BROWSER = [
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Accept: application/json, text/plain, */*",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Referer: http://127.0.0.1/dashboard",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Dest: empty",
]


def wrk(lab, url, seconds, headers=(), script="report.lua", arguments=(), connections=64):
    """One run; requests a second and latencies in microseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", os.path.join(HERE, "lua", script)]
    for header in headers:
        command += ["-H", header]
    command += [url, "--", *map(str, arguments)]
    printed = lab.run(command, lab.client_core, timeout=seconds + 30)
    for line in printed.splitlines():
        if line.startswith("RESULT "):
            result = json.loads(line[7:])
            if result["errors"] or result["bad_statuses"]:
                raise Failure(f"{url}: {result['errors']} errors, {result['bad_statuses']} answers of the wrong status")
            return result
    raise Failure("wrk printed no result: " + printed[-300:])


def costed(pid, run):
    """A run, with the server's CPU time for one request: what stays true when others use the core."""
    before = cpu_seconds(pid)
    result = run()
    result["cpu_us"] = (cpu_seconds(pid) - before) / result["requests"] * 1e6
    return result


def duel(ours, theirs, repetitions):
    """Runs two measurements by turns, the order changing, and compares them pair by pair."""
    pairs = []
    for turn in range(repetitions):
        if turn % 2:
            second = theirs()
            pairs.append((ours(), second))
        else:
            first = ours()
            pairs.append((first, theirs()))
    return {
        "rps": median([a["rps"] for a, _ in pairs]),
        "reference_rps": median([b["rps"] for _, b in pairs]),
        "ratio": median([a["rps"] / b["rps"] for a, b in pairs]),
        "ratios": [round(a["rps"] / b["rps"], 3) for a, b in pairs],
        "p99_us": median([a["p99_us"] for a, _ in pairs]),
        "reference_p99_us": median([b["p99_us"] for _, b in pairs]),
        "cpu_us": median([a["cpu_us"] for a, _ in pairs]),
        "reference_cpu_us": median([b["cpu_us"] for _, b in pairs]),
        "p99_ratio": median([a["p99_us"] / b["p99_us"] for a, b in pairs]),
    }
