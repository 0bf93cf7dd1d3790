#!/usr/bin/env python3
"""The programs and files that commands name by a path: copied beside the records, carried by the bundle, and run from there
on the reviewer's machine, where the author's are not. Nothing that a bundle says of them leads anywhere else."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from bundles import TARE, files, remake_crate, remake_manifests, sha256, tare, unpack

PLAN = """\
schema: tare.plan/1
name: mine
invocations: 2
seed: 3
cells:
  - {id: script, command: [./count.sh, "30"]}
  - {id: python, command: [python3, ./fit.py, ./data/points.csv]}
"""
SCRIPT = "#!/bin/sh\ni=0\nwhile [ $i -lt $1 ]; do i=$((i + 1)); done\necho $i\n"
FIT = "import sys\nprint(sum(float(line) for line in open(sys.argv[1])))\n"
CLAIMS = """\
schema: tare.claims/1
claims:
  - id: C1
    text: an interpreter takes longer to start than a shell
    ratio: {of: python, to: script, figure: avg_iter_s}
    expect: {min: 1.01}
"""


def author(folder, plan=PLAN):
    """A folder of the author's, with programs, data and a plan of commands."""
    (folder / "data").mkdir(parents=True)
    (folder / "count.sh").write_text(SCRIPT)
    (folder / "count.sh").chmod(0o755)
    (folder / "fit.py").write_text(FIT)
    (folder / "data/points.csv").write_text("1\n2\n3\n")
    (folder / "plan.yml").write_text(plan)
    (folder / "claims.yml").write_text(CLAIMS)
    return folder


class Programs(unittest.TestCase):
    """cls.bundle was packed by an author whose files are gone."""

    @classmethod
    def setUpClass(cls):
        common = tempfile.TemporaryDirectory()
        cls.addClassCleanup(common.cleanup)
        cls.common = pathlib.Path(common.name)
        cls.bin = cls.common / "bin"  # without gnuplot, which takes most of the time
        cls.common.chmod(0o755)
        cls.bin.mkdir()
        for word in ("python3", "sh", "cat"):
            (cls.bin / word).symlink_to(shutil.which(word))
        home = author(cls.common / "home")
        cls.matrix(home, "out")
        cls.records = cls.common / "records"
        shutil.copytree(home / "out", cls.records)
        cls.bundle = cls.common / "mine.tar"
        done = tare("pack", cls.records, "--claims", home / "claims.yml", "-o", cls.bundle)
        assert done.returncode == 0, done.stderr
        shutil.rmtree(home)

    @staticmethod
    def matrix(home, out, *options):
        done = tare("matrix", "plan.yml", "--out", out, *options, cwd=home)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def bag(self):
        return unpack(self.bundle, self.dir / "bag")

    def verified(self, path, status):
        done = tare("verify", "--json", path, env={"PATH": "/nonexistent"})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        said = json.loads(done.stdout)
        return said, " ".join(f"{f['file']}: {f['text']}" for f in said["integrity"]["findings"] + said["derivation"]["findings"])

    def reproduced(self, bundle, *options, status=(0, 1)):
        done = tare("reproduce", bundle, "--out", self.dir / "again", *options, cwd=self.dir, env={"PATH": str(self.bin)})
        self.assertIn(done.returncode, status, done.stdout + done.stderr)
        return done

    def new_records(self):
        return [json.loads(path.read_text()) for path in sorted((self.dir / "again").glob("0*.json"))]

    # --- carried

    def test_each_file_that_a_command_names_is_in_the_bundle_by_its_digest(self):
        data = self.bag() / "data"
        carried = {pathlib.PurePath(f).name: data / f for f in files(data) if f.startswith("programs/")}
        self.assertEqual({name: path.read_text() for name, path in carried.items()},
                         {"count.sh": SCRIPT, "fit.py": FIT, "points.csv": "1\n2\n3\n"})
        record = json.loads(next((data / "records/python").glob("*.json")).read_text())
        self.assertEqual(record["runtime"]["files"], {"./fit.py": sha256(carried["fit.py"]), "./data/points.csv": sha256(carried["points.csv"])})
        self.assertEqual(record["scenario"]["argv"], ["python3", "./fit.py", "./data/points.csv"])
        said, _ = self.verified(self.bundle, 0)
        self.assertEqual(said["rerun"]["needs_trust"], [])
        self.assertIn("`programs/`", (data / "README.md").read_text())

    def test_a_reviewer_runs_the_copies_without_a_word_of_trust(self):
        """From the tar, and from a folder that tar(1) unpacked, where no file is executable."""
        bag = self.bag()
        for path in bag.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        for bundle in (self.bundle, bag):
            shutil.rmtree(self.dir / "again", ignore_errors=True)
            done = self.reproduced(bundle, "--smoke")
            self.assertIn("4 of 4 invocations, 0 failed", done.stdout)
            for record in self.new_records():
                self.assertEqual(record["termination"]["reason"], "ok")
                self.assertEqual(record["confinement"]["level"], "full")
                self.assertEqual(record["scenario"]["argv"][-1], {"script": "30", "python": "./data/points.csv"}[record["plan"]["cell"]])
            self.assertEqual(tare("pack", self.dir / "again", "-o", self.dir / "again.tar").returncode, 0)
            self.verified(self.dir / "again.tar", 0)

    def test_the_commands_of_the_readme_run_as_they_stand(self):
        """From the tar alone, in a fresh folder, by a user's shell."""
        text = (self.bag() / "data/README.md").read_text()
        lines = [line for line in text.split("```")[1].splitlines() if not line.startswith(("#", "git ", "tare/scripts/", "make ", "PATH="))]
        self.assertEqual(lines[1], "bundle=FILE.tar  # this bundle: the file that you were given, or the folder that it was unpacked into")
        shutil.copy(self.bundle, self.dir / "FILE.tar")
        said = []
        for line in lines[2:]:  # pool: one machine predicts nothing, and says so
            done = subprocess.run(["sh", "-c", f"{lines[1]}\n{line}"], cwd=self.dir, capture_output=True, text=True, timeout=120,
                                  env=os.environ | {"PATH": f"{TARE.parent}:{os.environ['PATH']}"})
            self.assertIn(done.returncode, (0, 1), done.stderr)
            said.append((done.returncode, done.stdout))
        self.assertEqual([len(said), said[0][0], said[2][0]], [4, 0, 0])
        self.assertIn("1 reproduction counted, of 1 machine", said[3][1])
        self.assertIn("It was measured with the program ", text)
        self.assertNotIn("python", text.split("```")[1])

    def test_the_folder_goes_on_with_its_copy_where_the_file_has_changed(self):
        home = author(self.dir / "home")
        self.matrix(home, "out", "--invocations", "1")
        (home / "count.sh").write_text("#!/bin/sh\nexit 3\n")
        done = tare("matrix", "plan.yml", "--out", "out", "--invocations", "2", cwd=home)
        self.assertEqual(done.returncode, 2)
        self.assertIn("records of the program './count.sh' as it was", done.stderr)
        done = tare("matrix", "home/out", "--invocations", "2", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        records = [json.loads(path.read_text()) for path in (home / "out").glob("0*-script.json")]
        self.assertEqual([r["runtime"]["files"]["./count.sh"] for r in records],
                         2 * [hashlib.sha256(SCRIPT.encode()).hexdigest()])

    def test_two_words_for_one_file_are_one_copy(self):
        home = author(self.dir / "home", PLAN.replace("[./count.sh, \"30\"]", "[./data/../count.sh, \"3\"]").replace(
            "cells:\n", "cells:\n  - {id: other, command: [./count.sh, \"4\"]}\n"))
        self.matrix(home, "out")
        done = tare("pack", home / "out", "-o", self.dir / "two.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.verified(self.dir / "two.tar", 0)

    # --- not carried

    def test_what_cannot_be_copied_is_said_and_a_program_of_it_is_not_packed(self):
        home = author(self.dir / "home")
        (home / "my count.sh").write_text(SCRIPT)
        (home / ".hidden.sh").write_text(SCRIPT)
        shutil.copy("/bin/true", home / "big.sh")
        os.truncate(home / "big.sh", (64 << 20) + 1)
        for name, why in (("my count.sh", "a character other than letters"), (".hidden.sh", "it is hidden"), ("big.sh", "64 MiB")):
            with self.subTest(name):
                (home / name).chmod(0o755)
                (home / "plan.yml").write_text(PLAN.replace("./count.sh", f"'./{name}'").replace("[python3, ./fit.py, ./data/points.csv]", "[\"true\"]"))
                done = self.matrix(home, f"out-{name[:2]}".replace(".", "h"))
                self.assertRegex(done.stderr, f"it is not copied beside the records.*{why}")
                done = tare("pack", home / f"out-{name[:2]}".replace(".", "h"), "-o", self.dir / "none.tar")
                self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
                self.assertIn(f"cell 'script': its program './{name}' is in no copy", done.stderr)
                self.assertFalse((self.dir / "none.tar").exists())

    def test_an_installed_program_is_the_hosts_and_takes_trust(self):
        home = author(self.dir / "home", PLAN.replace("./count.sh", "/usr/bin/seq"))
        self.matrix(home, "out")
        done = tare("pack", home / "out", "-o", self.dir / "seq.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        said, _ = self.verified(self.dir / "seq.tar", 0)
        self.assertEqual(len(said["rerun"]["needs_trust"]), 1)
        done = self.reproduced(self.dir / "seq.tar", status=(2,))
        self.assertIn("not taken: plan.yml", done.stderr)
        self.reproduced(self.dir / "seq.tar", "--trust-plan", "--smoke")

    # --- hostile

    def changed(self, change):
        """The bundle's folder after change(its data folder), every digest made anew."""
        bag = self.bag()
        change(bag / "data")
        remake_crate(bag)
        remake_manifests(bag)
        return bag

    def lock(self, old, new):
        def change(data):
            path = data / "plan.lock"
            self.assertIn(old, path.read_text())
            path.write_text(path.read_text().replace(old, new))
        return change

    def test_a_program_that_is_not_the_one_of_the_records_is_found(self):
        def evil(data):
            (path,) = data.glob("programs/*/count.sh")
            path.write_text("#!/bin/sh\nexit 0\n")
        _, found = self.verified(self.changed(evil), 1)
        self.assertIn("it is not the file './count.sh' of plan.lock", found)

    def test_a_program_that_is_changed_with_its_lock_is_not_that_of_the_records(self):
        def evil(data):
            (path,) = data.glob("programs/*/count.sh")
            path.write_text("#!/bin/sh\nexit 0\n")
            old = hashlib.sha256(f"{hashlib.sha256(SCRIPT.encode()).hexdigest()}  count.sh\n".encode()).hexdigest()
            new = hashlib.sha256(f"{sha256(path)}  count.sh\n".encode()).hexdigest()
            path.parent.rename(path.parent.with_name(new[:12]))
            self.lock(old, new)(data)
            crate = data / "ro-crate-metadata.json"
            crate.write_text(crate.read_text().replace(old[:12], new[:12]))
        _, found = self.verified(self.changed(evil), 1)
        self.assertIn("it was made with another './count.sh' than the bundle carries", found)

    def test_no_line_of_plan_lock_leads_out_of_the_bundle(self):
        for new in ("../../x ./count.sh", "/etc/passwd ./count.sh", ".hidden ./count.sh", "count.sh count.sh", "a/b ./count.sh"):
            with self.subTest(new):
                shutil.rmtree(self.dir / "bag", ignore_errors=True)
                _, found = self.verified(self.changed(self.lock("count.sh ./count.sh", new)), 1)
                self.assertIn("is none that tare wrote", found)

    def test_more_beside_a_program_is_refused(self):
        def more(data):
            (path,) = data.glob("programs/*/count.sh")
            path.with_name("sitecustomize.py").write_text("")
        _, found = self.verified(self.changed(more), 1)
        self.assertIn("it is not the file './count.sh' of plan.lock", found)

    def test_a_scenario_of_the_same_word_is_no_program(self):
        """plan.lock carries './count.sh' as a scenario alone: the command of that word would be this host's."""
        def evil(data):
            text = (data / "plan.lock").read_text()
            line = next(l for l in text.splitlines() if l.endswith("count.sh ./count.sh"))
            (data / "plan.lock").write_text(text.replace(line, line.replace("program = ", "scenario = x ")))
        bag = self.changed(evil)
        done = tare("reproduce", bag, "--force", "--out", self.dir / "again", cwd=self.dir, env={"PATH": "/nonexistent"})
        self.assertIn(done.returncode, (1, 2), done.stdout + done.stderr)
        self.assertFalse((self.dir / "again").exists())

    def test_no_file_of_the_reviewers_is_copied_for_a_strangers_command(self):
        """What is copied is packed, and handed on: a plan that names a key of his would have it sent back."""
        secret = self.dir / "secret"
        home = author(self.dir / "home", PLAN.replace('[./count.sh, "30"]', f"[cat, {secret}]"))
        self.assertEqual(tare("matrix", "plan.yml", "--out", "out", cwd=home).returncode, 4)  # the author has none
        self.assertEqual(tare("pack", home / "out", "-o", self.dir / "theirs.tar").returncode, 0)
        secret.write_text("a private key\n")
        for options in ((), ("--trust-plan",)):
            shutil.rmtree(self.dir / "again", ignore_errors=True)
            self.reproduced(self.dir / "theirs.tar", "--smoke", *options)
            self.assertEqual(sorted(path.name for path in (self.dir / "again/programs").rglob("*") if path.is_file()),
                             ["fit.py", "points.csv"])

    @unittest.skipIf(not shutil.which("gnuplot"), "no gnuplot is called meanwhile")
    def test_a_folder_that_changes_after_it_was_verified_is_not_run(self):
        """What draws the figures again changes the folder, which may be another user's, once its files were held against the
        manifests."""
        for name in ("plan.yml", "programs/*/count.sh"):
            with self.subTest(name):
                shutil.rmtree(self.dir / "bag", ignore_errors=True)
                shutil.rmtree(self.dir / "bin", ignore_errors=True)
                bag = self.bag()
                (path,) = (bag / "data").glob(name)
                whole = path.read_text()
                (self.dir / "bin").mkdir()
                gnuplot = self.dir / "bin/gnuplot"
                gnuplot.write_text(f"#!/bin/sh\necho '# changed' >>{path}\nexec {shutil.which('gnuplot')} \"$@\"\n")
                gnuplot.chmod(0o755)
                for options, said in (((), f"{path.relative_to(bag)} changed meanwhile"),
                                      (("--force",), "changed after it was verified, and nothing of it was run")):
                    path.write_text(whole)
                    done = tare("reproduce", bag, *options, "--out", self.dir / "again", cwd=self.dir,
                                env={"PATH": f"{self.dir / 'bin'}:{os.environ['PATH']}"})
                    self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                    self.assertIn(said, done.said + done.stderr)
                    self.assertFalse((self.dir / "again").exists())

    def test_links_in_place_of_programs_are_refused_in_a_tar(self):
        path = self.dir / "link.tar"
        with tarfile.open(self.bundle) as source, tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as t:
            for member in source:
                if member.name.endswith("/count.sh"):
                    member.type, member.linkname, member.size = tarfile.SYMTYPE, "/bin/sh", 0
                    t.addfile(member)
                else:
                    t.addfile(member, source.extractfile(member))
        _, found = self.verified(path, 1)
        self.assertIn("a link", found)


if __name__ == "__main__":
    unittest.main()
