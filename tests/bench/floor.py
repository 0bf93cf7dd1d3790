"""The floor: scenario1's native threads beside a bare program of the same loop, and Python's threads beside the native ones.

usage: floor.py BUILD [ROUNDS]      asserts nothing. ROUNDS (15): in each, all three in random order; the medians of their iterations,
and of the rounds' ratios.
"""
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import table

build = Path(sys.argv[1]).resolve()
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 15
WORKERS, STEPS, ITERATIONS = 8, 20000, 200
# A worker's hash loop, and an iteration's clock: from before the first start until the last is joined.
SOURCE = b"""#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static long steps;
static void *work(void *ret)
{
    uint32_t x = 0x12345678;
    for (long i = 0; i < steps; i++) {
        x = x * 1103515245u + 12345u;
        x ^= x >> 16;
    }
    *(volatile uint32_t *)ret = x;
    return 0;
}
static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}
int main(int c, char **v)
{
    const int workers = atoi(v[1]);
    steps = atol(v[2]);
    for (int i = 0; c == 4 && i < atoi(v[3]); i++) {
        pthread_t thread[64];
        uint32_t got[64];
        const long long start = now();
        for (int w = 0; w < workers; w++) pthread_create(&thread[w], 0, work, &got[w]);
        for (int w = 0; w < workers; w++) pthread_join(thread[w], 0);
        printf("%lld\\n", now() - start);
    }
}"""
bare_program = build / "bench-floor"
subprocess.run([os.environ.get("CC", "cc"), "-O2", "-pthread", "-x", "c", "-", "-o", bare_program], input=SOURCE, check=True)


def bare() -> float:
    words = [build / "tare", "exec", "--quiet", "--", bare_program, str(WORKERS), str(STEPS), str(ITERATIONS)]
    return statistics.median(map(int, subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()))


def cell(runtime: list[str], iterations: int) -> float:
    words = ["--mode", "threads", "--workers", WORKERS, "--work-iters", STEPS, "--iterations", iterations, "--warmup", 2, "--json", "-"]
    done = subprocess.run([build / "tare", "run", "scenario1", *runtime, *map(str, words)], check=True, capture_output=True, text=True)
    stamps = json.loads(done.stdout)["iterations"]
    return statistics.median(end - start for start, end in zip(stamps["start_ns"], stamps["end_ns"], strict=True))


BARE, NATIVE, PYTHON = "a bare pthread loop", "native threads", "Python's threads"
kinds = {BARE: bare, NATIVE: lambda: cell(["--runtime", "native"], ITERATIONS), PYTHON: lambda: cell([], 10)}
took = table.in_turn(kinds, rounds)
print(f"the floor, {WORKERS} workers of {STEPS} steps: {rounds} rounds; load now {os.getloadavg()[0]:.1f}")
for name in kinds:
    print(f"  {name:24} {statistics.median(one[name] for one in took) / 1e6:9.3f} ms an iteration")
table.row(f"{NATIVE} / {BARE}", table.ratio(took, NATIVE, BARE), 1.02)
table.row(f"{PYTHON} / {NATIVE}", table.ratio(took, PYTHON, NATIVE))
