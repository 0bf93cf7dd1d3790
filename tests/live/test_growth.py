"""Profile growth: a leak of known size is found by its size, told in a sentence, and is a figure that can be compared."""

import subprocess

import rig
from rig import LiveTest, once_is_enough, setUpModule  # noqa: F401

KEEP = 1 << 18
PARTS = ("live", "cycles", "free", "stacks", "children", "files", "rest")


@once_is_enough
class Growth(LiveTest):
    def weigh(self, *options: object):
        words = [rig.TARE, "run", "churn", "--json", self.json, "--keep-bytes", KEEP, *options]
        done = rig.Running([str(word) for word in words], rig.environment(), self.json).end()
        self.assert_ok(done)
        return done

    def test_a_planted_leak_is_found_by_its_size(self):
        done = self.weigh("--pattern", "leak", "--runtime", "3.14", "--iterations", 128, "--warmup", 8)
        growth = done.record["growth"]
        slopes, interval = growth["slopes"], growth["intervals"]["pss_bytes"]
        self.assertEqual((growth["shape"], growth["per_iterations"]), ("grows", 1000))
        self.assertAlmostEqual(slopes["pss_bytes"] / (KEEP * 1000), 1, delta=0.05, msg=slopes)
        self.assertLess(interval["high"] - interval["low"], 0.1 * slopes["pss_bytes"])
        self.assertAlmostEqual(sum(slopes[f"{part}_bytes"] for part in PARTS) / slopes["pss_bytes"], 1, delta=0.05, msg=slopes)
        self.assertAlmostEqual(slopes["live_bytes"] / (KEEP * 1000), 1, delta=0.05, msg=slopes)
        self.assertRegex(" ".join(done.out.split()), r"grows by 2\d\d MiB \(2\d\d to 2\d\d\) per 1,000 iterations: live objects 2\d\d")
        csv = subprocess.run([rig.TARE, "report", "--format", "csv", str(self.json)], capture_output=True, text=True, check=True).stdout
        self.assertIn("growth_pss_bytes", csv.splitlines()[0])

    def test_what_makes_no_sense_is_refused(self):
        for words, why in ((["--until-slope", "fast"], "--until-slope 'fast': what is allowed is a share of PSS or a size"),
                           (["--profile", "memory"], "--profile 'memory': what is allowed with churn is growth")):
            done = rig.Running([str(w) for w in (rig.TARE, "run", "churn", *words)], rig.environment(), self.json).end()
            self.assert_refused(done, 2, why)
