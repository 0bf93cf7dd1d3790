#!/usr/bin/env python3
"""Makes a folder of records as runs leave them, from one real record whose figures are drawn anew.

    many_records.py FOLDER [--count 10000] [--template RECORD] [--cells 4] [--iterations 1000] [--seed 1]
                    [--shift 1.0] [--nodes NAME,...] [--plan]

Without a template `build/tare run` makes one. Invocations differ by 1%, the iterations of one by 3%; --shift multiplies
the times. --plan: they are all invocations of a plan that is written beside them, as `tare matrix` leaves a folder; --cells is
then up to 100, or so many hundreds. The standard library alone.
"""
import argparse
import hashlib
import itertools
import json
import pathlib
import random
import statistics
import subprocess
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
MODES = ("threads", "processes", "interpreters")


def real_record():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "record.json")
        subprocess.run([TOP / "build/tare", "run", "scenario1", "--mode", "threads", "--runtime", "native",
                        "--iterations", "20", "--isolation", "off", "--json", path], check=True,
                       stdout=subprocess.DEVNULL)
        return json.loads(path.read_text())


class Cells:
    """Of no plan: they differ in mode first, then in workers."""

    @staticmethod
    def cell(number):
        return {"mode": MODES[number % len(MODES)], "workers": 8 + number // len(MODES)}


class Plan:
    """Native threads: up to a hundred numbers of workers, times numbers of steps."""

    NAME, CELL = "many", "c"

    def __init__(self, cells, invocations):
        self.workers = min(cells, 100)
        steps = cells // self.workers
        if self.workers * steps != cells:
            raise SystemExit(f"many_records: --cells {cells}: what is allowed with --plan is up to 100, or hundreds")
        numbers = f"workers: {[*range(1, self.workers + 1)]}, work-iters: {[*range(1, steps + 1)]}"
        self.text = (f"schema: tare.plan/1\nname: {self.NAME}\ninvocations: {invocations}\ndefaults: {{scenario: scenario1, mode: threads, "
                     f"runtime: native, iterations: 2, warmup: 0}}\ncells:\n  - {{id: {self.CELL}, each: {{{numbers}}}}}\n")
        self.sha256 = hashlib.sha256(self.text.encode()).hexdigest()

    def cell(self, number):
        return {"mode": "threads", "workers": number % self.workers + 1, "work_iters": number // self.workers + 1}

    def cell_id(self, number):
        of = self.cell(number)
        return f"{self.CELL}-workers={of['workers']}-work-iters={of['work_iters']}"

    def section(self, cell, block):
        return {"name": self.NAME, "sha256": self.sha256, "seed": 1, "order": "blocks", "cell": self.cell_id(cell), "label": None,
                "block": block, "position": 1, "elapsed_ns": 10_000_000, "node": "n1"}

    def write(self, folder):
        (folder / "plan.yml").write_text(self.text)
        (folder / "plan.lock").write_text(f"name = {self.NAME}\nsha256 = {self.sha256}\nseed = 1\naa = no\n")


def draw(template, number, rng, args):
    """The sections that are this record's own."""
    block, in_block = divmod(number, args.cells)
    mean = 2e6 * (1 + in_block % 4) * rng.gauss(1, 0.01) * args.shift
    lengths = [max(1, round(rng.gauss(mean, 0.03 * mean))) for _ in range(args.iterations)]
    starts = list(itertools.accumulate(lengths, lambda at, length: at + length + 1000, initial=5_000_000_000))
    ends = [start + length for start, length in zip(starts, lengths)]
    seconds = [length / 1e9 for length in lengths]
    own = {
        "id": f"20261124T000000Z-{args.seed & 0xfff:03x}{number:05x}",
        "scenario": dict(template["scenario"], iterations=args.iterations, **(args.plan or Cells).cell(in_block)),
        "iterations": {"start_ns": starts[:-1], "end_ns": ends},
        "result": dict(template["result"], total_wall_s=(ends[-1] - starts[0]) / 1e9,
                       avg_iter_s=statistics.fmean(seconds), p50_iter_s=statistics.median(seconds),
                       p95_iter_s=statistics.quantiles(seconds, n=20)[18] if len(seconds) > 19 else None),
    }
    if args.plan:
        own["plan"] = args.plan.section(in_block, block + 1)
    elif args.nodes:
        own["plan"] = {"node": args.nodes[block % len(args.nodes)]}
    return own


def name_of(record, plan):
    return f"{record['plan']['block']:04d}-{record['plan']['cell']}.json" if plan else f"{record['id']}.json"


def write(common, own, path):
    """As the runner lays it out: sections in lines of their own, each list of stamps in one. common: the other sections,
    as text already: they are most of it and always the same."""
    sections = [f'"{key}": {json.dumps(value, separators=(",", ":"))}' for key, value in own.items()]
    path.write_text("{\n" + ",\n".join(common[:1] + sections + common[1:]) + "\n}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--template", type=pathlib.Path)
    parser.add_argument("--cells", type=int, default=4)
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shift", type=float, default=1.0)
    parser.add_argument("--nodes", type=lambda text: text.split(","), default=[])
    parser.add_argument("--plan", action="store_true")
    args = parser.parse_args()
    args.plan = Plan(args.cells, -(-args.count // args.cells)) if args.plan else None
    template = json.loads(args.template.read_text()) if args.template else real_record()
    rng = random.Random(args.seed)
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.plan:
        args.plan.write(args.folder)
    own = ("id", "scenario", "iterations", "result", "plan")
    common = [f'"{key}": {json.dumps(value, indent=2)}' for key, value in template.items() if key not in own]
    for number in range(args.count):
        record = draw(template, number, rng, args)
        write(common, record, args.folder / name_of(record, args.plan))


if __name__ == "__main__":
    main()
