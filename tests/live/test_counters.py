"""Counters of the slice: what a program is known to do is counted, and what is not to be had says why."""

import json
import subprocess
import sys

import rig
from rig import LiveTest, setUpModule  # noqa: F401

HARDWARE = ("instructions", "cycles", "cache_misses", "branch_misses")
SOFTWARE = ("context_switches", "migrations", "page_faults")
# Small pages, one after the other, of a mapping of its own.
TOUCH = """import mmap, sys
pages = int(sys.argv[1])
m = mmap.mmap(-1, 8192 * mmap.PAGESIZE)
m.madvise(mmap.MADV_NOHUGEPAGE)
for i in range(pages):
    m[i * mmap.PAGESIZE] = 1
"""
FEW, MANY = 10, 5010
STRAY = 40  # pages: what two starts of the same interpreter are apart by


class Counters(LiveTest):
    def exec(self, *words: object, options=("--counters",)) -> dict:
        record = self.dir / "record.json"
        line = [rig.TARE, "exec", *options, "--quiet", "--json", record, "--", *words]
        subprocess.run([str(word) for word in line], env=rig.environment(), stdin=subprocess.DEVNULL, check=True)
        return json.loads(record.read_text())

    def touched(self, pages: int) -> int:
        counters = self.exec(sys.executable, "-I", "-S", "-c", TOUCH, pages, options=("--counters", "--confine", "off"))["counters"]
        if counters["page_faults"] is None:
            self.assertIn("v1 hierarchy", counters["page_faults_reason"])  # the one cause that a test can run into
            self.skipTest(counters["page_faults_reason"])
        return counters["page_faults"]

    def test_page_faults_are_those_of_the_pages_that_were_touched(self):
        self.assertAlmostEqual(self.touched(MANY) - self.touched(FEW), MANY - FEW, delta=STRAY)

    def test_each_is_a_number_or_null_with_its_reason(self):
        counters = self.exec("true")["counters"]
        for name in (*HARDWARE, *SOFTWARE, "energy_package_uj", "energy_dram_uj"):
            if counters[name] is None:
                self.assertGreater(len(counters[f"{name}_reason"]), 10, name)
            else:
                self.assertGreaterEqual(counters[name], 0, name)
        for name in HARDWARE:
            if counters[name] is not None:
                self.assertGreater(counters[name], 0, name)
                self.assertTrue(0 < counters["running_share"][name] <= 1.001, name)

    @rig.once_is_enough
    def test_without_the_option_nothing_is_counted(self):
        self.assertIsNone(self.exec("true", options=())["counters"])

    @rig.once_is_enough
    def test_without_a_slice_all_are_absent(self):
        counters = self.exec("true", options=("--counters", "--isolation", "off"))["counters"]
        for name in (*HARDWARE, *SOFTWARE):
            self.assertIsNone(counters[name], name)

    @rig.once_is_enough
    def test_a_figure_of_them_is_compared(self):
        self.touched(FEW)
        for folder, pages in ("few", FEW), ("many", MANY):
            line = [rig.TARE, "exec", "--counters", "--confine", "off", "--repeat", 5, "--quiet", "--out", self.dir / folder, "--", sys.executable]
            line += ["-I", "-S", "-c", TOUCH, pages]
            subprocess.run([str(word) for word in line], env=rig.environment(), stdin=subprocess.DEVNULL, check=True)
        line = [rig.TARE, "compare", self.dir / "few", self.dir / "many", "--figure", "page_faults", "--across", "argv", "--format", "json"]
        done = subprocess.run([str(word) for word in line], env=rig.environment(), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("page_faults", done.stdout)
