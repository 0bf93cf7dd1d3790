"""Many reproductions of one bundle: what counts, what does not, and the verdicts, on machines of a known truth.

The original is measured here. Its reproductions are its records with other times, of machines with other names, which
`tare reproduce` then judges: where every record is there it runs nothing."""

import concurrent.futures
import hashlib
import json
import math
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import tarfile
import tempfile
import unittest

import jsonschema
from bundles import remake_crate, remake_manifests, sha256, tare, unpack
from specimen import result_of, text_of
from test_reproduce import make

SCHEMA = json.loads((pathlib.Path(__file__).resolve().parents[2] / "runner/bundle/tare-pool.schema.json").read_text())
T_975 = 4.302652729911275  # qt(0.975, 2) of R
PLAIN = {"PATH": "/nonexistent"}  # without gnuplot and so without comparing drawings, which takes most of the time
SLOW, FAST = "CPU of class slow", "CPU of class fast"


def simulate(original, folder, ratio, machine, cpu, seed, tick_ns=1):
    """The original's records, as a machine would have measured them on which `many` takes `ratio` times what `one` does, by a clock
    of such ticks."""
    rng = random.Random(seed)
    shutil.copytree(original, folder)
    for path in sorted(folder.glob("0*.json")):
        one = json.loads(path.read_text())
        mean_ns = 1e6 * (ratio if one["plan"]["cell"] == "many" else 1) * math.exp(rng.gauss(0, 0.02))
        at, starts, ends = 5_000_000_000, [], []
        for _ in one["iterations"]["start_ns"]:
            length = round(mean_ns * math.exp(rng.gauss(0, 0.02)) / tick_ns) * tick_ns
            starts, ends, at = [*starts, at], [*ends, at + length], at + length + 1000
        one["id"] = f"{one['id'][:16]}-{rng.getrandbits(32):08x}"
        one["iterations"] |= {"start_ns": starts, "end_ns": ends}
        one["result"] |= result_of(starts, ends) | {"hash_check": one["result"]["hash_check"]}
        one["plan"]["node"] = machine
        one["host"] |= {"cpu_model": cpu, "boot_id": hashlib.md5(machine.encode()).hexdigest()}
        path.write_text(text_of(one))


class Pooling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        common = tempfile.TemporaryDirectory()
        cls.addClassCleanup(common.cleanup)
        cls.common = pathlib.Path(common.name)
        cls.original = make(cls.common / "original", expect="min: 1.5")
        made = [("slow", 3.0, SLOW), ("slow", 3.1, SLOW), ("slow", 2.95, SLOW),
                ("fast", 1.1, FAST), ("fast", 1.12, FAST), ("fast", 1.09, FAST)]
        with concurrent.futures.ThreadPoolExecutor(2) as several:
            cls.tar = list(several.map(lambda i: cls.reproduction(i, *made[i]), range(len(made))))

    @classmethod
    def reproduction(cls, i, name, ratio, cpu):
        folder = cls.common / f"{name}{i}"
        simulate(cls.common / "original/records", folder, ratio, f"machine-{i}", cpu, seed=i + 1)
        return cls.packed(folder)

    @classmethod
    def packed(cls, folder):
        done = tare("reproduce", cls.original, "--out", folder, "--role", "different-team", env=PLAIN)
        assert done.returncode in (0, 1), done.stderr
        tar = folder.with_suffix(".tar")
        done = tare("pack", folder, "-o", tar)
        assert done.returncode == 0, done.stderr
        return tar

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def pool(self, *words, status):
        done = tare("pool", "--json", *words, env=PLAIN)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        said = json.loads(done.stdout)
        jsonschema.Draft7Validator(SCHEMA).validate(said)
        return said

    def states(self, said):
        return [one["state"] for one in said["bundles"]]

    def changed(self, tar, change):
        """A folder of the bundle, with change(its data folder) made and every manifest anew."""
        bag = unpack(tar, self.dir / f"bag{len(list(self.dir.iterdir()))}")
        change(bag / "data")
        remake_crate(bag)
        remake_manifests(bag)
        return bag

    # --- verdicts

    def test_machines_of_a_known_truth_are_pooled_to_it(self):
        said = self.pool(*self.tar[:3], status=0)
        self.assertEqual((said["counted"], said["machines"], said["original"]), (3, 3, sha256(self.original)))
        (claim,) = said["claims"]
        self.assertEqual((claim["verdict"], claim["min"], claim["max"]), ("SUPPORTED", 1.5, None))
        (effect,) = claim["effects"]
        found = [one["found"]["at"] for one in effect["reproductions"]]
        for at, truth in zip(found, (3.0, 3.1, 2.95)):
            self.assertAlmostEqual(at / truth, 1, delta=0.1)
        logs = [math.log(at) for at in found]
        mean, sd = statistics.fmean(logs), statistics.stdev(logs)
        for name, wide in (("mean", math.sqrt(1 / 3)), ("prediction", math.sqrt(4 / 3))):
            self.assertAlmostEqual(effect["all"][name]["at"], math.exp(mean))
            self.assertAlmostEqual(effect["all"][name]["low"], math.exp(mean - T_975 * sd * wide))
            self.assertAlmostEqual(effect["all"][name]["high"], math.exp(mean + T_975 * sd * wide))
        for one in effect["reproductions"]:  # a standard error is what the interval is made of
            self.assertLess(one["variance"], (math.log(one["found"]["high"] / one["found"]["low"]) / 2) ** 2)

    def test_classes_of_hardware_that_differ_have_a_verdict_each(self):
        said = self.pool(*self.tar, status=1)
        self.assertEqual([(one["hardware"].split(",")[0], one["machines"]) for one in said["classes"]],
                         [(SLOW, 3), (FAST, 3)])
        (claim,) = said["claims"]
        self.assertEqual(claim["verdict"], "BY MACHINE CLASS")
        self.assertEqual([one["verdict"] for one in claim["effects"][0]["classes"]], ["SUPPORTED", "CONTRADICTED"])
        self.assertLess(claim["effects"][0]["classes_p"], 1e-4)

    def test_below_three_machines_nothing_is_predicted_and_it_is_said(self):
        said = self.pool(*self.tar[:2], status=1)
        (claim,) = said["claims"]
        self.assertEqual(claim["verdict"], "INCONCLUSIVE")
        everything = claim["effects"][0]["all"]
        self.assertEqual(everything["why"], "2 machines: a prediction of the next one takes 3")
        self.assertIsNone(everything["prediction"]["low"])
        self.assertGreater(everything["mean"]["high"], everything["mean"]["low"])

    def test_the_text_fits_80_columns_and_says_who_declared_what(self):
        done = tare("pool", *self.tar, self.original, env=PLAIN)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        for words in ("BY MACHINE CLASS: C1", "class B: CONTRADICTED", "different-team", "the classes differ (p ",
                      "small.tar: original: it is the original", "unsigned", "I2 "):
            self.assertIn(words, done.stdout)

    # --- what does not count

    def test_a_reproduction_counts_once_whatever_its_name_and_packing(self):
        renamed, folder, again = self.dir / "renamed.tar", unpack(self.tar[0], self.dir / "folder"), self.dir / "again.tar"
        shutil.copy(self.tar[0], renamed)
        with tarfile.open(again, "w", format=tarfile.GNU_FORMAT) as t:
            t.add(folder, folder.name)
        said = self.pool(*self.tar[:3], renamed, folder, again, status=0)
        self.assertEqual(self.states(said), 3 * ["counted"] + 3 * ["twin"])
        self.assertIn(f"10 of its 10 records are those of {self.tar[0]}", said["bundles"][3]["why"])
        self.assertEqual(said["claims"], self.pool(*self.tar[:3], status=0)["claims"])

    def test_records_under_other_ids_are_told_by_their_times(self):
        folder = self.dir / "again"
        shutil.copytree(self.common / "slow0", folder)
        for path in folder.glob("0*.json"):
            one = json.loads(path.read_text())
            one["id"] = one["id"][:16] + "-0" + one["id"][18:]
            one["plan"]["node"], one["host"]["boot_id"] = "another", "another"
            path.write_text(text_of(one))
        said = self.pool(*self.tar[:3], self.packed(folder), status=0)
        self.assertEqual(self.states(said)[3], "twin")

    def test_times_by_a_coarse_clock_that_coincide_are_nobodys_copy(self):
        tars = []
        for i in range(3):
            folder = self.dir / f"coarse{i}"
            simulate(self.common / "original/records", folder, 3.0, f"coarse-{i}", SLOW, seed=90 + i, tick_ns=1_000_000)
            tars.append(self.packed(folder))
        said = self.pool(*tars, status=0)
        self.assertEqual((self.states(said), said["machines"]), (3 * ["counted"], 3))

    def test_a_copy_of_the_original_is_refused(self):
        folder = self.dir / "copy"
        shutil.copytree(self.common / "original/records", folder)
        shutil.copy(self.common / "slow0/claims.yml", folder)
        said = json.loads((self.common / "slow0/reproduction.json").read_text())
        for claim in said["claims"]:
            claim["here"], claim["theirs"] = claim["theirs"], dict(claim["theirs"], at=claim["theirs"]["at"] * 1.01)
        for record in said["records"]:
            path = pathlib.PurePath(record["path"])
            record["sha256"] = sha256(folder / f"{path.stem}-{path.parent.name}.json")
        (folder / "reproduction.json").write_text(json.dumps(said))
        self.assertEqual(tare("pack", folder, "-o", self.dir / "copy.tar").returncode, 0)
        said = self.pool(self.original, *self.tar[:3], self.dir / "copy.tar", status=1)
        self.assertEqual(self.states(said), ["original", "counted", "counted", "counted", "refused"])
        self.assertIn("10 of its 10 records are the original's", said["bundles"][4]["why"])

    def test_a_tampered_one_is_refused_and_the_others_go_on(self):
        bag = unpack(self.tar[1], self.dir / "bag")
        (bag / "data/README.md").write_text("changed\n")
        verdict = self.changed(self.tar[2], lambda data: (data / "reproduction.json").write_text(
            (data / "reproduction.json").read_text().replace('"at"', '"at": 9, "was"', 1)))
        (self.dir / "noise").write_bytes(os.urandom(4096))
        said = self.pool(self.tar[0], bag, verdict, self.dir / "noise", status=1)
        self.assertEqual(self.states(said), ["counted", "refused", "refused", "refused"])
        self.assertIn("data/README.md", said["bundles"][1]["why"])
        self.assertTrue(all(one["why"] for one in said["bundles"][1:]))
        self.assertEqual((said["counted"], said["claims"][0]["effects"][0]["all"]["units"]), (1, 1))

    def test_a_cell_of_several_programs_is_refused(self):
        folder = self.dir / "mixed"
        shutil.copytree(self.common / "slow1", folder)
        (folder / "reproduction.json").unlink()
        path = next(path for path in sorted(folder.glob("0*.json")) if json.loads(path.read_text())["plan"]["cell"] == "many")
        one = json.loads(path.read_text())
        one["runtime"]["implementation"] = "cpython"
        path.write_text(text_of(one))
        packed = self.packed(folder)
        judged = [claim["here"] for claim in json.loads((folder / "reproduction.json").read_text())["claims"]]
        self.assertEqual([one["verdict"] for one in judged], ["NOT RUN"])
        self.assertIn("many: it weighed cpython, the original native: another program", judged[0]["why"])
        said = self.pool(self.original, self.tar[0], self.tar[2], packed, status=1)
        self.assertEqual(self.states(said), ["original", "counted", "counted", "refused"])
        self.assertIn("its cell 'many' weighed several programs", said["bundles"][3]["why"])

    def test_one_of_another_original_and_one_of_none_are_refused(self):
        other = self.changed(self.tar[1], lambda data: [
            path.write_text(path.read_text().replace(sha256(self.original), 64 * "b"))
            for path in (data / "reproduction.json", data / "ro-crate-metadata.json")])
        alone = self.dir / "alone.tar"
        shutil.copytree(self.common / "fast3", self.dir / "alone")
        (self.dir / "alone/reproduction.json").unlink()
        self.assertEqual(tare("pack", self.dir / "alone", "-o", alone).returncode, 0)
        said = self.pool(self.tar[0], other, alone, status=1)
        self.assertEqual(self.states(said), ["counted", "refused", "refused"])
        self.assertIn("it reproduces another bundle", said["bundles"][1]["why"])
        self.assertIn("it reproduces no bundle", said["bundles"][2]["why"])

    def test_without_any_that_counts_it_says_so(self):
        done = tare("pool", self.original, env=PLAIN)
        self.assertEqual(done.returncode, 1)
        self.assertIn("0 reproductions counted", done.stdout)

    # --- where they are

    def test_what_is_attached_to_a_bundle_in_a_layout(self):
        layout = self.dir / "layout"
        self.assertEqual(tare("push", self.original, f"oci:{layout}:v1").returncode, 0)
        digest = []
        for i in range(3):
            done = tare("push", self.tar[i], f"oci:{layout}:r{i}", "--subject", "v1")
            self.assertEqual(done.returncode, 0, done.stderr)
            digest.append(sha256(self.tar[i]))
        statement = self.dir / "attestation.json"
        self.assertEqual(tare("verify", self.original, "--attestation", statement, env=PLAIN).returncode, 0)
        self.assertEqual(tare("push", statement, f"oci:{layout}:s", "--subject", "v1").returncode, 0)
        said = self.pool(f"oci:{layout}:v1", self.tar[0], status=0)  # a statement is no reproduction
        self.assertEqual(self.states(said), ["original", "counted", "counted", "counted", "twin"])
        self.assertTrue(said["bundles"][1]["name"].startswith("sha256:"))
        self.assertEqual([one["sha256"] for one in said["bundles"][1:4]], digest)
        (layout / "blobs/sha256" / digest[1]).unlink()
        said = self.pool(f"oci:{layout}:v1", status=1)
        self.assertEqual(self.states(said), ["original", "counted", "refused", "counted"])

    def test_paths_and_keys_that_are_not_there_get_one_line(self):
        for words, line in (((), "it takes reproductions of one bundle"), (("/nonexistent",), "'/nonexistent'"),
                            ((self.tar[0], "--key", "/nonexistent"), "--key '/nonexistent'"),
                            (("oci:/nonexistent:v1",), "/nonexistent")):
            done = tare("pool", *words)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn(line, done.stderr)

    def test_the_page_replaces_nothing_that_is_read(self):
        mine, folder, link = self.dir / "mine.tar", unpack(self.tar[0], self.dir / "folder"), self.dir / "link.html"
        shutil.copy(self.tar[0], mine)
        link.symlink_to("mine.tar")
        before = sha256(mine)
        for words, line in (((mine, "-o", mine), "would replace"), ((mine, "-o", self.dir / "folder/../mine.tar"), "would replace"),
                            ((mine, "-o", link), "would replace"), ((folder, "-o", folder / "pool.html"), "which is read")):
            done = tare("pool", *words, env=PLAIN)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn(line, done.stderr)
        self.assertEqual(sha256(mine), before)
        self.assertFalse((folder / "pool.html").exists())

    # --- what is withheld

    def test_a_value_is_not_withheld_where_the_hardware_is_the_originals(self):
        bundle, folder = self.dir / "value.tar", self.dir / "value"
        cpu = json.loads(next((self.common / "original/records").glob("0*.json")).read_text())["host"]["cpu_model"]
        claims = (self.common / "original/claims.yml").read_text()
        (self.dir / "claims.yml").write_text("schema: tare.claims/1\nclaims:\n  - id: C1\n    text: many takes long\n"
                                             "    value: {of: many, figure: avg_iter_s}\n    expect: {min: 9000}\n")
        self.assertIn("C1", claims)
        done = tare("pack", self.common / "original/records", "--claims", self.dir / "claims.yml", "-o", bundle)
        self.assertEqual(done.returncode, 0, done.stderr)
        simulate(self.common / "original/records", folder, 3.0, "machine-value", cpu, seed=9)
        done = tare("reproduce", bundle, "--out", folder, env=PLAIN)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(tare("pack", folder, "-o", self.dir / "again.tar").returncode, 0)

        def withhold(data):
            path = data / "reproduction.json"
            said = json.loads(path.read_text())
            self.assertEqual(said["claims"][0]["here"]["verdict"], "CONTRADICTED")
            said["claims"][0]["here"]["verdict"] = "NOT RUN"
            path.write_text(json.dumps(said))

        bag = self.changed(self.dir / "again.tar", withhold)
        (claim,) = self.pool(bundle, bag, status=1)["claims"]
        self.assertEqual((claim["verdict"], claim["effects"][0]["all"]["units"]), ("INCONCLUSIVE", 1))
        (claim,) = self.pool(bag, status=1)["claims"]
        self.assertEqual(claim["verdict"], "NOT RUN")
        self.assertIn("by its own word its hardware is not the original's", claim["effects"][0]["all"]["why"])
        simulate(self.common / "original/records", self.dir / "other", 3.0, "machine-other", SLOW, seed=10)
        self.assertEqual(tare("reproduce", bundle, "--out", self.dir / "other", env=PLAIN).returncode, 1)
        (other,) = json.loads((self.dir / "other/reproduction.json").read_text())["claims"]
        self.assertEqual((other["here"]["verdict"], other["here"]["why"].split(": ")[1]), ("NOT RUN", "cpu_model"))
        self.assertEqual(tare("pack", self.dir / "other", "-o", self.dir / "other.tar").returncode, 0)
        text = tare("pool", bundle, self.dir / "again.tar", self.dir / "other.tar", env=PLAIN).stdout
        self.assertIn("class B: NOT RUN", text)
        self.assertNotIn("    all: ", text)

    # --- who signed

    @unittest.skipIf(not shutil.which("minisign"), "minisign is not installed")
    def test_whose_signature_holds_is_told_and_a_forged_one_is_refused(self):
        key = [self.dir / name for name in ("a", "b")]
        for one in key:
            subprocess.run(["minisign", "-G", "-W", "-p", f"{one}.pub", "-s", one], check=True, capture_output=True)
        signed, other = self.dir / "signed.tar", self.dir / "other.tar"
        shutil.copy(self.tar[0], signed)
        shutil.copy(self.tar[1], other)
        self.assertEqual(tare("sign", signed, "--key", key[0]).returncode, 0)
        self.assertEqual(tare("sign", other, "--key", key[1]).returncode, 0)
        forged = unpack(signed, self.dir / "forged")
        good, bad = unpack(other, self.dir / "good") / "tagmanifest-sha256.txt.minisig", forged / "tagmanifest-sha256.txt.minisig"
        bad.write_text(good.read_text())
        said = self.pool(signed, other, self.tar[2], "--key", f"{key[0]}.pub", status=0)
        self.assertEqual([one["signature"] for one in said["bundles"]], ["signed", "unknown key", "unsigned"])
        self.assertRegex(said["bundles"][0]["key"], "^[0-9A-F]{1,16}$")
        copied = self.dir / "copied.tar"  # a stranger's with a record of the signed one, and before it
        folder = self.dir / "copied"
        shutil.copytree(self.common / "slow1", folder)
        record = sorted(folder.glob("0*.json"))[0].name
        shutil.copy(self.common / "slow0" / record, folder / record)
        shutil.move(self.packed(folder), copied)
        said = self.pool(copied, signed, self.tar[2], "--key", f"{key[0]}.pub", status=1)
        self.assertEqual(self.states(said), ["twin", "counted", "counted"])
        said = self.pool(forged, self.tar[2], "--key", f"{key[0]}.pub", "--key", f"{key[1]}.pub", status=1)
        self.assertEqual(said["bundles"][0]["state"], "refused")
        self.assertRegex(said["bundles"][0]["why"], "its signature by the key [0-9A-F]+ does not hold")

    # --- the page

    def test_the_page_has_a_forest_plot_and_runs_nothing(self):
        page, named = self.dir / "pool.html", self.dir / "a<b>&'\"`.tar"
        shutil.copy(self.tar[0], named)
        done = tare("pool", named, *self.tar[1:], "-o", page)
        self.assertEqual(done.returncode, 1, done.stderr)
        text = page.read_text()
        self.assertIn("<figure id=\"figure-claim-1\"", text)
        self.assertIn("<svg role=\"img\"", text)
        self.assertIn("class A, 3 machines: SUPPORTED", text)
        self.assertNotIn("<script", text)
        self.assertNotIn("a<b>", text)
        self.assertIn("a&lt;b&gt;", text)
        done = tare("pool", *self.tar[:3], "-o", page, env=PLAIN)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("gnuplot", done.stderr)
        self.assertIn("Data of this figure", page.read_text())

    def test_memory_is_drawn_in_the_unit_that_the_text_has_and_the_answer_says_why_it_is_none(self):
        original, folder = self.dir / "original", self.dir / "again"
        bundle, again, page = original.with_suffix(".tar"), folder.with_suffix(".tar"), self.dir / "pool.html"
        shutil.copytree(self.common / "original/records", original)
        for k, path in enumerate(sorted(original.glob("0*.json"))):
            one = json.loads(path.read_text())
            one["result"]["held_bytes"] = (20 << 20) + 4096 * k
            path.write_text(text_of(one))
        (self.dir / "claims.yml").write_text("schema: tare.claims/1\nclaims:\n  - id: C1\n    text: many holds little\n"
                                             "    bound: {of: many, figure: held_bytes}\n    expect: {max: 25165824}\n")
        done = tare("pack", original, "--claims", self.dir / "claims.yml", "-o", bundle)
        self.assertEqual(done.returncode, 0, done.stderr)
        simulate(original, folder, 3.0, "machine-bytes", SLOW, seed=7)
        for path in folder.glob("0*.json"):
            one = json.loads(path.read_text())
            one["result"]["held_bytes"] += 1 << 20
            path.write_text(text_of(one))
        self.assertEqual(tare("reproduce", bundle, "--out", folder, env=PLAIN).returncode, 0)
        self.assertEqual(tare("pack", folder, "-o", again).returncode, 0)
        self.assertEqual(tare("pool", bundle, again, "-o", page, env=PLAIN).returncode, 1)
        text = page.read_text()
        self.assertRegex(text, r"again.tar: 21\.0[0-9]* \(21(\.0[0-9]*)? to 21\.0[0-9]*\)")
        self.assertNotIn("e+07", text)
        self.assertIn("many holds little: one machine, which tells nothing of another", text)
        if shutil.which("gnuplot"):
            self.assertEqual(tare("pool", bundle, again, "-o", page).returncode, 1)
            self.assertIn("held_bytes [MiB]", page.read_text())


if __name__ == "__main__":
    unittest.main()
