"""Adaptive refreshing of a live mirror, beside its simulation, and beside a mirror that refreshes all in turn."""

import bisect
import json
import os
import random
import sys
import time

from lab import HERE, Failure, free_port, median, wait_until
from servers import Freshet, call

KEYS, CALLS, READS, ZIPF = 400, 4, 50, 1.0
# Share of keys and the mean time between changes in seconds.
CHANGES = ((0.3, 60), (0.7, 480))
EVERY, TARGET, CALL_SECONDS = 40, 60, 0.05
STRATEGIES = ("adaptive", "round-robin")


def run(lab, report, quick):
    """Two mirrors for each seed, side by side: the same documents, changes, readers and limit of calls."""
    seeds = (1,) if quick else (1, 2, 3)
    warm_up, length = (20, 40) if quick else (150, 270)
    mirrors = live(lab, seeds, warm_up + length)
    lines = {place: mirror.came_to(warm_up, length) for place, mirror in mirrors.items()}
    _report(report, seeds, lines)


def live(lab, seeds, seconds):
    """Plays all of it; the mirrors have stopped then, and their logs and the facts are in the lab."""
    mirrors = {(seed, name): Mirror(lab, seed, name) for seed in seeds for name in STRATEGIES}
    world = _world(lab, mirrors, seconds)
    for mirror in mirrors.values():
        mirror.freshet.start()
    # As a simulation begins: each document was fetched at some time within an interval of its class.
    keys = [str(number + 1) for number in range(KEYS)]
    random.Random(0).shuffle(keys)
    for mirror in mirrors.values():
        for key in keys:
            mirror.freshet.get(f"/v1/up/doc/{key}")
    for mirror in mirrors.values():
        wait_until(lambda mirror=mirror: mirror.freshet.refreshed() >= KEYS, EVERY + 60, "not all documents were fetched", every=0.5)
        mirror.freshet.stop()
    for mirror in mirrors.values():
        mirror.limit()
        mirror.freshet.start()
    call(next(iter(mirrors.values())).upstream, "POST", "/begin")
    wait_until(lambda: world.poll() is not None, seconds + 60, "the readers did not come to an end", every=1)
    if world.returncode:
        raise Failure(f"the readers ended early, see {world.log}")
    for mirror in mirrors.values():
        mirror.freshet.stop()
    return mirrors


def _world(lab, mirrors, seconds):
    told = [{"seed": seed, "port": mirror.freshet.port, "upstream": mirror.upstream, "facts": mirror.facts}
            for (seed, _), mirror in mirrors.items()]
    spec = {"keys": KEYS, "zipf": ZIPF, "reads": READS, "changes": CHANGES, "seconds": seconds, "horizon": seconds + 600,
            "call_seconds": CALL_SECONDS, "mirrors": told}
    path = lab.write("adaptive/spec.json", json.dumps(spec))
    world = lab.start([sys.executable, "-B", os.path.join(HERE, "client/world.py"), path], lab.both, "adaptive-world")

    def serves():
        if world.poll() is not None:
            raise Failure(f"the upstream did not start, see {world.log}")
        try:
            return all(call(mirror.upstream, "GET", "/livez")[0] == 200 for mirror in mirrors.values())
        except OSError:
            return False

    wait_until(serves, 20, "the upstream did not start")
    return world


class Mirror:
    """One mirror with a strategy."""

    def __init__(self, lab, seed, strategy):
        self.lab, self.strategy, self.upstream = lab, strategy, free_port()
        self.facts = lab.path("adaptive", f"{strategy}-{seed}.json")
        # At first without any pace, and so many calls that all documents are there after one interval.
        self.freshet = Freshet(lab, f"adaptive/{strategy}-{seed}", self._source(KEYS // EVERY), 'up.doc: { get: "/doc/{id}", max_age: PT5M }',
                               lab.both, "threads: 1")

    def _source(self, calls):
        return f"up:\n  base_url: http://127.0.0.1:{self.upstream}\n  limits: [{{ scope: ip, calls: {calls}, per: PT1S }}]\n"

    def limit(self):
        """Gives it its strategy and its limit of calls."""
        self._configure(self.strategy)

    def _configure(self, strategy):
        every = EVERY if strategy == "adaptive" else KEYS // CALLS
        kind = "" if strategy == "adaptive" else "    strategies: { turns: { share: 100%, policy: fixed } }\n"
        self.freshet.configure(
            self._source(CALLS),
            'up.doc:\n  get: "/doc/{id}"\n  max_age: PT5M\n  refresh:\n    for: all\n    policy: adaptive\n'
            f"    classes: [{{ name: all, priority: low, every: PT{every}S, min: PT5S, max: PT20M }}]\n"
            f"    target: PT{TARGET}S\n{kind}", "threads: 1", "reads: ./reads.ndjson")

    def came_to(self, warm_up, length):
        """What its readers saw, and what the simulator says that they should have seen: by chance, and with the changes as they were."""
        with open(self.facts) as file:
            facts = json.load(file)
        begin = facts["began"] + warm_up
        changes = sorted((moment, key) for key, moments in facts["changes"].items() for moment in moments)
        log = self.lab.write(f"{self.freshet.name}/changes.csv", "".join(f"{moment:.6f},{key}\n" for moment, key in changes))
        self._configure("adaptive")
        reads = os.path.join(os.path.dirname(self.freshet.config), "reads.ndjson")
        by_chance = [arg for share, mean in CHANGES for arg in ("--changes", f"{share:.0%}:PT{mean}S")]
        drawn = [self._simulate(reads, begin, length, [*by_chance, "--seed", str(seed)]) for seed in range(1, 11)]
        return {"live": _measured(facts, begin, begin + length),
                "known": self._simulate(reads, begin, length, ["--change-log", log]),
                "chance": {name: sum(line[name] for line in drawn) / len(drawn) for name in drawn[0]}}

    def _simulate(self, reads, begin, length, arguments):
        first = _first(reads)
        command = [self.lab.binary, "simulate", "up.doc", "--config", self.freshet.config, "--log", reads, "--json",
                   "--strategy", self.strategy, "--call-time", f"PT{CALL_SECONDS + 0.01:.2f}S",
                   "--warm-up", f"PT{begin - first:.3f}S", "--length", f"PT{length}S", *arguments]
        return _named(json.loads(self.lab.run(command, self.lab.both))["strategies"][0])


def _first(log):
    """The first moment of a read log."""
    with open(log) as file:
        return min(_seconds(json.loads(line)["time"]) for line in file)


def _seconds(text):
    whole, _, rest = text.rstrip("Z").partition(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone + float(f"0.{rest or 0}")


def _measured(facts, begin, end):
    """What readers saw between two moments, by what was true then."""
    answers = {}
    for moment, key, _ in facts["calls"]:
        answers.setdefault(key, []).append(moment)
    ages, behind = [], []
    for moment, key, version in facts["reads"]:
        if not begin <= moment < end or version < 0:
            continue
        ages.append(moment - answers[key][bisect.bisect_right(answers[key], moment) - 1])
        changes = facts["changes"][key]
        behind.append(max(0.0, moment - changes[version]) if version < len(changes) else 0.0)
    return {"reads": len(ages), "calls": sum(begin <= moment < end for moment, _, _ in facts["calls"]),
            "fresh": sum(age <= TARGET for age in ages) / len(ages), "age": sum(ages) / len(ages),
            "wrong": sum(late > 0 for late in behind) / len(behind), "behind": sum(behind) / len(behind)}


def _named(line):
    return {"reads": line["reads"], "calls": line["calls"], "fresh": line["fresh_share"], "age": line["mean_age_seconds"],
            "wrong": line["wrong_share"], "behind": line["mean_behind_seconds"]}


FIGURES = {"fresh": "share of fresh reads", "age": "mean age when read", "wrong": "share of wrong reads", "calls": "calls",
           "behind": "staleness when read"}


def _report(report, seeds, lines):
    reads, calls = (sum(lines[seed, "adaptive"]["live"][name] for seed in seeds) for name in ("reads", "calls"))
    for strategy in STRATEGIES:
        for model, words in (("known", "changes as they were"), ("chance", "changes by chance")):
            for name, label in FIGURES.items():
                pairs = [(lines[seed, strategy]["live"][name], lines[seed, strategy][model][name]) for seed in seeds]
                samples = [live / simulated for live, simulated in pairs]
                mean = sum(live for live, _ in pairs) / max(1e-9, sum(simulated for _, simulated in pairs))
                note = ", ".join(f"{live:.4g} / {simulated:.4g}" for live, simulated in pairs)
                report.value("adaptive", f"{strategy}, {words}: {label}, live to simulated is off by", abs(mean - 1) * 100, "%",
                             at_most=10, note=f"{mean:.3f} x, seeds {' '.join(f'{sample:.3f}' for sample in samples)}; {note}")
    for name, limit in (("behind", 0.7), ("wrong", None), ("age", None), ("calls", None)):
        samples = [lines[seed, "adaptive"]["live"][name] / lines[seed, "round-robin"]["live"][name] for seed in seeds]
        report.value("adaptive", f"live, adaptive to all in turn: {FIGURES[name]}", median(samples), "x", at_most=limit,
                     samples=[round(sample, 3) for sample in samples], note=f"{reads:,} reads and {calls:,} calls in {len(seeds)} runs")
