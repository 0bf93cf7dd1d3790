"""Bundles run again: small native plans, measured here."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from bundles import remake_manifests, sha256, tare, unpack

PLAN = """\
schema: tare.plan/1
name: small
invocations: {invocations}
defaults: {{scenario: scenario1, runtime: native, warmup: 0, iterations: 20}}
cells:
  - {{id: one, mode: threads, workers: 1}}
  - {{id: many, mode: threads, workers: 64}}
"""

CLAIMS = """\
schema: tare.claims/1
claims:
  - id: C1
    text: 64 threads cost more than one
    ratio: {{of: many, to: one, figure: avg_iter_s}}
    expect: {{{expect}}}
{more}"""


def make(folder, invocations=5, expect="min: 0.000001"):
    """A folder of measured records beside its bundle, which is returned."""
    folder.mkdir()
    (folder / "small.yml").write_text(PLAN.format(invocations=invocations))
    (folder / "claims.yml").write_text(CLAIMS.format(expect=expect, more=""))
    done = tare("matrix", folder / "small.yml", "--out", folder / "records")
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    done = tare("pack", folder / "records", "--claims", folder / "claims.yml", "-o", folder / "small.tar")
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return folder / "small.tar"


class Reproducing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        common = tempfile.TemporaryDirectory()
        cls.addClassCleanup(common.cleanup)
        cls.common = pathlib.Path(common.name)
        cls.packed = make(cls.common / "original")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def reproduce(self, bundle, *options, status, **more):
        done = tare("reproduce", bundle, "--out", self.dir / "again", "--json", *options, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout.startswith("{") else done

    @unittest.skipUnless(os.geteuid() == 0, "only root can place another user's link")
    def test_a_link_in_the_place_of_the_claims_is_not_followed(self):
        """The folder is one that another may write to: root wrote the claims through his link."""
        secret, again = self.dir / "secret", self.dir / "again"
        secret.write_text("root's own")
        again.mkdir()
        (again / "claims.yml").symlink_to("../secret")
        os.chown(again / "claims.yml", 65534, 65534, follow_symlinks=False)
        self.reproduce(self.packed, "--smoke", "--role", "different-team", status=0)
        self.assertEqual(secret.read_text(), "root's own")
        self.assertFalse((again / "claims.yml").is_symlink())
        self.assertIn("tare.claims/1", (again / "claims.yml").read_text())

    def test_native_code_in_place_of_python_is_another_program(self):
        """`runtime: auto` takes native code where a host has no Python."""
        folder = self.dir / "auto"
        folder.mkdir()
        few = PLAN.format(invocations=1).replace("native", "auto").replace("iterations: 20", "iterations: 2").replace("64", "2")
        (folder / "small.yml").write_text(few)
        (folder / "claims.yml").write_text(CLAIMS.format(expect="min: 0.000001", more=""))
        said = tare("matrix", folder / "small.yml", "--out", folder / "records")
        self.assertEqual(said.returncode, 0, said.stderr)
        said = tare("pack", folder / "records", "--claims", folder / "claims.yml", "-o", folder / "small.tar")
        self.assertEqual(said.returncode, 0, said.stderr)
        (self.dir / "none").mkdir()
        hidden = {"PATH": f"{self.dir}/none", "HOME": f"{self.dir}/none", "TARE_CACHE": f"{self.dir}/none"}
        said = self.reproduce(folder / "small.tar", "--role", "different-team", status=1, env=os.environ | hidden)
        self.assertEqual([claim["here"]["verdict"] for claim in said["claims"]], ["NOT RUN"])
        self.assertIn("it weighed native, the original cpython: another program", json.dumps(said))
        packed = tare("pack", self.dir / "again", "-o", self.dir / "again.tar")
        self.assertEqual(packed.returncode, 0, packed.stderr)
        result = self.dir / "again/reproduction.json"
        kept = result.read_bytes()
        for why in (b"", b"it weighed cpython, the original native"):  # not run for no reason, or for one that the records belie
            result.write_bytes(kept.replace(b"it weighed native, the original cpython", why))
            packed = tare("pack", self.dir / "again", "-o", self.dir / "other.tar")
            self.assertEqual(packed.returncode, 2, packed.stdout)
            self.assertIn("the claim 'C1' is NOT RUN by it, and", packed.stderr)
        pooled = json.loads(tare("pool", folder / "small.tar", self.dir / "again.tar", "--json").stdout)
        self.assertEqual([one["state"] for one in pooled["bundles"]], ["original", "refused"], pooled)
        self.assertIn("weighed native, and that of", json.dumps(pooled))

    def test_a_claim_that_holds_is_supported_with_both_intervals_and_the_result_is_packed_and_verified(self):
        said = self.reproduce(self.packed, "--smoke", "--role", "different-team", status=0)
        self.assertEqual(said["schema"], "tare.reproduction/1")
        self.assertEqual(said["original"]["sha256"], sha256(self.packed))
        self.assertEqual(said["counts"], {"SUPPORTED": 1, "CONTRADICTED": 0, "INCONCLUSIVE": 0, "NOT RUN": 0})
        self.assertEqual(said["rerun"], {"where": "host", "engine": "local", "planned": 10, "run": 10, "failed": 0,
                                         "smoke": {"invocations": 5, "iterations_at_most": 5, "warmup": 1}})
        self.assertEqual(said["terms"]["shows"], "reproducibility (different team, same experimental setup)")
        self.assertIn("not a badge", said["terms"]["note"])
        self.assertEqual(len(said["claims"]), 1)
        claim = said["claims"][0]
        self.assertIsNone(claim["tolerance"])
        for side in ("theirs", "here"):
            self.assertLess(claim[side]["low"], claim[side]["at"])
            self.assertLess(claim[side]["at"], claim[side]["high"])
        self.assertNotEqual(claim["theirs"], claim["here"])
        self.assertEqual(json.loads((self.dir / "again/reproduction.json").read_text()), said)

        tar = self.dir / "again.tar"
        done = tare("pack", self.dir / "again", "-o", tar)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(tare("verify", tar).returncode, 0)
        bag = unpack(tar, self.dir / "bag")
        graph = {e["@id"]: e for e in json.loads((bag / "data/ro-crate-metadata.json").read_text())["@graph"]}
        self.assertEqual(graph[graph["./"]["isBasedOn"]["@id"]]["identifier"], f"sha256:{sha256(self.packed)}")
        for one in said["records"]:
            self.assertEqual(sha256(bag / "data" / one["path"]), one["sha256"])

        # A verdict that was changed by hand does not follow from the records.
        path = bag / "data/reproduction.json"
        path.write_text(path.read_text().replace('"verdict": "SUPPORTED"', '"verdict": "CONTRADICTED"'))
        remake_manifests(bag)
        done = tare("verify", bag)
        self.assertEqual(done.returncode, 1)
        self.assertIn("reproduction.json: the claim 'C1' is CONTRADICTED by it, and SUPPORTED by the records", done.said)

    def test_run_again_in_the_same_folder_it_goes_on(self):
        self.reproduce(self.packed, status=0)
        records = {p.name: p.stat().st_mtime_ns for p in (self.dir / "again").glob("0*.json")}
        self.assertEqual(len(records), 10)
        (self.dir / "again/0003-one.json").unlink()
        self.reproduce(self.packed, status=0)
        after = {p.name: p.stat().st_mtime_ns for p in (self.dir / "again").glob("0*.json")}
        self.assertEqual([n for n in sorted(after) if after[n] != records[n]], ["0003-one.json"])

    def test_what_was_measured_after_the_verdicts_is_not_packed_with_them(self):
        self.reproduce(self.packed, status=0)
        for name in ("0001-one.json", "0001-many.json"):
            (self.dir / "again" / name).unlink()
        self.assertEqual(tare("matrix", self.dir / "again").returncode, 0)
        done = tare("pack", self.dir / "again", "-o", self.dir / "x.tar")
        self.assertEqual(done.returncode, 2)
        self.assertIn("it has another digest of the record", done.stderr)

    def test_the_originals_own_records_are_no_run(self):
        shutil.copytree(self.common / "original/records", self.dir / "again")
        (self.dir / "again/0003-one.json").unlink()
        for copied in range(2):
            done = self.reproduce(self.packed, "--role", "different-team", status=2)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertRegex(done.stderr, r"0001-many.json is a record of the bundle itself \([0-9TZ]+-[0-9a-f]+\)")
            self.assertFalse((self.dir / "again/0003-one.json").exists())
            for name in self.dir.glob("again/0*.json"):
                if name.name != "0001-many.json":
                    name.unlink()
        self.assertFalse((self.dir / "again/reproduction.json").exists())

    def test_a_counter_record_of_the_originals_own_records_is_found(self):
        self.reproduce(self.packed, status=0)
        self.assertEqual(tare("pack", self.dir / "again", "-o", self.dir / "again.tar").returncode, 0)
        bag = unpack(self.dir / "again.tar", self.dir / "bag")
        path = bag / "data/reproduction.json"
        said = json.loads(path.read_text())
        said["claims"][0]["theirs"] = said["claims"][0]["here"]
        path.write_text(json.dumps(said))
        remake_manifests(bag)
        done = tare("verify", bag)
        self.assertEqual(done.returncode, 1)
        self.assertIn("reproduction.json: what it found of the claim 'C1' is the original's time to the last digit", done.said)

    def test_a_claim_that_does_not_hold_is_contradicted_and_exits_1(self):
        bundle = make(self.dir / "wrong", expect="max: 0.000001")
        said = self.reproduce(bundle, "--smoke", status=1)
        self.assertEqual((said["counts"]["CONTRADICTED"], said["claims"][0]["here"]["verdict"]), (1, "CONTRADICTED"))

    def test_one_invocation_gives_no_interval_and_is_inconclusive(self):
        bundle = make(self.dir / "one", invocations=1)
        said = self.reproduce(bundle, status=1)
        here = said["claims"][0]["here"]
        self.assertEqual((here["verdict"], here["low"]), ("INCONCLUSIVE", None))
        self.assertTrue(here["why"])

    def test_an_interval_across_the_edge_is_inconclusive_whatever_tolerance_the_file_gives(self):
        first = self.reproduce(self.packed, status=0)["claims"][0]["here"]
        claims, bundle = self.dir / "claims.yml", self.dir / "tight.tar"
        claims.write_text(CLAIMS.format(expect=f"min: {first['at']:.9f}", more="    tolerance: 10\n"))
        done = tare("pack", self.common / "original/records", "--claims", claims, "-o", bundle)
        self.assertEqual(done.returncode, 0, done.stderr)
        # the very records once more, so that their interval has the edge in its middle
        here = self.reproduce(bundle, status=1)["claims"][0]["here"]
        self.assertEqual((here["verdict"], here["at"]), ("INCONCLUSIVE", first["at"]))
        self.assertIn("the claim's tolerance decides nothing any more", here["why"])

    def test_what_is_not_whole_is_not_run_but_by_force_which_is_told(self):
        bag = unpack(self.packed, self.dir / "bag")
        (bag / "data/README.md").write_text("changed\n")
        done = tare("reproduce", bag, "--out", self.dir / "again")
        self.assertEqual(done.returncode, 1)
        self.assertIn("data/README.md", done.stdout)
        self.assertIn("nothing of it was run (--force", done.stderr)
        self.assertFalse((self.dir / "again").exists())
        said = self.reproduce(bag, "--smoke", "--force", status=0)
        self.assertEqual((said["original"]["forced"], said["original"]["integrity"]), (True, "broken"))

    def test_without_an_image_it_says_what_lacks(self):
        done = tare("reproduce", self.packed, "--in-image", "--out", self.dir / "again")
        self.assertEqual(done.returncode, 3)
        self.assertIn("the bundle holds no image, and no record of it names the digest of one", done.stderr)
        self.assertFalse((self.dir / "again").exists())

    def test_a_plan_that_is_refused_gets_one_line(self):
        done = tare("reproduce", self.packed, "--out", self.common / "original/small.yml/again")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
        self.assertIn("Not a directory", done.stderr)

    def test_bad_words_get_one_line(self):
        for words, line in (
            ((), "it takes a bundle"),
            ((self.packed, "--host", "--in-vm"), "what is allowed is one of --host, --in-image, --in-vm"),
            ((self.packed, "--role", "nobody"), "same-team or different-team"),
            ((self.packed, "--engine", "slurm", "--in-vm"), "--engine slurm runs on the nodes themselves"),
            ((self.packed, "--sign", "/nonexistent"), "--sign '/nonexistent'"),
            ((self.packed, "--sign", self.common / "original/claims.yml"), "it is no secret key of minisign's"),
            ((self.packed, "--sbatch=--account=x"), "--sbatch is for --engine slurm"),
            (("/nonexistent",), "'/nonexistent'"),
        ):
            done = tare("reproduce", *words, cwd=self.dir)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn(line, done.stderr)
        self.assertEqual(list(self.dir.iterdir()), [])

    @unittest.skipIf(not shutil.which("minisign"), "minisign is not installed")
    def test_the_result_is_signed_and_minisign_itself_says_so(self):
        key, public = self.dir / "key", self.dir / "key.pub"
        subprocess.run(["minisign", "-G", "-W", "-p", public, "-s", key], check=True, capture_output=True)
        self.reproduce(self.packed, "--smoke", "--sign", key, status=0)
        again = self.dir / "again/reproduction.json"
        subprocess.run(["minisign", "-V", "-p", public, "-m", again], check=True, capture_output=True)
        self.assertEqual(tare("pack", self.dir / "again", "-o", self.dir / "x.tar").returncode, 0)
        self.assertEqual(tare("verify", self.dir / "x.tar").returncode, 0)
        self.assertTrue((unpack(self.dir / "x.tar", self.dir / "bag") / "data/reproduction.json.minisig").is_file())
        # Somebody puts a link in the place of the signature: it is replaced, and nothing is written through it.
        other = self.dir / "other"
        other.write_text("somebody's")
        place = again.with_name("reproduction.json.minisig")
        place.unlink()
        place.symlink_to(other)
        self.reproduce(self.packed, "--smoke", "--sign", key, status=0)
        self.assertEqual(other.read_text(), "somebody's")
        self.assertFalse(place.is_symlink())
        subprocess.run(["minisign", "-V", "-p", public, "-m", again], check=True, capture_output=True)


if __name__ == "__main__":
    unittest.main()
