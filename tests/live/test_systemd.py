"""Where systemd is pid 1: scopes asked of it by root and by a user, and what it delegates. In scripts/vm --systemd."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

import rig
from rig import NATIVE, LiveTest

UID = 4242
USER = ["setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups"]
UNITS = rig.ROOT / "cgroups" / "systemd"
LAST = str(os.cpu_count() - 1)


def call(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=rig.PATIENCE_S).stdout


def setUpModule() -> None:
    if not Path("/run/systemd/system").is_dir() or not rig.EMULATED:
        raise unittest.SkipTest("systemd is not pid 1 of a VM: scripts/vm --systemd --cpus 6")
    for place in ("system", "user"):
        shutil.copytree(UNITS, f"/run/systemd/{place}", dirs_exist_ok=True)
    own = Path("/run/systemd/system/tare-cpus@.service.d")
    own.mkdir()
    (own / "cpus.conf").write_text(f"[Service]\nEnvironment=TARE_CPUS=1-{LAST}\n")
    call("systemctl", "daemon-reload")
    call("useradd", "-M", "-u", str(UID), "tare-test")
    for path in (Path.home(), rig.WORK):
        path.chmod(path.stat().st_mode | 0o055)
    rig.TMP.chmod(0o777)


class SystemdTest(LiveTest):
    def setUp(self) -> None:
        super().setUp()
        self.dir.chmod(0o777)

    def look_for_leftovers(self) -> None:
        """The rest of the tree is systemd's, who has its own time."""
        self.addCleanup(self.clean_up)
        gone = rig.wait_for(lambda: not self.ours(), rig.SOON_S)
        self.assertTrue(gone, self.ours())
        self.assertEqual(list(rig.TMP.iterdir()), [])

    def ours(self) -> list[str]:
        return [path for path, _, _ in os.walk(rig.MOUNT) if Path(path).name.startswith(("tare-2", "cell-", "tare.slice"))]

    def assert_full(self, done, provenance: str, below: str) -> None:
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual(record["provenance"], provenance, done)
        self.assertRegex(record["path"], rf"\A{rig.MOUNT}/{below}/tare-[^/]+/cell-0\Z")
        self.assertEqual(done.record["isolation"]["grade"], "full", done)
        self.assertEqual(record["limits"]["cpuset.cpus.partition"]["achieved"], "root")


class Root(SystemdTest):
    def test_a_scope_gives_a_full_slice_and_goes_by_itself(self):
        done = self.run_native("--isolation", "strict", "--cpus", LAST)
        self.assert_full(done, "scope", r"tare\.slice/tare-\d+-\w+\.scope")
        self.assertTrue(rig.wait_for(lambda: "tare-" not in call("systemctl", "list-units", "--all", "--no-legend", "tare-*.scope"), rig.SOON_S))

    def test_a_delegated_scope_is_taken_with_whoever_is_in_it(self):
        script = f'sleep 1000 & "$@"; s=$?; cat {rig.MOUNT}$(cut -d: -f3 /proc/self/cgroup)/cgroup.procs >{self.dir}/after; kill $!; exit $s'
        prefix = ["systemd-run", "-q", "--scope", "-p", "Delegate=yes", "--slice=other.slice", "sh", "-c", script, "sh"]
        done = self.run_cell(*NATIVE, "--isolation", "strict", "--cpus", LAST, prefix=prefix)
        self.assert_full(done, "delegated", r"other\.slice/run-\w+\.scope")
        self.assertGreaterEqual(len((self.dir / "after").read_text().split()), 2, "they were not moved back")

    def test_without_a_bus_the_reason_says_so(self):
        prefix = ["unshare", "-m", "sh", "-ec", 'mount -t tmpfs none /run/dbus; exec "$@"', "sh"]
        done = self.run_cell(*NATIVE, prefix=prefix)
        self.assert_ok(done)
        self.assertEqual(done.record["slice"]["provenance"], "none")
        self.assertIn("scope: no system bus (/run/dbus/system_bus_socket)", done.record["slice"]["path_reason"])

    def test_without_libsystemd_the_reason_says_so(self):
        hide = 'mount --bind /dev/null "$(readlink -f /lib/*/libsystemd.so.0)"; exec "$@"'
        done = self.run_cell(*NATIVE, prefix=["unshare", "-m", "sh", "-ec", hide, "sh"])
        self.assert_ok(done)
        self.assertEqual(done.record["slice"]["provenance"], "none")
        self.assertIn("apt-get install libsystemd0", done.record["slice"]["path_reason"])


class User(SystemdTest):
    """In the order of their names: the first is before the user's systemd is there."""

    def run_as_user(self, *options):
        return self.run_cell(*NATIVE, *options, prefix=[*USER, "env", f"TMPDIR={rig.TMP}"])

    def test_1_without_a_bus_there_is_none_and_the_remedy_is_said(self):
        done = self.run_as_user()
        self.assert_ok(done)
        self.assertEqual(done.record["slice"]["provenance"], "none")
        self.assertIn(f"no user bus (/run/user/{UID}/bus: log in, or as root: loginctl enable-linger)",
                      done.record["slice"]["path_reason"])

    def test_2_a_user_gets_a_scope_with_cpuset_by_the_drop_in(self):
        call("systemctl", "start", f"user@{UID}.service")
        done = self.run_as_user("--cpus", LAST)
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual((record["provenance"], "cpuset" in record["controllers"]), ("scope", True), done)
        self.assertIn(f"/user@{UID}.service/tare.slice/tare-", record["path"])
        self.assertEqual(record["limits"]["cpuset.cpus"]["achieved"], LAST)
        self.assertFalse(record["limits"]["cpuset.cpus.partition"]["ok"])
        self.assertIn("Permission denied", record["limits"]["cpuset.cpus.partition"]["reason"])

    def test_3_a_user_with_cpus_of_their_own_gets_a_partition(self):
        call("systemctl", "start", f"user@{UID}.service", f"tare-cpus@{UID}.service")
        done = self.run_as_user("--isolation", "strict", "--cpus", LAST)
        self.assert_full(done, "scope", rf"user\.slice/user-{UID}\.slice/user@{UID}\.service/tare\.slice/tare-\d+-\w+\.scope")
