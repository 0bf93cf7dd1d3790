"""Plans and bundles of strangers: what reaches past the slice into this host is not taken of them, each setting is a line,
and nothing of theirs runs outside of confinement. Their scenarios are carried, and run from the copy."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import unittest
from unittest import mock

import bundles
import specimen
from bundles import BundleTest, TARE, TOP, remake_crate, remake_manifests, tare, unpack

PYTHONS = sorted(pathlib.Path(os.environ.get("TARE_CACHE") or pathlib.Path.home() / ".cache/tare").glob(
    "cpython/3.14.*-gil-*/bin/python3.14"))

OWN = """\
schema: tare.scenario/1
name: nothing-much
summary: a life cycle with nothing in it, of a program of one's own
modes: [threads, processes]
profiles: {{overhead: {{iterations: 20, warmup: 1, workers: 2{more}}}}}
knobs: [{{name: hold-ms, type: integer, min: 0, max: 1, default: 0, help: none}}]
commands: {{native: ["{{dir}}/bin/cycle"]}}
"""

PLAN = """\
schema: tare.plan/1
name: own
invocations: 5
seed: 3
defaults: {scenario: ./mine, runtime: native}
cells:
  - {id: a, mode: threads}
  - {id: b, mode: processes}
"""


def quickly(*words, cwd=None, env=None):
    """What waits for a FIFO's writer is ended, and fails."""
    child = subprocess.Popen([TARE, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
                             env=os.environ | (env or {}), start_new_session=True)
    try:
        out, err = child.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise AssertionError(f"{words} waits") from None
    return child.returncode, out, err


class Strangers(BundleTest):
    def setUp(self):
        super().setUp()
        self.trace = self.dir / "trace"
        self.program = self.dir / "x"
        self.program.write_text(f"#!/bin/sh\nid -u >{self.trace}\n")
        self.program.chmod(0o755)
        self.dir.chmod(0o777)

    def assert_one_line(self, done, line, status=2):
        code, out, err = done
        self.assertEqual(code, status, out + err)
        self.assertIn(line, err)
        self.assertEqual(len(err.splitlines()), 1, err)

    def hostile(self, plan=None, lock="", edit=None):
        """A bundle of the specimen's records whose plan and plan.lock say more: it is packed, and so it is whole."""
        with mock.patch.object(specimen, "PLAN", plan or specimen.PLAN):
            specimen.make(self.dir / "theirs", edit=edit)
        with open(self.dir / "theirs/plan.lock", "a") as f:
            f.write(lock)
        done = tare("pack", self.dir / "theirs", "-o", self.dir / "theirs.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.dir / "theirs.tar"

    def greedy(self):
        """Every setting that the host grants, in a plan's defaults, cells, products, and in plan.lock."""
        plan = specimen.PLAN.replace("  scenario: scenario1\n", f"  scenario: scenario1\n  cgroup-root: {self.dir}\n").replace(
            "{mode: threads, profile: overhead, iterations: 20}",
            f"{{id: {specimen.THREADS}, mode: threads, runtime: {self.program}, confine: off, network: host, partition: root}}"
        ).replace("{mode: threads, profile: memory, iterations: 2}",
                  f"{{id: {specimen.MEMORY}, mode: threads, profile: memory, rw: {self.dir}, user: 0, pids-max: 4000000}}")
        return self.hostile(plan, "option = env PYTHONWARNINGS=all:0:antigravity.x:0:0\n"
                                  f"option = env BROWSER=sh -c 'id -u >{self.trace}' %s\n")

    GREEDY = ("cgroup-root", "runtime", "confine: off", "network: host", "partition: root", "rw", "user: 0",
              "pids-max: 4000000", "plan.lock: env: PYTHONWARNINGS=", "plan.lock: env: BROWSER=")

    def test_what_a_bundle_says_of_this_host_is_not_taken_and_each_setting_is_a_line(self):
        bundle = self.greedy()
        said = self.verify(bundle, status=0, draw=False)
        self.assertFalse(self.trace.exists())
        for setting in self.GREEDY:
            self.assertEqual(sum(setting in note for note in said["rerun"]["needs_trust"]), 1, (setting, said["rerun"]["needs_trust"]))
        for options in ((), ("--smoke",), ("--force",), ("--in-vm",), ("--in-image",), ("--engine", "slurm")):
            with self.subTest(options):
                code, out, err = quickly("reproduce", bundle, *options, "--out", self.dir / "again")
                lines = err.splitlines()
                self.assertEqual(code, 2, out + err)
                for setting in self.GREEDY:
                    self.assertEqual(sum(setting in line and " not taken: " in line for line in lines), 1, (setting, err))
                self.assertEqual(len(lines), len(self.GREEDY) + 1, err)
                self.assertIn("nothing was run (--trust-plan", lines[-1])
                self.assertFalse((self.dir / "again").exists())
                self.assertFalse(self.trace.exists(), "something ran")

    def test_a_bundle_that_was_unpacked_is_still_a_bundles_plan(self):
        bag = unpack(self.greedy(), self.dir / "bag")
        for named in ("plan.yml", "."):
            for options in ((), ("--dry-run",), ("--engine", "slurm", "--dry-run")):
                with self.subTest((named, options)):
                    code, out, err = quickly("matrix", bag / "data" / named, *options, cwd=self.dir)
                    self.assertEqual(code, 2, out + err)
                    self.assertIn("it is a bundle's", err)
                    self.assertIn("not taken: ", err)
                    self.assertFalse(self.trace.exists(), "something ran")

    def test_a_runtime_that_is_trusted_is_still_asked_in_confinement(self):
        plan = specimen.PLAN.replace("{mode: threads, profile: overhead, iterations: 20}",
                                     f"{{id: {specimen.THREADS}, mode: threads, runtime: {self.program}}}")
        bundle = self.hostile(plan)
        for words in (("reproduce", bundle, "--trust-plan", "--out", self.dir / "again"),
                      ("matrix", self.dir / "theirs/plan.yml", "--dry-run", "--out", self.dir / "again")):
            code, out, err = quickly(*words, cwd=self.dir)
            self.assertEqual(code, 2, out + err)
            self.assertIn("it does not answer in confinement as a Python interpreter", err)
            self.assertFalse(self.trace.exists(), "it ran outside of confinement")

    @unittest.skipUnless(PYTHONS, "there is no interpreter (make python)")
    def test_what_is_taken_by_trust_is_said_and_taken(self):
        plan = specimen.PLAN.replace("  scenario: scenario1\n", f"  scenario: scenario1\n  confine: off\n  runtime: {PYTHONS[-1:][0] if PYTHONS else ''}\n")
        plan = plan.replace("iterations: 20", "iterations: 2")
        for cell, start in (("mode: threads, profile: overhead", specimen.THREADS), ("mode: processes, mp-start: fork", specimen.FORK),
                            ("mode: threads, profile: memory", specimen.MEMORY)):
            plan = plan.replace("{" + cell, f"{{id: {start}, {cell}")
        bundle = self.hostile(plan, "option = env PYTHONWARNINGS=all:0:antigravity.x:0:0\n"
                                    f"option = env BROWSER=sh -c 'id -u >{self.trace}' %s\n")
        self.verify(bundle, status=0, draw=False)
        done = tare("reproduce", bundle, "--smoke", "--out", self.dir / "again")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertFalse(self.trace.exists(), "something ran")
        done = tare("reproduce", bundle, "--smoke", "--trust-plan", "--out", self.dir / "again")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        for setting in ("confine: off", "runtime: /", "env: PYTHONWARNINGS=", "env: BROWSER="):
            self.assertEqual(sum(f" taken: " in line and setting in line for line in done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(self.trace.exists(), "what was trusted is done")

    def test_a_plan_that_others_may_write_or_that_another_owns_is_no_own(self):
        plan = self.dir / "theirs.yml"
        plan.write_text(specimen.PLAN.replace("  scenario: scenario1\n", "  scenario: scenario1\n  confine: off\n"))
        plan.chmod(0o644)
        self.assertEqual(quickly("matrix", plan, "--runtime", "native", "--dry-run")[0], 0)
        strange = [lambda: plan.chmod(0o666), lambda: plan.chmod(0o664)]
        if os.geteuid() == 0:
            strange.append(lambda: (plan.chmod(0o644), os.chown(plan, 12345, 12345)))
        for make_strange in strange:
            make_strange()
            code, out, err = quickly("matrix", plan, "--runtime", "native", "--dry-run")
            self.assertEqual(code, 2, out + err)
            self.assertRegex(err, r"not taken: .*theirs.yml:6:12: confine: off: ")
            self.assertEqual(len(err.splitlines()), 2, err)
            code, out, err = quickly("matrix", plan, "--runtime", "native", "--dry-run", "--trust-plan")
            self.assertEqual(code, 0, err)
            self.assertRegex(err, r"\btaken: .*theirs.yml:6:12: confine: off: ")
        plan.write_text(plan.read_text().replace("  confine: off\n", "  confine: full\n  isolation: auto\n"))
        self.assertEqual(quickly("matrix", plan, "--runtime", "native", "--confine", "light", "--dry-run")[0], 0,
                         "what is harmless is anybody's to say, and the command line is the user's own")

    def test_a_folder_that_others_may_write_is_no_own(self):
        folder = self.dir / "folder"
        specimen.make(folder)
        with open(folder / "plan.lock", "a") as f:
            f.write("option = confine off\n")
        for name, mode in (("plan.lock", 0o666), ("plan.yml", 0o666), (".", 0o777)):
            before = (folder / name).stat().st_mode & 0o7777
            (folder / name).chmod(mode)
            code, out, err = quickly("matrix", folder, "--invocations", "6", "--dry-run")
            self.assertEqual(code, 2, out + err)
            self.assertRegex(err, r"not taken: .*/plan.lock: confine: off")
            (folder / name).chmod(before)

    @unittest.skipUnless(os.geteuid() == 0, "only root gives a file to another user")
    def test_a_folder_of_another_users_is_no_own_and_what_it_says_of_this_host_runs_nothing(self):
        # As uid 12345 would hand it to root: the folder, the plan or the lock is theirs.
        folder = self.dir / "folder"
        specimen.make(folder)
        with open(folder / "plan.lock", "a") as f:
            f.write(f"option = confine off\noption = env BROWSER=sh -c 'id -u >{self.trace}' %s\noption = rw {self.dir}\n")
        for name in (".", "plan.yml", "plan.lock"):
            os.chown(folder / name, 12345, 12345)
            for options in (("--invocations", "6"), ("--invocations", "6", "--dry-run"), ("--invocations", "6", "--engine", "slurm", "--dry-run")):
                with self.subTest((name, options)):
                    before = {path.name for path in folder.iterdir()}
                    code, out, err = quickly("matrix", folder, *options)
                    self.assertEqual(code, 2, out + err)
                    for setting in ("confine: off", "env: BROWSER=", "rw: "):
                        self.assertEqual(sum(f"plan.lock: {setting}" in line and " not taken: " in line for line in err.splitlines()), 1, err)
                    self.assertFalse(self.trace.exists(), "something ran")
                    self.assertEqual({path.name for path in folder.iterdir()}, before)
            os.chown(folder / name, 0, 0)

    def make_commands(self, *commands):
        """The bundle of a plan whose cells are these commands."""
        (self.dir / "plan.yml").write_text("schema: tare.plan/1\nname: any\ninvocations: 2\ncells:\n" + "".join(
            f"  - {{id: c{i}, command: {json.dumps(list(map(str, words)))}}}\n" for i, words in enumerate(commands)))
        done = tare("matrix", self.dir / "plan.yml", "--out", self.dir / "mine", "--trust-plan", cwd=self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = tare("pack", self.dir / "mine", "-o", self.dir / "any.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.verify(self.dir / "any.tar", status=0, draw=False)
        return self.dir / "any.tar"

    def test_a_strangers_command_that_names_a_program_of_this_host_is_not_run(self):
        (program := self.dir / "harmless").write_text("#!/bin/sh\n")
        program.chmod(0o755)
        bundle = self.make_commands([program], ["true", "a/b"])
        program.write_text(self.program.read_text())
        bag = unpack(bundle, self.dir / "bag")  # as if nothing were carried
        shutil.rmtree(bag / "data/programs")
        lock = (bag / "data/plan.lock").read_text().splitlines(keepends=True)
        (bag / "data/plan.lock").write_text("".join(line for line in lock if not line.startswith("program = ")))
        crate = json.loads((bag / "data/ro-crate-metadata.json").read_text())
        crate["@graph"] = [e for e in crate["@graph"] if not e["@id"].startswith("programs/")]
        for entity in crate["@graph"]:
            if "hasPart" in entity:
                entity["hasPart"] = [part for part in entity["hasPart"] if not part["@id"].startswith("programs/")]
        (bag / "data/ro-crate-metadata.json").write_text(json.dumps(crate))
        remake_crate(bag)
        remake_manifests(bag)
        code, out, err = quickly("reproduce", bag, "--out", self.dir / "again")
        self.assertEqual(code, 2, out + err)
        self.assertRegex(err, r"\Atare: reproduce: not taken: plan.yml:5:\d+: command: [^\n]*/harmless: it names a program of this host\n"
                              r"[^\n]*nothing was run[^\n]*\n\Z")
        self.assertFalse(self.trace.exists(), "something ran")

    def test_a_strangers_command_from_path_is_confined_and_does_not_start_in_the_callers_folder(self):
        bundle = self.make_commands(["sh", "-c", f"! echo x >{self.trace}"])
        code, out, err = quickly("reproduce", bundle, "--out", self.dir / "again", cwd=self.dir)
        self.assertEqual(code, 0, out + err)
        self.assertFalse(self.trace.exists())
        records = [json.loads(path.read_text()) for path in (self.dir / "again").glob("0*.json")]
        self.assertEqual([(r["scenario"]["cwd"], r["confinement"]["level"], r["termination"]["reason"]) for r in records],
                         [("/", "full", "ok")] * 2)

    @unittest.skipUnless(os.geteuid() == 0, "only root gives a file to another user")
    def test_a_folder_of_another_users_that_asks_nothing_of_this_host_goes_on_confined(self):
        folder = self.dir / "folder"
        plan = self.dir / "plan.yml"
        plan.write_text(PLAN.replace("./mine", "scenario0").replace("invocations: 5", "invocations: 1"))
        self.assertEqual(tare("matrix", plan, "--out", folder, "--iterations", "2").returncode, 0)
        for path in (folder, *folder.iterdir()):
            os.chown(path, 12345, 12345)
        code, out, err = quickly("matrix", folder, "--invocations", "2")
        self.assertEqual(code, 0, out + err)
        self.assertNotIn("taken", err)
        new = [json.loads(path.read_text()) for path in folder.glob("0*.json") if path.stat().st_uid == 0]
        self.assertEqual([record["confinement"]["level"] for record in new], ["full", "full"])

    def test_an_option_that_no_plan_has_is_none_of_plan_lock(self):
        folder = self.dir / "folder"
        specimen.make(folder)
        with open(folder / "plan.lock", "a") as f:
            f.write("option = profile-file /etc/passwd\n")
        self.assert_one_line(quickly("matrix", folder), "'--profile-file' is no option of 'tare matrix'")

    def test_an_engine_is_given_no_image_but_one_that_is_named_by_its_digest(self):
        for digest in ("oci:/etc", "--privileged", "debian", "-v/:/@sha256:" + 64 * "0", "evil\nsha256:" + 64 * "0"):
            with self.subTest(digest):
                def edit(made):
                    for one in made.values():
                        one["image"] = {"digest": digest, "reference": digest}
                shutil.rmtree(self.dir / "theirs", ignore_errors=True)
                bundle = self.hostile(edit=edit)
                code, out, err = quickly("reproduce", bundle, "--in-image", "--out", self.dir / "again",
                                         env={"PATH": "/nonexistent"})
                self.assertEqual(code, 2, out + err)
                self.assertIn("names no image by its digest", err)

    # --- what waits or is no file

    def test_fifos_and_devices_are_not_opened(self):
        fifo, device = self.dir / "fifo.yml", self.dir / "zero.yml"
        os.mkfifo(fifo)
        device.symlink_to("/dev/zero")
        folder = self.dir / "folder"
        specimen.make(folder)
        for bad in (fifo, device):
            with self.subTest(bad.name):
                self.assert_one_line(quickly("matrix", bad), "what is allowed is a file of at most 1 MiB")
                self.assert_one_line(quickly("run", bad), "is no file")
                self.assert_one_line(quickly("run", "scenario1", "--profile-file", bad), "what is allowed is a file of at most 1 MiB")
                self.assert_one_line(quickly("pack", folder, "--claims", bad, "-o", self.dir / "x.tar"), "is not a regular file")
                self.assert_one_line(quickly("verify", bad), "what is allowed is a tar, a tar.zst or a folder")
                self.assert_one_line(quickly("verify", self.packed, "--key", bad), "is not a regular file")
        for name in ("plan.yml", "plan.lock"):
            with self.subTest(name):
                kept = (folder / name).read_bytes()
                (folder / name).unlink()
                os.mkfifo(folder / name)
                self.assert_one_line(quickly("matrix", folder), "is not a regular file")
                (folder / name).unlink()
                (folder / name).write_bytes(kept)

    def test_a_plan_names_no_fifo_that_is_waited_for(self):
        fifo = self.dir / "scenario.yml"
        os.mkfifo(fifo)
        plan = self.dir / "plan.yml"
        plan.write_text(PLAN.replace("./mine", str(fifo)))
        self.assert_one_line(quickly("matrix", plan, "--dry-run"), "is no file")

    # --- scenarios of one's own

    def make_own(self, where, more=""):
        """A folder with a scenario and a plan of it, run and packed there."""
        folder = where / "mine"
        (folder / "bin").mkdir(parents=True)
        (folder / "scenario.yml").write_text(OWN.format(more=more))
        shutil.copy(TOP / "build/workloads/scenario0/scenario0", folder / "bin/native")
        # Another user's workload has to read what lies beside its program, too.
        (folder / "bin/cycle").write_text('#!/bin/sh\nread -r program <"${0%/*}/../program" && exec "${0%/*}/$program" "$@"\n')
        (folder / "bin/cycle").chmod(0o755)
        (folder / "program").write_text("native\n")
        (folder / ".hidden").write_text("of nobody's business\n")
        (where / "plan.yml").write_text(PLAN)

    def run_own(self, where):
        done = tare("matrix", "plan.yml", "--out", "out", cwd=where)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = tare("pack", "out", "-o", self.dir / "own.tar", cwd=where)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.dir / "own.tar"

    def test_a_scenario_of_ones_own_is_carried_verified_anywhere_and_run_from_the_copy(self):
        self.make_own(self.dir / "there")
        bundle = self.run_own(self.dir / "there")
        with tarfile.open(bundle) as t:
            names = [n.partition("/data/")[2] for n in t.getnames() if "/scenarios/" in n]
        self.assertEqual(sorted(n.split("/", 2)[2] for n in names), ["bin/cycle", "bin/native", "program", "scenario.yml"])
        shutil.rmtree(self.dir / "there")
        self.verify(bundle, status=0, draw=False)
        done = tare("reproduce", bundle, "--smoke", "--out", self.dir / "again", cwd="/")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("taken", done.stderr)
        record = json.loads((self.dir / "again/0001-a.json").read_text())
        self.assertEqual(record["confinement"]["level"], "full")
        self.assertEqual(record["scenario"]["folder_sha256"][:12], names[0].split("/")[1].rpartition("-")[2])
        self.assertFalse(pathlib.Path(record["scenario"]["file"]).exists(), "it was run from what was unpacked")

        # What came of it is a bundle in turn, and its folder goes on anywhere.
        self.assertEqual(tare("pack", self.dir / "again", "-o", self.dir / "again.tar", cwd="/").returncode, 0)
        self.verify(self.dir / "again.tar", status=0, draw=False)
        (self.dir / "again/0002-a.json").unlink()
        done = tare("matrix", self.dir / "again", cwd="/")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.dir / "again/0002-a.json").exists())

    def test_a_scenario_that_changed_is_another(self):
        there = self.dir / "there"
        self.make_own(there)
        self.run_own(there)
        (there / "mine/note").write_text("new\n")
        self.assert_one_line(quickly("matrix", "plan.yml", "--out", "out", cwd=there), "and it has changed since")

    def test_a_folder_that_cannot_be_carried_is_refused_by_the_file(self):
        there = self.dir / "there"
        self.make_own(there)
        cases = (("link", lambda p: p.symlink_to("/etc/passwd"), "is a link"), ("fifo", os.mkfifo, "is not a regular file"),
                 ("a b", lambda p: p.write_text(""), "has a character other than"),
                 ("BIN", lambda p: p.mkdir() or (p / "cycle").write_text(""), "letter case alone"))
        for name, make, fault in cases:
            with self.subTest(name):
                bad = there / "mine" / name
                make(bad)
                self.assert_one_line(quickly("matrix", "plan.yml", "--out", "out", cwd=there), fault)
                self.assertFalse((there / "out").exists())
                shutil.rmtree(bad) if bad.is_dir() else bad.unlink()

    def test_a_carried_scenario_that_was_changed_breaks_the_bundle(self):
        self.make_own(self.dir / "there")
        bundle = self.run_own(self.dir / "there")

        def add_cache(copy):
            (copy / "__pycache__").mkdir()
            (copy / "__pycache__/cycle.cpython-314.pyc").write_bytes(b"x")

        def link_out(copy):
            shutil.move(copy, self.dir / "outside")
            copy.symlink_to(self.dir / "outside")

        for change, fault in ((lambda copy: (copy / "bin/cycle").write_bytes(b"#!/bin/sh\n"), "it is not the scenario"),
                              (add_cache, "is in no copy of a scenario"), (lambda copy: shutil.rmtree(copy), "is not there"),
                              (link_out, "a link")):
            with self.subTest(fault):
                shutil.rmtree(self.dir / "bag", ignore_errors=True)
                bag = unpack(bundle, self.dir / "bag")
                (copy,) = (bag / "data/scenarios").iterdir()
                change(copy)
                remake_crate_of_what_is_there(bag)
                remake_manifests(bag)
                said = self.verify(bag, status=1, draw=False)
                self.assertTrue(any(fault in json.dumps(f) for f in self.findings(said)), self.findings(said))
                code, out, err = quickly("matrix", bag / "data/plan.yml", "--dry-run", "--out", self.dir / "again")
                self.assertEqual(code, 2, out + err)

    def test_a_bundle_without_its_scenario_is_not_looked_for_on_the_verifiers_host(self):
        there = self.dir / "there"
        self.make_own(there)
        bag = unpack(self.run_own(there), self.dir / "bag")
        shutil.rmtree(bag / "data/scenarios")
        lock = bag / "data/plan.lock"
        lock.write_text("".join(line for line in lock.read_text().splitlines(True) if not line.startswith("scenario")))
        remake_crate_of_what_is_there(bag)
        remake_manifests(bag)
        for where in (there, self.dir):  # in the author's folder, and elsewhere
            done = subprocess.run([TARE, "verify", "--json", bag], cwd=where, capture_output=True, text=True,
                                  env={"PATH": "/nonexistent"})
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("'./mine' is not carried here, and nothing else is looked at", done.stdout)

    def test_a_carried_scenarios_own_limits_are_the_hosts_to_grant(self):
        self.make_own(self.dir / "there", more=", pids-max: 4000000")
        bundle = self.run_own(self.dir / "there")
        code, out, err = quickly("reproduce", bundle, "--smoke", "--out", self.dir / "again")
        self.assertEqual(code, 2, out + err)
        self.assertRegex(err, r"not taken: scenarios/nothing-much-[0-9a-f]{12}/scenario.yml: pids-max: 4000000: ")
        self.assertFalse((self.dir / "again").exists())


def remake_crate_of_what_is_there(bag):
    """Without the files that are gone."""
    path = bag / "data/ro-crate-metadata.json"
    crate = json.loads(path.read_text())
    crate["@graph"] = [e for e in crate["@graph"] if e["@type"] != "File" or (bag / "data" / e["@id"]).is_file()]
    path.write_text(json.dumps(crate, indent=1, sort_keys=True) + "\n")
    remake_crate(bag)


if __name__ == "__main__":
    unittest.main()
