"""The host's settings: tuned, killed in the middle, put back to the byte. Only in the VM, but for a captured machine's: nobody's host is touched."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import rig
from rig import LiveTest, setUpModule, vm_only  # noqa: F401

FILES = """
    /proc/sys/vm/swappiness /proc/sys/vm/stat_interval /proc/sys/kernel/watchdog /proc/sys/kernel/nmi_watchdog
    /proc/sys/kernel/soft_watchdog /proc/sys/kernel/randomize_va_space /proc/sys/kernel/numa_balancing
    /sys/kernel/mm/transparent_hugepage/enabled /sys/kernel/mm/ksm/run /proc/irq/default_smp_affinity
    /sys/devices/system/cpu/smt/control
""".split()
JOURNAL = rig.STATE / "tune.journal"
EVERYTHING = "irq,thp,ksm,numa_balancing,swappiness,stat_interval,nmi_watchdog,watchdog,aslr"


def settings() -> dict[str, bytes]:
    paths = [*map(Path, FILES), *Path("/proc/irq").glob("*/smp_affinity_list")]
    return {str(p): p.read_bytes() for p in sorted(paths) if p.exists()}


def tare(*words: object, **env: str) -> subprocess.CompletedProcess:
    command = [rig.TARE, *map(str, words)]
    return subprocess.run(command, env=rig.environment(**env), capture_output=True, text=True, timeout=rig.PATIENCE_S)


class ACapturedMachine(LiveTest):
    """A tree of files in the place of the host: nothing of the host is written, and this runs anywhere."""

    KSM, SWAPPINESS, THP = "sys/kernel/mm/ksm/run", "proc/sys/vm/swappiness", "sys/kernel/mm/transparent_hugepage/enabled"
    BEFORE = {KSM: "1", SWAPPINESS: "60", THP: "[always] madvise never", "proc/sys/kernel/random/boot_id": "x-1",
              "sys/devices/system/cpu/online": "0-1"}

    def setUp(self):
        super().setUp()
        self.tree = rig.WORK / "machine"
        for name, content in self.BEFORE.items():
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / name).write_text(content + "\n")
        self.addCleanup(JOURNAL.unlink, missing_ok=True)
        self.addCleanup(shutil.rmtree, self.tree)

    def content(self) -> dict[str, str]:
        return {name: (self.tree / name).read_text().strip() for name in self.BEFORE}

    def tune(self, command: str, *words: str) -> subprocess.CompletedProcess:
        return tare(command, "--sysroot", self.tree, *words)

    def test_is_tuned_once_and_put_back(self):
        only = ("--only", "swappiness,ksm")
        done = self.tune("tune", *only)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("tare tune: 2 changed", done.stdout)
        self.assertEqual(self.content(), self.BEFORE | {self.KSM: "0", self.SWAPPINESS: "0"})
        self.assertIn("tare tune: 2 already so", self.tune("tune", *only).stdout)
        done = self.tune("restore")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(self.content(), self.BEFORE)

    def test_of_which_nothing_can_be_set_is_exit_3_and_a_line(self):
        outside = rig.WORK / "outside"
        outside.write_text("1\n")
        self.addCleanup(outside.unlink)
        (self.tree / self.KSM).unlink()
        (self.tree / self.KSM).symlink_to(outside)
        done = self.tune("tune", "--only", "ksm")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("not here      ksm", done.stdout)
        self.assertEqual(done.stderr, "tare: tune: nothing could be set: each setting above says why\n")
        self.assertEqual(outside.read_text(), "1\n")

    def test_is_examined_by_the_doctor_and_only_it(self):
        done = self.tune("doctor", "--json")
        self.assertEqual(done.returncode, 3, "it has no cgroups")
        checks = {check["id"]: check for check in json.loads(done.stdout)["checks"]}
        self.assertEqual({id: checks[id]["verdict"] for id in ("ksm", "thp")}, {"ksm": "warns", "thp": "warns"}, checks)
        (self.tree / self.KSM).write_text("0\n")
        checks = {check["id"]: check for check in json.loads(self.tune("doctor", "--json").stdout)["checks"]}
        self.assertEqual(checks["ksm"]["verdict"], "ok")


@vm_only
class Tuned(LiveTest):
    def setUp(self) -> None:
        super().setUp()
        self.before = settings()
        self.addCleanup(self.put_back)

    def put_back(self) -> None:
        """Cleans up, so that a failure does not spread to the next test."""
        tare("restore", "--force")
        shutil.rmtree(rig.STATE, ignore_errors=True)

    def assert_as_before(self) -> None:
        self.assertEqual({k: v for k, v in settings().items() if v != self.before.get(k)}, {})

    def assert_restored(self) -> None:
        done = tare("restore")
        self.assertEqual(done.returncode, 0, done)
        self.assert_as_before()
        self.assertFalse(JOURNAL.exists())

    def test_a_restore_gives_every_byte_back_and_a_second_has_nothing_to_do(self):
        done = tare("tune", "--cpus", 1, "--only", EVERYTHING)
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"changed +thp +/sys/\S+enabled: always -> madvise\n")
        now = settings()
        for path, want in {
            "/proc/sys/vm/swappiness": b"0\n",
            "/proc/sys/vm/stat_interval": b"10\n",
            "/proc/sys/kernel/watchdog": b"0\n",
            "/proc/sys/kernel/randomize_va_space": b"0\n",
            "/sys/kernel/mm/transparent_hugepage/enabled": b"always [madvise] never\n",
            "/proc/irq/default_smp_affinity": b"1\n",
        }.items():
            self.assertEqual(now[path], want, done.stdout)
        self.assert_restored()
        self.assertEqual(tare("restore").stdout, "tare restore: nothing to do\n")

    def test_killed_at_any_moment_a_restore_gives_every_byte_back(self):
        changed = 0
        for delay_ms in range(0, 240, 20):
            running = subprocess.Popen([rig.TARE, "tune", "--cpus", "1", "--only", EVERYTHING], env=rig.environment(),
                                       stdout=subprocess.DEVNULL)
            time.sleep(delay_ms / 1000)
            running.kill()
            running.wait()
            changed += settings() != self.before
            self.assert_restored()
        self.assertGreater(changed, 0, "no kill came after a write")

    def test_a_restore_killed_at_any_moment_is_ended_by_the_next(self):
        for delay_ms in range(0, 120, 20):
            self.assertEqual(tare("tune", "--cpus", 1, "--only", EVERYTHING).returncode, 0)
            running = subprocess.Popen([rig.TARE, "restore"], env=rig.environment(), stdout=subprocess.DEVNULL)
            time.sleep(delay_ms / 1000)
            running.kill()
            running.wait()
            self.assert_restored()

    def test_what_somebody_else_changed_is_left_and_said(self):
        tare("tune", "--only", "swappiness,stat_interval")
        Path("/proc/sys/vm/swappiness").write_text("33")
        done = tare("restore")
        self.assertEqual(done.returncode, 3, done)
        self.assertRegex(done.stdout, r"foreign +/proc/sys/vm/swappiness: it was \d+ and is 33")
        self.assertEqual(settings()["/proc/sys/vm/swappiness"], b"33\n")
        self.assertEqual(tare("restore", "--force").returncode, 0)
        self.assert_as_before()

    def test_a_damaged_journal_is_not_passed_over(self):
        swappiness = Path("/proc/sys/vm/swappiness")
        self.addCleanup(swappiness.write_text, swappiness.read_text())
        tare("tune", "--only", "swappiness")
        JOURNAL.write_bytes(JOURNAL.read_bytes().replace(b"swappiness", b"swappinesz"))
        done = tare("restore")
        self.assertEqual(done.returncode, 3, done)
        self.assertRegex(done.stdout, r"1 line that is damaged or of no setting: .* not put back\n"
                                      r"tare restore: nothing that can be put back\nthe damaged journal is now \S+\.damaged\n")
        self.assertNotIn("another boot", done.stdout)
        self.assertEqual(settings()["/proc/sys/vm/swappiness"], b"0\n")

    def test_without_a_place_for_the_journal_nothing_is_changed(self):
        done = tare("tune", TARE_STATE="/proc/tare")
        self.assertEqual(done.returncode, 5, done)
        self.assertIn("nothing was changed", done.stderr)
        self.assert_as_before()

    def test_a_place_for_the_journal_that_is_not_trusted_is_not_exchanged_for_another(self):
        anybodys = rig.WORK / "anybodys"
        anybodys.mkdir(mode=0o777)
        anybodys.chmod(0o777)
        for words in (["tune"], ["restore"]):
            done = tare(*words, TARE_STATE=str(anybodys))
            self.assertEqual(done.returncode, 3, done)
            self.assertRegex(done.stderr, r"^tare: \w+: .*\$TARE_STATE, the journal's folder: .*\n$")
        self.assert_as_before()

    def test_a_dry_run_changes_nothing(self):
        done = tare("tune", "--cpus", 1, "--dry-run")
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"would change +swappiness +/proc/sys/vm/swappiness: \d+ -> 0")
        self.assert_as_before()
        self.assertFalse(JOURNAL.exists())

    def test_what_is_not_there_at_all_is_exit_3(self):
        done = tare("tune", "--only", "governor,turbo")
        self.assertEqual(done.returncode, 3, done)

    # --- around a run

    def test_a_run_is_tuned_and_the_host_is_as_it_was_after(self):
        done = self.run_native("--tune", "--cpus", 1)
        self.assert_ok(done)
        tuned = done.record["host"]["tuned"]
        self.assertRegex(tuned["swappiness"], r"^0, was \d+$")
        self.assertFalse(tuned["stays"])
        self.assertEqual(done.record["host"]["swappiness"], 0)
        self.assert_as_before()
        self.assertFalse(JOURNAL.exists())

    def test_a_run_that_fails_puts_the_host_back(self):
        done = self.run_native("--tune", fault="worker-raise")
        self.assertEqual(done.status, 4, done)
        self.assert_as_before()

    def test_a_run_that_is_refused_puts_the_host_back(self):
        done = self.run_native("--tune", "--cpus", 0, "--cgroup-root", "/nonexistent")
        self.assertEqual(done.status, 2, done)
        self.assert_as_before()

    def test_an_interrupted_run_puts_the_host_back(self):
        running = self.start(*rig.NATIVE, "--tune", "--profile", "memory", "--hold-ms", 600000)
        self.assertTrue(rig.wait_for(running.main))
        self.assertNotEqual(settings(), self.before)
        os.kill(running.pid, signal.SIGINT)
        self.assertEqual(running.end().status, 130)
        self.assert_as_before()

    def test_a_run_that_was_killed_leaves_a_restore_what_it_needs(self):
        running = self.start(*rig.NATIVE, "--tune", "--profile", "memory", "--hold-ms", 600000)
        self.assertTrue(rig.wait_for(running.main))
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait(rig.PATIENCE_S)
        self.assertNotEqual(settings(), self.before)
        self.assertEqual(tare("restore").returncode, 0)  # it waits for the guard, which holds the journal for a moment
        self.assert_as_before()
        rig.wait_for(lambda: not rig.workload_pids(), rig.SOON_S)
        rig.remove_cgroups(rig.wait_for(rig.cgroups_left, rig.SOON_S))
        for path in rig.TMP.iterdir():
            shutil.rmtree(path)
        self.assert_ok(self.run_native())  # what the killed one enabled, the next one disables


@vm_only
class Examined(LiveTest):
    def test_the_doctor_finds_all_that_is_required(self):
        done = tare("doctor", "--json")
        self.assertEqual(done.returncode, 0, done)
        found = json.loads(done.stdout)
        verdicts = {check["id"]: check["verdict"] for check in found["checks"]}
        self.assertEqual(found["counts"]["fails"], 0)
        self.assertEqual(verdicts["cgroup_memory"], "ok")
        self.assertEqual(verdicts["emulation"], "warns")
