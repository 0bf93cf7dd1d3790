"""A plan's folder with small records, made here: their results are Python's own of their raw samples, so that what the
programs derive from those is held against another implementation's."""

import hashlib
import json
import random
import statistics

PLAN = """\
schema: tare.plan/1
name: specimen
invocations: 5
defaults:
  scenario: scenario1
cells:
  - {mode: threads, profile: overhead, iterations: 20}
  - {mode: processes, mp-start: fork, profile: overhead, iterations: 20}
  - {mode: threads, profile: memory, iterations: 2}
"""

THREADS, FORK, MEMORY = (
    "scenario1-threads-overhead", "scenario1-processes-fork-overhead", "scenario1-threads-memory")

CLAIMS = f"""\
schema: tare.claims/1
claims:
  - id: C1
    text: fork costs more than 1.5 times what threads cost
    ratio: {{of: {FORK}, to: {THREADS}, figure: avg_iter_s}}
    expect: {{min: 1.5}}
    tolerance: 0.10
  - id: C2
    text: threads take at most 60 MB
    bound: {{of: {MEMORY}, figure: pss_bytes}}
    expect: {{max: 60000000}}
    tolerance: 0.10
"""

HOST = {
    "kernel_release": "6.12.95", "os": "Debian GNU/Linux 12 (bookworm)", "cpu_model": "A CPU", "arch": "x86_64",
    "libc": "glibc 2.36", "load_1min": 0.25, "boot_id": "00000000-0000-4000-8000-000000000000", "memory_total_bytes": 8 << 30,
    "governor": None, "governor_reason": "this kernel has no cpufreq driver here", "emulated": False,
}


def stamps(rng, mean_ns, count):
    starts, ends, at = [], [], 5_000_000_000
    for _ in range(count):
        length = round(mean_ns * rng.gauss(1, 0.03))
        starts.append(at)
        ends.append(at + length)
        at += length + 1000
    return starts, ends


def result_of(starts, ends):
    seconds = [(end - start) / 1e9 for start, end in zip(starts, ends)]
    enough = len(seconds) >= 20
    result = {
        "total_wall_s": (ends[-1] - starts[0]) / 1e9,
        "avg_iter_s": statistics.fmean(seconds),
        "p50_iter_s": statistics.median(seconds),
        "p95_iter_s": statistics.quantiles(seconds, n=20)[18] if enough else None,
        "hash_check": "0x9cec93e6",
    }
    if not enough:
        result["p95_iter_s_reason"] = f"{len(seconds)} iterations are too few (20)"
    return result


def spread(values):
    return {"min": min(values), "max": max(values), "avg": int(statistics.fmean(values) + 0.5)}


def memory_of(rng, starts, ends):
    samples = []
    for at in range(starts[0] - 25_000_000, ends[-1] + 50_000_000, 50_000_000):
        sums = {"rss": rng.randrange(38, 42) << 20, "uss": rng.randrange(30, 34) << 20, "pss": rng.randrange(35, 37) << 20}
        samples.append({"at_ns": at, "late_ns": rng.randrange(1000, 9000), "cost_ns": rng.randrange(10000, 90000),
                        "parent_and_workers": dict(sums, pids=1), "all_pids": dict(sums, pids=2)})
    inside = [s for s in samples if any(b <= s["at_ns"] <= e for b, e in zip(starts, ends))]
    figures = {where: {key: spread([s[where][key] for s in inside]) for key in ("rss", "uss", "pss")}
               for where in ("parent_and_workers", "all_pids")}
    why = "v1 holds it"
    slice_of = {}
    for key in ("current", "anon", "file", "kernel", "shmem", "sock"):
        slice_of |= {key: None, f"{key}_reason": why}
    costs, late = [s["cost_ns"] for s in samples], [s["late_ns"] for s in samples]
    return {
        "reason": None, **figures, "slice": slice_of, "tick_ns": 10000000, "rollup_ns": 50000000,
        "samples_in_iterations": len(inside), "partial_samples": 0, "missed_ticks": 0, "failed_reads": 0,
        "tick_cost_ns": {"p50": int(statistics.median(costs)), "max": max(costs)},
        "late_ns": {"p50": int(statistics.median(late)), "max": max(late)}, "samples": samples,
    }


def no_memory():
    why = "profile overhead does not sample"
    nothing = {key: x for k in ("rss", "uss", "pss") for key, x in ((k, None), (f"{k}_reason", why))}
    return {"reason": why, "parent_and_workers": nothing, "all_pids": nothing, "slice": {}, "samples": None}


def record(cell, block, rng, plan_sha256):
    memory = cell == MEMORY
    mean_ns = {THREADS: 2e6, FORK: 4.6e6, MEMORY: 2e8}[cell] * rng.gauss(1, 0.01)
    starts, ends = stamps(rng, mean_ns, 2 if memory else 20)
    mode = "processes" if cell == FORK else "threads"
    number = f"{rng.getrandbits(32):08x}"
    return {
        "schema": "tare.record/1",
        "id": f"20261124T0000{block:02d}Z-{number}",
        "started_at": f"2026-11-24T00:00:{block:02d}Z",
        "tool": {"name": "tare", "version": "0.1.0", "commit": "0123456789ab"},
        "plan": {"name": "specimen", "sha256": plan_sha256, "seed": 7, "order": "blocks", "cell": cell, "label": None,
                 "block": block, "position": 1, "elapsed_ns": 3_000_000_000, "node": "vm"},
        "scenario": {"name": "scenario1", "mode": mode, "profile": "memory" if memory else "overhead",
                     "mp_start_method": "fork" if cell == FORK else None, "workers": 8, "iterations": len(starts),
                     "warmup": 2, "work_iters": 20000, "hold_ms": 200 if memory else 0},
        "runtime": {"name": "3.14" if cell == FORK else "3.14t", "implementation": "cpython", "version": "3.14.6",
                    "banner": "3.14.6", "sha256": "93180f65292249b405d30a4aac288ffacc8974f0182d891341cd793568c19858"},
        "host": HOST,
        "image": None,
        "slice": {"provenance": "created", "cpus_effective": "0-1"},
        "confinement": {"level": "full", "network": "none", "writable": [], "environment": ["OMP_NUM_THREADS=1"]},
        "isolation": {"grade": "partial", "checks": []},
        "iterations": {"start_ns": starts, "end_ns": ends},
        "timing": {"emulated": False, "by": None},
        "result": result_of(starts, ends),
        "memory": memory_of(rng, starts, ends) if memory else no_memory(),
        "cpu": {"usage_usec": rng.randrange(10**6, 2 * 10**6)},
        "termination": {"reason": "ok", "detail": None, "exit_status": 0},
        "instrument": {"prepare_ns": 1, "slice_to_exec_ns": 1, "exit_to_removed_ns": 1},
    }


def why(record_id):
    """What --why leaves beside a record: two causes, and what is not attributed."""
    def cause(name, lost_ns):
        return {"id": name, "title": name.replace("_", " "), "share": lost_ns / 8e8, "lost_ns": lost_ns, "cpu_ns": 0, "count": 9,
                "wait_p50_ns": 2e6, "wait_p95_ns": 3e6, "function": "work", "file": "/srv/work.py", "line": 7, "function_share": 1.0,
                "path": "f < g", "remedy": "hold it shorter", "source": "https://docs.python.org/"}

    return {
        "schema": "tare.why/1", "id": "20261124T010000Z-00000001", "of": record_id, "workers": 8, "iterations": 9, "slowdown": 1.25,
        "stretch": 4.0, "verdict": "thread_lock",
        "times": {"thread_ns": 1_000_000_000, "own_ns": 200_000_000, "lost_ns": 800_000_000, "unattributed_ns": 80_000_000,
                  "runnable_ns": 0, "idle_ns": 5},
        "causes": [cause("thread_lock", 600_000_000), cause("object_lock", 120_000_000)],
        "unattributed_path": "x", "flame": None, "flame_reason": "no event fell into the measured iterations", "probes": [],
        "samples": 900, "sample_ns": 999_000, "python_share": 0.97, "events": 5000, "lost_events": 0, "page_faults": 3,
        "without_symbols": "",
    }


def text_of(one):
    """Sections in lines of their own, as a run writes them."""
    return "{\n" + ",\n".join(f'"{key}": {json.dumps(value)}' for key, value in one.items()) + "\n}\n"


def records(plan_sha256, seed=7):
    """Name in the folder -> record, always the same ones."""
    rng = random.Random(seed)
    return {f"{block:04d}-{cell}.json": record(cell, block, rng, plan_sha256)
            for block in range(1, 6) for cell in (THREADS, FORK, MEMORY)}


def make(folder, claims=CLAIMS, edit=None, seed=7):
    """The plan's folder. edit(records) may change them before they are written; of another seed they are other records."""
    folder.mkdir(parents=True)
    sha256 = hashlib.sha256(PLAN.encode()).hexdigest()
    (folder / "plan.yml").write_text(PLAN)
    (folder / "plan.lock").write_text(f"name = specimen\nsha256 = {sha256}\nseed = 7\naa = no\n")
    if claims is not None:
        (folder / "claims.yml").write_text(claims)
    made = records(sha256, seed)
    if edit:
        edit(made)
    for name, one in made.items():
        (folder / name).write_text(text_of(one))
    return made
