"""Where records are written is out of reach: of what is weighed, and of whoever else may write to the folder."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

import rig
from rig import LiveTest, for_each, setUpModule  # noqa: F401

NOBODY = 65534
REMEDY = "(write the output elsewhere, or name a narrower --rw)"
PLAN = "schema: tare.plan/1\nname: tiny\ninvocations: 1\ncells:\n  - {scenario: scenario1, runtime: native, mode: threads, workers: 1, iterations: 2, warmup: 0}\n"


class Outputs(LiveTest):
    def setUp(self) -> None:
        super().setUp()
        self.secret = self.dir / "secret"
        self.secret.write_text("root's own")
        self.open = self.dir / "open"  # a folder that others may write to as well
        self.open.mkdir()
        for folder, mode in ((rig.WORK, 0o711), (self.dir, 0o711), (self.open, 0o777)):
            folder.chmod(mode)
        self.addCleanup(rig.WORK.chmod, 0o755)  # as rig.py has it

    def as_nobody(self, script: str) -> None:
        done = subprocess.run(["/bin/sh", "-ec", script], cwd=self.open, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def begin(self, *words: object) -> rig.Running:
        line = [rig.TARE, *words]
        running = rig.Running([str(word) for word in line], rig.environment(), self.json, self.open)
        self.addCleanup(running.abandon)
        return running

    def assert_secret(self) -> None:
        self.assertEqual(self.secret.read_text(), "root's own")
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), sorted(["open", "secret", *self.extra]))

    extra: tuple = ()

    def assert_refused(self, done: rig.Done, *words: str) -> None:
        self.assertEqual(done.status, 2, done)
        self.assertEqual(len(done.err.splitlines()), 1, done)
        for word in (*words, REMEDY):
            self.assertIn(word, done.err)

    # --- what is weighed

    def test_a_workload_is_not_given_the_folder_of_its_record(self):
        """Seen: as user 65534 it put a link in the place of r.json, and root wrote the record through it."""
        attack = ["sh", "-c", f"ln -s {self.secret} r.json"]
        done = self.begin("exec", "--user", NOBODY, "--rw", self.open, "--json", "r.json", "--", *attack).end()
        self.assert_refused(done, f"--rw '{self.open}'", "'r.json'")
        self.assert_secret()
        self.assertEqual(list(self.open.iterdir()), [])

    def test_a_record_replaces_nothing_of_what_is_weighed(self):
        scenario = self.open / "own"
        shutil.copytree(Path(rig.TARE).parent / "workloads/scenario1", scenario)
        program, function, limits = self.open / "program", self.open / "work.py", self.open / "limits"
        imported, data = self.open / "beside.py", self.open / "table.txt"
        limits.write_text("group x { pids { pids.max = 100; } }\n")
        shutil.copy("/bin/true", program)
        function.write_text("import beside\ndef work():\n    beside.read()\n")
        imported.write_text("def read():\n    open('table.txt').close()\n")
        data.write_text("1\n")
        for words, victim in (
            (["run", "./own", "--runtime", "native", "--json"], scenario / "scenario.yml"),
            (["run", "./own", "--runtime", "native", "--json"], scenario / "scenario1"),
            (["exec", "--json"], program),
            (["exec", "--profile-file", "limits", "--json"], limits),
            (["scale", "./own", "--json"], scenario / "scenario1.py"),
            *((["scale", named, "--json"], file) for named in ("work.py:work", "work:work") for file in (function, imported, data)),
        ):
            before = victim.read_bytes()
            path = victim.relative_to(self.open) if words[0] != "scale" else self.open / "own/.." / victim.relative_to(self.open)
            done = self.begin(*words, path, *(["--", "./program"] if words[0] == "exec" else [])).end()
            self.assertEqual((done.status, done.out), (2, ""), done)
            self.assertRegex(done.err, rf"^tare: {words[0]}: --json '[^\n]*' would replace '[^\n]*', which is read \(name another file\)\n$")
            self.assertEqual(victim.read_bytes(), before)

    def mount(self, script: str, *words: object) -> rig.Done:
        """tare in a mount namespace of its own, after some mounts."""
        line = ["unshare", "-m", "sh", "-ec", f'{script}; exec "$@"', "sh", rig.TARE, *words]
        running = rig.Running([str(word) for word in line], rig.environment(), self.json, self.open)
        self.addCleanup(running.abandon)
        return running.end()

    @for_each(
        {
            "the_folder_itself": ("mount --bind open bound", "bound", "open"),
            "a_folder_in_it": ("mount --bind open bound", "bound", "open/deeper"),
            "what_is_above_it": ("mount --bind open/deeper bound", "open", "bound"),
            "what_is_mounted_in_it": ("mount --bind open bound/in", "bound", "open"),
            "by_a_link": ("ln -s open link", "link", "open"),
        }
    )
    def a_mount_hides_nothing(self, script, writable, output):
        for name in ("open/deeper", "bound/in"):
            (self.dir / name).mkdir(parents=True)
        words = ["--rw", self.dir / writable, "--out", self.dir / output, "--", "true"]
        done = self.mount(f"cd {self.dir}; {script}", "exec", *words)
        self.assert_refused(done, f"--rw '{self.dir / writable}'")

    def test_a_narrower_folder_beside_the_record_is_given(self):
        (self.open / "own").mkdir()
        (self.open / "own").chmod(0o777)
        options = ["--user", NOBODY, "--rw", self.open / "own", "--json", "r.json"]
        done = self.begin("exec", *options, "--", "sh", "-c", f"echo done > {self.open}/own/result").end()
        self.assertEqual(done.status, 0, done)
        self.assertEqual((self.open / "own" / "result").read_text(), "done\n")
        self.assertTrue((self.open / "r.json").is_file())

    def test_a_plan_whose_cells_may_write_to_its_folder_is_refused_and_leaves_nothing(self):
        (self.open / "plan.yml").write_text(PLAN)
        for dry in ([], ["--dry-run"]):
            done = self.begin("matrix", "plan.yml", "--out", "made/out", "--rw", self.open, *dry).end()
            self.assert_refused(done, f"--rw '{self.open}'", "'made/out'")
            self.assertEqual([p.name for p in self.open.iterdir()], ["plan.yml"])

    # --- whoever else may write to the folder, while it runs

    def swap(self, words: list, script: str) -> rig.Done:
        running = self.begin("exec", *words, "--", "sh", "-c", "sleep 4")
        self.assertTrue(rig.wait_for(lambda: rig.pids_with(b"LC_ALL=C.UTF-8") and self.sleeps(running.pid)))
        self.as_nobody(script)
        return running.end()

    def sleeps(self, pid: int) -> bool:
        return any(
            rig.descends_from(int(p), pid) and "sleep" in rig.read(f"/proc/{p}/comm")
            for p in os.listdir("/proc")
            if p.isdigit() and Path(f"/proc/{p}/comm").exists()
        )

    def test_a_link_in_the_place_of_the_record_is_not_followed(self):
        done = self.swap(["--json", "r.json"], f"ln -s {self.secret} r.json")
        self.assertEqual(done.status, 0, done)
        self.assert_secret()
        self.assertFalse((self.open / "r.json").is_symlink())
        self.assertIn("tare.record/", (self.open / "r.json").read_text())

    def test_a_link_in_the_place_of_the_folder_leads_nowhere(self):
        self.extra = ("private",)
        (self.dir / "private").mkdir(0o700)
        script = f"if [ -d out ]; then mv out kept; fi; ln -s {self.dir}/private out"
        done = self.swap(["--out", "out"], script)
        self.assertEqual(done.status, 0, done)
        self.assert_secret()
        self.assertEqual(list((self.dir / "private").iterdir()), [])
        self.assertEqual(len(list((self.open / "kept").glob("*.json"))), 1)

    def test_root_does_not_go_through_another_users_link(self):
        self.extra = ("private",)
        (self.dir / "private").mkdir(0o700)
        self.as_nobody(f"ln -s {self.dir}/private out; ln -s {self.secret} r.json")
        for words in (["--out", "out"], ["--json", "r.json"], ["--json", "out/r.json"]):
            done = self.begin("exec", *words, "--", "true").end()
            self.assertEqual(done.status, 2, done)
            self.assertIn(f"contains a link of user {NOBODY}", done.err)
            self.assertIn("(name the target itself)", done.err)
        self.assert_secret()
        self.assertEqual(list((self.dir / "private").iterdir()), [])

    @for_each({"soft": ("ln -s",), "hard": ("ln",)})
    def a_lock_that_leads_elsewhere_is_not_written_to(self, link):
        self.extra = ("plan.yml",)
        (self.dir / "plan.yml").write_text(PLAN)
        self.secret.chmod(0o666)  # so that fs.protected_hardlinks lets nobody link to it
        self.as_nobody(f"mkdir out; {link} {self.secret} out/.lock; chmod 777 out")
        done = self.begin("matrix", self.dir / "plan.yml", "--out", "out").end()
        self.assertEqual(done.status, 2, done)
        self.assertIn("/.lock' is a link, or no file of this name alone", done.err)
        self.assert_secret()

    # --- the disk is full

    def test_a_record_for_which_there_is_no_room_is_one_line_and_leaves_nothing(self):
        # dd fills the file system until it fails, which is what it is for.
        mounts = f"mount -t tmpfs -o size=16k none {self.open}; cd {self.open}; dd if=/dev/zero of=full bs=1k 2>/dev/null || true"
        done = self.mount(f"{mounts}; trap 'ls -A > {self.dir}/left' EXIT; set +e; run() {{ \"$@\"; }}; run {rig.TARE} exec --json r.json -- true; exit $?", "--version")
        self.assertIn(done.status, (2, 5), done)
        self.assertIn("No space left on device", done.err)
        self.assertEqual((self.dir / "left").read_text().split(), ["full"])

    def test_a_limit_on_file_sizes_is_one_line_and_ends_nothing(self):
        """A record is larger than a block of 512 bytes; the signal would end tare (setrlimit(2), RLIMIT_FSIZE)."""
        line = ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", rig.TARE, "exec", "--json", "r.json", "--", "true"]
        running = rig.Running(line, rig.environment(), self.json, self.open)
        self.addCleanup(running.abandon)
        done = running.end()
        self.assertEqual(done.status, 5, done)
        self.assertRegex(done.err, r"tare: exec: .*'r.json'.*File too large\n")
        self.assertEqual(list(self.open.iterdir()), [])


class Full(LiveTest):
    """Whatever writes: no room, or none within a quota, is one line that says so, and nothing of it is left."""

    WRITERS = {
        "a_record": ("exec", "--quiet", "--json", "place/r.json", "--", "true"),
        "a_record_in_a_folder": ("exec", "--quiet", "--out", "place", "--", "true"),
        "a_scenarios_record": ("run", "scenario1", *rig.NATIVE, "--json", "place/r.json"),
        "a_plans_folder": ("matrix", "plan.yml", "--out", "place/out"),
        "a_page": ("report", "--output", "place/page.html", "records"),
        "a_table": ("report", "--format", "csv", "--output", "place/table.csv", "records"),
        "what_a_paper_takes_in": ("report", "--paper", "place/paper", "records"),
        "what_is_drawn_for_a_page": ("report", "--output", "page.html", "records"),
    }

    def setUp(self) -> None:
        super().setUp()
        (self.dir / "place").mkdir()
        (self.dir / "plan.yml").write_text(PLAN)

    def begin(self, words, script: str = "", env=(), prefix=()) -> rig.Done:
        if "records" in words:
            subprocess.run([rig.TARE, "exec", "--quiet", "--out", self.dir / "records", "--", "true"], check=True, env=rig.environment())
        line = [*prefix, "unshare", "-m", "sh", "-ec", f'{script} exec "$@"', "sh", rig.TARE, *words]
        running = rig.Running([str(word) for word in line], rig.environment() | dict(env), self.json, self.dir)
        self.addCleanup(running.abandon)
        return running.end()

    def assert_one_line(self, done: rig.Done, words, why: str) -> None:
        self.assertEqual((done.status, done.out), (5, ""), done)
        self.assertRegex(done.err, rf"\Atare: {words[0]}: [^\n]*((cannot|could not) write '[^\n']+'|'[^\n']+': writing the record): {why}\n\Z")
        self.assertEqual([str(p) for p in self.dir.rglob("*") if ".tare-" in p.name], [])
        self.assertEqual(list((self.dir / "place").rglob("*")), [])

    @for_each({f"{name}_where_syncing_says_{error}": (words, error, why) for name, words in WRITERS.items() for error, why in (("ENOSPC", "No space left on device"), ("EDQUOT", "Disk quota exceeded"))})
    @unittest.skipUnless(shutil.which("strace"), "no strace: scripts/setup test")
    def ends_well(self, words, error, why):
        """Where blocks are given out late, as NFS does, no write fails and fsync(2) tells."""
        traced = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync", "-e", f"inject=fsync:error={error}"]
        self.assert_one_line(self.begin(words, prefix=traced), words, why)

    @for_each({f"{name}_with_{free}_bytes_free": (words, free) for name, words in WRITERS.items() for free in (0, 4096, 24576) if free == 0 or name.startswith("what_")})
    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("gnuplot"), "mounting a small file system takes root, drawing gnuplot")
    def on_a_full_disk_ends(self, words, free):
        """A tmpfs that dd has filled, $TMPDIR in it; the page's drawings need some 30 KiB."""
        # dd fills the file system until it fails, which is what it is for; what is asserted is how tare ends there.
        fill = f"mount -t tmpfs -o size=1m,mode=1777 none place; dd if=/dev/zero of=place/full bs=1k 2>/dev/null || true; truncate -s -{free} place/full; trap 'ls -A place >left' EXIT;"
        done = self.begin(words, f"{fill} set +e; run() {{ \"$@\"; exit $?; }}; run \"$@\";", {"TMPDIR": str(self.dir / "place")}.items())
        why = "No space left on device"
        if done.status == 3:  # what is weighed gets a folder first
            self.assertRegex(done.err, rf"\Atare: {words[0]}: [^\n]*{why}[^\n]*\n\Z")
        else:
            self.assert_one_line(done, words, why)
        self.assertEqual((self.dir / "left").read_text().split(), ["full"])
