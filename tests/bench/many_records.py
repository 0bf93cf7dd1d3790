#!/usr/bin/env python3
"""Makes a folder of records as runs leave them, from one real record whose figures are drawn anew.

    many_records.py FOLDER [--count 10000] [--template RECORD] [--cells 4] [--iterations 1000] [--seed 1]
                    [--shift 1.0] [--nodes NAME,...]

Without a template `build/tare run` makes one. Invocations differ by 1%, the iterations of one by 3%; --shift multiplies
the times. The standard library alone.
"""
import argparse
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


def cell(number):
    """Cells differ in mode first, then in workers."""
    return {"mode": MODES[number % len(MODES)], "workers": 8 + number // len(MODES)}


def draw(template, number, rng, args):
    """The sections that are this record's own."""
    mean = 2e6 * (1 + number % args.cells) * rng.gauss(1, 0.01) * args.shift
    lengths = [max(1, round(rng.gauss(mean, 0.03 * mean))) for _ in range(args.iterations)]
    starts = list(itertools.accumulate(lengths, lambda at, length: at + length + 1000, initial=5_000_000_000))
    ends = [start + length for start, length in zip(starts, lengths)]
    seconds = [length / 1e9 for length in lengths]
    own = {
        "id": f"20261124T000000Z-{args.seed & 0xfff:03x}{number:05x}",
        "scenario": dict(template["scenario"], iterations=args.iterations, **cell(number % args.cells)),
        "iterations": {"start_ns": starts[:-1], "end_ns": ends},
        "result": dict(template["result"], total_wall_s=(ends[-1] - starts[0]) / 1e9,
                       avg_iter_s=statistics.fmean(seconds), p50_iter_s=statistics.median(seconds),
                       p95_iter_s=statistics.quantiles(seconds, n=20)[18] if len(seconds) > 19 else None),
    }
    if args.nodes:
        own["plan"] = {"node": args.nodes[number // args.cells % len(args.nodes)]}
    return own


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
    args = parser.parse_args()
    template = json.loads(args.template.read_text()) if args.template else real_record()
    rng = random.Random(args.seed)
    args.folder.mkdir(parents=True, exist_ok=True)
    own = ("id", "scenario", "iterations", "result", "plan")
    common = [f'"{key}": {json.dumps(value, indent=2)}' for key, value in template.items() if key not in own]
    for number in range(args.count):
        record = draw(template, number, rng, args)
        write(common, record, args.folder / f"{record['id']}.json")


if __name__ == "__main__":
    main()
