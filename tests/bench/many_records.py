#!/usr/bin/env python3
"""Makes a folder of records as runs leave them, from one real record whose figures are drawn anew.

    many_records.py FOLDER [--count 10000] [--template RECORD] [--cells 4] [--iterations 1000] [--seed 1]
                    [--shift 1.0] [--nodes NAME,...]

Without a template `build/tare run` makes one. Invocations differ by 1%, the iterations of one by 3%; --shift multiplies
the times. The standard library alone.
"""
import argparse
import copy
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
    record = copy.copy(template)
    record["id"] = f"20261124T000000Z-{args.seed & 0xfff:03x}{number:05x}"
    record["scenario"] = dict(template["scenario"], iterations=args.iterations, **cell(number % args.cells))
    mean = 2e6 * (1 + number % args.cells) * rng.gauss(1, 0.01) * args.shift
    lengths = [max(1, round(rng.gauss(mean, 0.03 * mean))) for _ in range(args.iterations)]
    starts, now = [], 5_000_000_000
    for length in lengths:
        starts.append(now)
        now += length + 1000
    record["iterations"] = {"start_ns": starts, "end_ns": [s + n for s, n in zip(starts, lengths)]}
    seconds = [n / 1e9 for n in lengths]
    record["result"] = dict(template["result"], total_wall_s=(now - starts[0]) / 1e9,
                            avg_iter_s=statistics.fmean(seconds), p50_iter_s=statistics.median(seconds),
                            p95_iter_s=statistics.quantiles(seconds, n=20)[18] if len(seconds) > 19 else None)
    if args.nodes:
        record["plan"] = {"node": args.nodes[number // args.cells % len(args.nodes)]}
    return record


def write(record, path):
    """As the runner lays it out: sections in lines of their own, each list of stamps in one."""
    stamps = record["iterations"]
    shown = dict(record, iterations="STAMPS")
    text = json.dumps(shown, indent=2)
    path.write_text(text.replace('"STAMPS"', json.dumps(stamps, separators=(",", ":"))))


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
    for number in range(args.count):
        record = draw(template, number, rng, args)
        write(record, args.folder / f"{record['id']}.json")


if __name__ == "__main__":
    main()
