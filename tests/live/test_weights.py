"""Known loads: what the record says that they weigh is what they weigh."""

import os
import statistics
import sys
from pathlib import Path

import rig
from load import ANON, BURN_S, CHILD, CHILDREN, FILE, PARENT, REAPED, REAPED_S, SHARED
from rig import BATCH, MIB, LiveTest, needs_controllers, setUpModule, vm_only  # noqa: F401

# An interpreter's own heap comes and goes by an arena or two between two states of one process.
HEAP = MIB // 2
# Both figures of a difference are within a batch of the truth.
CHARGED = 2 * BATCH + HEAP


# Holds 1.5 GiB for about half of its time; prints when it began to touch them, had touched them, let go of them, had.
COMES_AND_GOES = """
import mmap, time
now = time.monotonic_ns
held = mmap.mmap(-1, 1536 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
held.madvise(mmap.MADV_NOHUGEPAGE)
stamps = [now()]
some = b"\\1" * (16 << 20)
for _ in range(len(held) // len(some)):
    held.write(some)
stamps.append(now())
time.sleep(4 + (stamps[1] - stamps[0]) / 1e9)
stamps.append(now())
held.close()
stamps.append(now())
time.sleep((stamps[3] - stamps[1]) / 1e9)
print(*stamps)
"""


class Weights(LiveTest):
    def level(self, done: rig.Done, iteration: int, key: str) -> float:
        """The median of a figure over one state's samples: "anon", or "all_pids.rss". One may fall into the change."""
        outer, _, inner = key.partition(".")
        values = [s[outer][inner] if inner else s[outer] for s in done.samples(iteration) if outer in s]
        self.assertTrue(values, f"no sample of {key} in iteration {iteration}")
        return statistics.median(values)

    def rise(self, done: rig.Done, iteration: int, key: str) -> float:
        return self.level(done, iteration, key) - self.level(done, iteration - 1, key)

    def assert_ordered(self, done: rig.Done) -> None:
        """uss <= pss <= rss in every sum, of exact page walks: no tolerance but the kernel's rounding of each process's
        PSS down to 1 KiB."""
        for sample in done.samples():
            for who in ("parent_and_workers", "all_pids"):
                if sums := sample.get(who):
                    self.assertLessEqual(sums["uss"], sums["pss"] + 1024 * sums["pids"])
                    self.assertLessEqual(sums["pss"], sums["rss"])

    @vm_only
    def test_what_is_large_for_half_of_a_run_weighs_half_in_the_averages(self):
        """A walk over such a process takes as long as many ticks: what is missed then must not be missing here."""
        size = 1536 * MIB
        done = self.exec(sys.executable, "-S", "-c", COMES_AND_GOES, options=("--mem-sample", "--mem-interval-ms", 250))
        self.assertEqual(done.status, 0, str(done))
        touching, held, freeing, free = map(int, done.out.split())
        memory, iterations = done.record["memory"], done.record["iterations"]
        whole = iterations["end_ns"][0] - iterations["start_ns"][0]
        share = ((held - touching) / 2 + (freeing - held) + (free - freeing) / 2) / whole
        self.assertGreater(share, 0.3)
        base = 32 * MIB  # the interpreter's own is below
        for key in ("anon", "current"):
            average = memory["slice"][key]["avg"]
            print(f"{key}: on average {average / MIB:.0f} MiB, of {share * size / MIB:.0f} that were held, and the interpreter's")
            self.assertGreater(average, share * size * 0.97, f"{key}: {share=}")
            self.assertLess(average, share * size * 1.03 + base, f"{key}: {share=}")
        self.assertGreater(memory["walks"], 1)
        self.assertLess(memory["missed_ticks"], memory["samples_in_iterations"] / 2)

    def test_steps_of_anonymous_memory_are_seen_by_every_process_figure(self):
        done = self.run_load("steps", 4)
        for who in ("parent_and_workers", "all_pids"):
            for figure in ("rss", "uss", "pss"):
                key = f"{who}.{figure}"
                # smaps_rollup walks the page tables: only the interpreter's own heap can add to it.
                self.assert_near(self.rise(done, 1, key), ANON, HEAP, f"anonymous in {key}")
                self.assert_near(self.rise(done, 2, key), SHARED, HEAP, f"shared in {key}")
                self.assert_near(self.rise(done, 3, key), 0, HEAP, f"page cache in {key}")
        self.assert_ordered(done)
        self.assert_time_ordered(done)
        if rig.FULL:
            self.assert_classes(done)

    def assert_classes(self, done: rig.Done) -> None:
        """The slice's classes of the same run: each step in its class, and in no other."""
        cached = FILE if rig.LARGE_FILE else 0
        wanted = {
            "anon": (ANON, 0, 0),
            "shmem": (0, SHARED, 0),
            "file": (0, SHARED, cached),  # which counts shared memory, too
            "current": (ANON, SHARED, cached),
        }
        for key, steps in wanted.items():
            for iteration, step in enumerate(steps, 1):
                # Page tables and the page cache's tree are kernel memory: 8 bytes a page and 0.6 bytes, in current.
                tolerance = CHARGED + (step // 256 if key == "current" else 0)
                self.assert_near(self.rise(done, iteration, key), step, tolerance, f"step {iteration} in {key}")
        samples = done.samples()
        peak = done.record["memory"]["slice"]["peak"]
        self.assertGreaterEqual(peak, max(s["current"] for s in samples))  # one counter and its own watermark: exact
        apart = [abs(s["anon"] + s["file"] + s["kernel"] + s["sock"] - s["current"]) for s in samples]
        within = sum(a <= BATCH for a in apart)
        # While it grows, the statistics lag by up to 2 s; in the holds they stand.
        self.assertGreater(within, len(apart) / 2, f"{BATCH} bytes are allowed: {apart}")
        self.assertEqual(done.record["memory"]["slice"]["uncertainty_bytes"], BATCH)

    def assert_time_ordered(self, done: rig.Done) -> None:
        samples = done.samples()
        self.assertGreater(len(samples), 20)
        for a, b in zip(samples, samples[1:]):
            self.assertLessEqual(a["at_ns"] + a["cost_ns"], b["at_ns"])
        for s in samples:
            self.assertGreaterEqual(s["late_ns"], 0)
            self.assertGreater(s["cost_ns"], 0)
        memory = done.record["memory"]
        for key in ("tick_cost_ns", "late_ns"):
            self.assertGreaterEqual(memory[key]["max"], memory[key]["p50"])
        self.assertEqual(memory["tick_cost_ns"]["max"], max(s["cost_ns"] for s in samples))
        self.assertEqual(memory["late_ns"]["max"], max(s["late_ns"] for s in samples))
        self.assertEqual(memory["failed_reads"], 0)

    def test_a_copy_on_write_family_is_weighed_once(self):
        done = self.run_load("family", 2)
        self.assert_ordered(done)
        one = HEAP * (1 + CHILDREN)  # every process has a heap
        wanted = {
            "pss": PARENT + CHILDREN * CHILD,  # the parent's, and each child's copies
            "rss": (1 + CHILDREN) * PARENT,
            "uss": (1 + CHILDREN) * CHILD,  # the copies, and the originals, which are the parent's alone then
        }
        for who in ("parent_and_workers", "all_pids"):
            for figure, size in wanted.items():
                self.assert_near(self.rise(done, 1, f"{who}.{figure}"), size, one, f"{who}.{figure}")
            for s in done.samples(1)[:-1]:  # the walk of the last one may end after the iteration
                if who in s:
                    self.assertEqual(s[who]["pids"], 1 + CHILDREN)
        if rig.FULL:
            self.assert_near(self.rise(done, 1, "anon"), PARENT + CHILDREN * CHILD, CHARGED + one, "anon")

    def test_a_process_outside_the_slice_is_in_no_sample_whatever_the_workload_says(self):
        done = self.run_load("liar", 1)
        self.assertTrue(done.samples(0))
        for s in done.samples():
            for who in ("parent_and_workers", "all_pids"):
                if who in s:
                    self.assertEqual(s[who]["pids"], 1, f"{who} holds the runner")

    def known_cpu(self, load: str) -> rig.Done:
        """The CPU time that the load knows of, within 5%: what is left is forking, and the kernel's part of exit."""
        done = self.run_load(load, 1, hold_ms=0)
        known = int(done.record["result"]["hash_check"], 16) / 1e6
        usage = done.record["cpu"]["usage_usec"] / 1e6
        self.assertGreaterEqual(usage, known * 0.98)
        self.assertLessEqual(usage, known * 1.05 + (0.2 if rig.EMULATED else 0.05))
        self.assertEqual(done.printed("cpu_usage_usec"), str(done.record["cpu"]["usage_usec"]))
        return done

    def test_two_seconds_of_cpu_are_two_seconds_of_cpu(self):
        done = self.known_cpu("burn")
        self.assertGreaterEqual(done.record["cpu"]["usage_usec"], BURN_S * 1e6 * 0.98)

    def test_the_cpu_of_children_that_nobody_waited_for_is_counted(self):
        done = self.known_cpu("reaped")
        self.assertGreaterEqual(done.record["cpu"]["usage_usec"], REAPED * REAPED_S * 1e6 * 0.98)

    @vm_only
    def test_the_first_cell_pays_for_no_page_cache(self):
        Path("/proc/sys/vm/drop_caches").write_text("1")
        first, second = (self.run_load("idle", 1) for _ in range(2))
        files = [done.record["memory"]["slice"]["file"]["max"] for done in (first, second)]
        # What is not the interpreter's: the wrapper, the shell that runs it, the load itself.
        self.assert_near(files[0], files[1], CHARGED, "file pages of two cells")
        self.assertLess(files[0], os.path.getsize(rig.sys.executable) / 4, "the interpreter is charged to the cell")

    @needs_controllers
    def test_a_small_run_after_a_big_one_has_a_small_peak(self):
        cgroup = rig.Cgroup(self)
        big = self.run_load("steps", 4, "--cgroup-root", cgroup.path)
        small = self.run_native("--cgroup-root", cgroup.path)
        self.assertGreater(big.record["memory"]["slice"]["peak"], ANON)
        self.assertLess(small.record["memory"]["slice"]["peak"], 8 * MIB)
        self.assertEqual(small.printed("peak"), str(small.record["memory"]["slice"]["peak"]))
