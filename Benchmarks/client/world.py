"""An upstream whose documents change at known moments, and readers who come at known moments; notes what was true when.

Usage: world.py SPEC.json. Each mirror of the spec has an upstream port of its own here; mirrors of one seed see the same documents, the
same changes and the same readers. `POST /begin` to any of the ports lets the readers come; at their end the facts are written and it ends.
"""

import asyncio
import bisect
import itertools
import json
import random
import sys
import time

ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"


class Truth:
    """What stands when: each document changes by chance, some often, some seldom, at moments that the seed tells."""

    def __init__(self, spec, seed, begin):
        dice = random.Random(seed)
        self.keys = [str(number + 1) for number in range(spec["keys"])]
        self.changes = {}
        # Of each ten keys as many change often as of all: how often a key changes says nothing about its rank.
        for start in range(0, len(self.keys), 10):
            means = [mean for share, mean in spec["changes"] for _ in range(round(share * 10))]
            dice.shuffle(means)
            for key, mean in zip(self.keys[start:start + 10], means):
                gaps = (dice.expovariate(1 / mean) for _ in itertools.count())
                moments = itertools.takewhile(lambda moment: moment < begin + spec["horizon"], itertools.accumulate(gaps, initial=begin))
                self.changes[key] = list(moments)[1:]

    def version(self, key, moment):
        """How often a document has changed until then."""
        return bisect.bisect_right(self.changes[key], moment)


class Mirror:
    """One mirror: the upstream that it asks, and connections to read it."""

    def __init__(self, spec, told, truth):
        self.spec, self.told, self.truth = spec, told, truth
        self.calls, self.reads = [], []
        self.wanted = asyncio.Queue()

    async def answer(self, reader, writer, begin):
        """Serves one connection of the mirror."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                text = "{}"
                if path == "/begin":
                    begin.set()
                elif path != "/livez":
                    await asyncio.sleep(self.spec["call_seconds"])
                    key, moment = path.rpartition("/")[2], time.time()
                    version = self.truth.version(key, moment)
                    self.calls.append((moment, key, version))
                    text = json.dumps({"id": key, "version": version})
                writer.write(ANSWER.format(len(text), text).encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def read(self):
        """Reads what is wanted over one connection, and notes when it came and which version it was (-1: none was there)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.told["port"])
        while key := await self.wanted.get():
            moment = time.time()
            writer.write(f"GET /v1/up/doc/{key} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            size = next(int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
            text = await reader.readexactly(size)
            version = json.loads(text)["version"] if head.startswith("HTTP/1.1 200 ") else -1
            self.reads.append((moment, key, version))
        writer.close()


async def readers(spec, seed, mirrors):
    """Lets readers come to all mirrors of a seed alike: by chance, the key of rank n in proportion to 1 / n^zipf."""
    dice = random.Random(seed + 1_000_003)
    keys = mirrors[0].truth.keys
    weights = list(itertools.accumulate((rank + 1) ** -spec["zipf"] for rank in range(len(keys))))
    tasks = [asyncio.create_task(mirror.read()) for mirror in mirrors for _ in range(2)]
    moment = began = time.time()
    while moment < began + spec["seconds"]:
        moment += dice.expovariate(spec["reads"])
        key = dice.choices(keys, cum_weights=weights)[0]
        await asyncio.sleep(moment - time.time())
        for mirror in mirrors:
            mirror.wanted.put_nowait(key)
    for mirror in mirrors:
        for _ in range(2):
            mirror.wanted.put_nowait(None)
    await asyncio.gather(*tasks)
    return began


async def run(spec):
    """Serves, waits for the word, reads, writes the facts."""
    begin, now = asyncio.Event(), time.time()
    truths = {seed: Truth(spec, seed, now) for seed in {told["seed"] for told in spec["mirrors"]}}
    mirrors = [Mirror(spec, told, truths[told["seed"]]) for told in spec["mirrors"]]
    for mirror in mirrors:
        await asyncio.start_server(lambda r, w, mirror=mirror: mirror.answer(r, w, begin), "127.0.0.1", mirror.told["upstream"])
    await begin.wait()
    groups = {seed: [mirror for mirror in mirrors if mirror.truth is truth] for seed, truth in truths.items()}
    began = await asyncio.gather(*(readers(spec, seed, group) for seed, group in groups.items()))
    for mirror in mirrors:
        facts = {"began": dict(zip(groups, began))[mirror.told["seed"]], "calls": mirror.calls, "reads": mirror.reads,
                 "changes": mirror.truth.changes}
        with open(mirror.told["facts"], "w") as file:
            json.dump(facts, file)


if __name__ == "__main__":
    with open(sys.argv[1]) as told_file:
        asyncio.run(run(json.load(told_file)))
