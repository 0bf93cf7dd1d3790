"""A benchmark as people write one by hand, for fidelity.py: what creating, starting and joining workers takes. It knows
nothing of tare: its imports are those of --main-imports original, and its structure is of the same kind: a main module
with the options and the work, and a module that starts the workers.

    plain.py --mode threads|interpreters|fork|forkserver|spawn [--workers N] [--iterations N] [--warmup N] [--work-iters N]

It prints each iteration's nanoseconds.
"""

import argparse
import gc
import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Callable

import plain_engine


@dataclass
class Settings:
    mode: str
    workers: int
    iterations: int
    warmup: int
    work_iters: int


def work(steps: int) -> int:
    x = 0x12345678
    for _ in range(steps):
        x = (x * 1103515245 + 12345) & 0xFFFFFFFF
        x ^= x >> 16
    return x


def measure(settings: Settings, function: Callable) -> list[int]:
    took = []
    for i in range(settings.warmup + settings.iterations):
        gc.collect()
        workers = plain_engine.create(settings.mode, settings.workers, function, settings.work_iters)
        start = time.perf_counter_ns()
        plain_engine.run(workers)
        if i >= settings.warmup:
            took.append(time.perf_counter_ns() - start)
    return took


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["threads", "interpreters", "fork", "forkserver", "spawn"], required=True)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--work-iters", type=int, default=20000)
    settings = Settings(**vars(parser.parse_args()))
    took = measure(settings, work)
    print(f"{platform.python_implementation()} pid {os.getpid()}: mean {statistics.fmean(took):.0f} ns", file=sys.stderr)
    print(*took)


if __name__ == "__main__":
    main()
