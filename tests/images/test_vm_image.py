"""The VM image, built and booted: what runs in it is the locked kernel, told what is locked, in a full slice, from the
image alone; what it says comes out apart; two builds of it are the same.

  PYTHON -P tests/images/test_vm_image.py -v

Needs what `scripts/setup test` installs, and the interpreters of scripts/build-python. Builds the image where the cache
has none of this checkout (a minute), and its parts twice more for the comparison.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
RUN = ["tare", "run", "scenario1", "--mode", "processes", "--isolation", "strict", "--iterations", "3", "--warmup", "1"]
SETS = ["trixie", "base", "runtime", "vm", "kernel", "vm-tools", "vm-emulator"]
BOOT_S = 600  # of a guest that is emulated beside other work; it takes some ten


def script(name: str, *args: str, timeout_s: int = 900, **more: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [TOP / "scripts" / name, *args], capture_output=True, text=True, timeout=timeout_s, env=os.environ | more
    )


def flags(name: str) -> list[str]:
    """The locked flags, read by this file's own rule: the first word of each line that is no comment."""
    lines = (TOP / "images/vm" / name).read_text().splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


class Image:
    """Made once for all tests."""

    folder: Path
    lock: str
    work: Path


def setUpModule() -> None:
    Image.work = Path(tempfile.mkdtemp(prefix="vm-image."))
    current = script("current-lock", *SETS)
    if current.returncode != 0:
        raise RuntimeError(current.stderr)
    Image.lock = current.stdout.strip()
    sys.stderr.write(current.stderr)  # where it is not the committed one it says so
    built = script("build-vm-image", "--lock", Image.lock)
    if built.returncode != 0:
        raise RuntimeError(built.stderr)
    Image.folder = Path(built.stdout.strip())


def tearDownModule() -> None:
    shutil.rmtree(Image.work)


def boot(*args: str) -> subprocess.CompletedProcess:
    return script("vm", f"--image={Image.folder}", "--timeout", str(BOOT_S), *args)


def locked_kernel() -> str:
    """The release that the lock's kernel package is named by."""
    rows = Path(Image.lock).read_text().splitlines()
    package = next(row.split()[2] for row in rows if row.startswith("deb.trixie = linux-image-6"))
    return package.removeprefix("linux-image-")


class ARun(unittest.TestCase):
    """One boot of what the README shows; its record comes back over a port, the host shares nothing."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.out = Image.work / "records"
        cls.done = boot("--out", str(cls.out), "--", *RUN, "--out", "/out")
        records = [p for p in cls.out.rglob("*.json")] if cls.out.exists() else []
        cls.record = json.loads(records[0].read_text()) if len(records) == 1 else None

    def test_is_in_a_full_slice(self) -> None:
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.assertIn("--- isolation: full ---", self.done.stdout)
        self.assertEqual(self.record["isolation"]["grade"], "full")
        self.assertIn("memory", self.record["slice"]["controllers"])
        self.assertIn("cpuset", self.record["slice"]["controllers"])

    def test_is_on_the_locked_kernel_with_the_locked_command_line(self) -> None:
        self.assertEqual(self.record["host"]["kernel_release"], locked_kernel())
        self.assertEqual(self.record["host"]["kernel_cmdline"].split(), flags("cmdline"))

    def test_is_marked_where_its_times_are_emulated(self) -> None:
        emulated = self.record["host"]["hypervisor"] != "KVM"
        self.assertEqual(self.record["timing"]["emulated"], emulated)
        self.assertEqual("--- timing: emulated ---" in self.done.stdout, emulated)
        if emulated:
            self.assertIn("TCG", self.record["timing"]["by"])

    def test_uses_the_images_own_interpreter_and_system(self) -> None:
        self.assertTrue(self.record["runtime"]["path"].startswith(("/usr/local/", "/opt/cpython/")))
        self.assertIn("trixie", self.record["host"]["os"])
        self.assertEqual(len(self.record["iterations"]["start_ns"]), 3)


class AnyCommand(unittest.TestCase):
    """What a command may ask of the machine, in one boot."""

    PROBE = r"""
        echo on stdout; echo on stderr >&2
        grep -cE ' (9p|overlay) ' /proc/mounts
        awk '$2 == "/" { print $3, substr($4, 1, 2) }' /proc/mounts
        ls /sys/class/net | tr '\n' ' '; echo
        cat /sys/devices/system/cpu/isolated /sys/devices/system/cpu/nohz_full
        cat /sys/devices/system/clocksource/clocksource0/current_clocksource
        cat /proc/sys/kernel/nmi_watchdog /proc/sys/kernel/watchdog
        cat /sys/kernel/mm/transparent_hugepage/enabled
        dpkg-query -W -f '${Package} ${Version}\n' >/out/packages
        tare doctor --json >/out/doctor.json
        exit 7
    """

    @classmethod
    def setUpClass(cls) -> None:
        cls.out = Image.work / "probed"
        cls.done = boot("--isolated", "--out", str(cls.out), "--", "sh", "-c", cls.PROBE)
        cls.lines = cls.done.stdout.splitlines()

    def test_keeps_its_streams_and_its_status_apart(self) -> None:
        self.assertEqual(self.done.returncode, 7, self.done.stderr)
        self.assertEqual(self.lines[0], "on stdout")
        self.assertIn("on stderr\n", self.done.stderr)
        self.assertNotIn("on stderr", self.done.stdout)

    def test_sees_nothing_of_the_host(self) -> None:
        self.assertEqual(self.lines[1:3], ["0", "erofs ro"])
        self.assertEqual(self.lines[3].split(), ["lo"])

    def test_has_what_the_flags_are_for(self) -> None:
        self.assertEqual(self.lines[4], "1")  # isolcpus=…1-N of two CPUs
        self.assertEqual(self.lines[6:9], ["tsc", "0", "0"])
        self.assertIn("[madvise]", self.lines[9])

    def test_has_the_locked_packages_and_no_others(self) -> None:
        locked = script("../images/install-locked", "--list", "trixie", "base", "runtime", "vm", TARE_LOCK=Image.lock)
        want = sorted(" ".join(row.split()[:2]) for row in locked.stdout.splitlines())
        self.assertGreater(len(want), 50)
        self.assertEqual(sorted((self.out / "packages").read_text().splitlines()), want)

    def test_is_told_by_the_doctor_that_its_flags_are_as_locked(self) -> None:
        doctor = json.loads((self.out / "doctor.json").read_text())
        checks = {check["id"]: check for check in doctor["checks"]}
        wrong = [id for id, check in checks.items() if id.startswith("cmdline.") and check["verdict"] != "ok"]
        self.assertEqual(wrong, [])
        self.assertEqual(checks["cmdline_locked"]["verdict"], "ok")
        self.assertEqual(checks["emulation"]["verdict"], "warns" if doctor["host"]["hypervisor"] != "KVM" else "ok")


class AStrangersBundle(unittest.TestCase):
    """`tare reproduce --in-vm` of a bundle with a scenario of its own: what it carries runs in the VM, in confinement, and
    what it does there is not done to this host."""

    SCENARIO = """\
schema: tare.scenario/1
name: stranger
summary: a function of a stranger's
modes: [threads, processes]
profiles: {overhead: {iterations: 2, warmup: 0, workers: 1}}
knobs: [{name: hold-ms, type: integer, min: 0, max: 1, default: 0, help: none}]
commands: {python: ["{python}", -s, -B, "{lib}/tare_bench.py", "{dir}/stranger.py"]}
"""
    PLAN = """\
schema: tare.plan/1
name: strangers
invocations: 1
seed: 3
defaults: {scenario: ./stranger, runtime: "3.14"%s}
cells: [{id: a, mode: threads}]
"""
    # Fails the run where it could do more than a confined workload can; otherwise leaves what it can.
    CONFINED = """\
import os
def work(hold_ms: int) -> None:
    status = open("/proc/self/status").read()
    if os.getuid() == 0 or "CapEff:\\t0000000000000000" not in status or "Seccomp:\\t2" not in status:
        raise RuntimeError("it is not confined: " + status)
    for path in (%(trace)r, "/out/trace", "/etc/trace"):
        try:
            open(path, "w").close()
        except OSError:
            continue
        if os.path.dirname(path) in ("/out", "/etc"):
            raise RuntimeError(path + " can be written")
"""
    # What is trusted is root: here, on the stranger's own host, it does nothing, in the VM all that it can.
    FREE = """\
import os
def work(hold_ms: int) -> None:
    if not os.path.exists("/out"):
        return
    if os.getuid() != 0:
        raise RuntimeError("it was to be root")
    for path in (%(trace)r, "/tmp/trace", "/out/trace"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").close()
"""

    def setUp(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix="vm-stranger.", dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.dir.chmod(0o755)
        self.trace = self.dir / "trace/trace"
        self.trace.parent.mkdir()

    def tare(self, *words: object) -> subprocess.CompletedProcess:
        command = [TOP / "build/tare", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=BOOT_S, cwd=self.dir,
                              env=os.environ | {"TARE_LOCK": Image.lock})

    def bundle(self, code: str, more: str = "") -> Path:
        """Packed from a run here; then nothing of it is here but the bundle, and anybody may write where it wants to."""
        (self.dir / "stranger").mkdir()
        (self.dir / "stranger/scenario.yml").write_text(self.SCENARIO)
        (self.dir / "stranger/stranger.py").write_text(code % {"trace": str(self.trace)})
        (self.dir / "plan.yml").write_text(self.PLAN % more)
        done = self.tare("matrix", "plan.yml", "--out", "theirs")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.tare("pack", "theirs", "-o", "theirs.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("stranger", "theirs"):
            shutil.rmtree(self.dir / name)
        self.trace.parent.chmod(0o777)
        return self.dir / "theirs.tar"

    def reproduced(self, *words: object) -> dict:
        done = self.tare("reproduce", *words, "--in-vm", "--smoke", "--out", "again")
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        (record,) = (self.dir / "again").glob("0001-*.json")
        return json.loads(record.read_text())

    def test_a_strangers_scenario_runs_confined_in_the_vm_and_leaves_nothing_here(self) -> None:
        record = self.reproduced(self.bundle(self.CONFINED))
        self.assertEqual(record["termination"]["reason"], "ok", record["termination"])
        self.assertEqual((record["confinement"]["level"], record["isolation"]["grade"]), ("full", "full"))
        self.assertIn("trixie", record["host"]["os"], "it ran on this host")
        self.assertEqual(os.listdir(self.trace.parent), [])

    def test_what_is_trusted_in_the_vm_reaches_the_vm_alone(self) -> None:
        record = self.reproduced(self.bundle(self.FREE, ", confine: off"), "--trust-plan")
        self.assertEqual((record["termination"]["reason"], record["confinement"]["level"]), ("ok", "off"), record["termination"])
        self.assertIn("trixie", record["host"]["os"], "it ran on this host")
        self.assertEqual(os.listdir(self.trace.parent), [])
        self.assertFalse(Path("/tmp/trace").exists())


class OverTheHost(unittest.TestCase):
    """scripts/vm without the image."""

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a folder away")
    def test_a_folder_below_tmp_is_in_the_guest_whose_it_is_on_the_host(self):
        """A checkout there was closed to all but root, and what is weighed stayed root."""
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            os.chmod(folder, 0o751)
            os.chown(folder, 65534, 65533)
            done = subprocess.run([TOP / "scripts/vm", "--memory", "512M", "--", "stat", "-c", "%a %u:%g", "."], cwd=folder,
                                  capture_output=True, text=True, timeout=BOOT_S)
        self.assertEqual((done.returncode, done.stdout), (0, "751 65534:65533\n"), done.stderr)


class WithoutACommand(unittest.TestCase):
    """As an image that anybody boots: what it starts is tare, with what the kernel's line has for it."""

    def test_tare_gets_the_words_after_the_kernels(self) -> None:
        done = boot("--append", "-- run --help")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("tare run SCENARIO"), done.stdout)


class Refusals(unittest.TestCase):
    def refused(self, status: int, words: str, *args: str) -> None:
        done = script("vm", *args)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_what_is_not_the_images_is_refused(self) -> None:
        image = f"--image={Image.folder}"
        self.refused(2, "--rw", image, "--rw", "/tmp", "--", "true")
        self.refused(2, "--systemd", image, "--systemd", "--", "true")
        self.refused(2, "--isolated", "--isolated", "--", "true")
        self.refused(2, "--out", "--out", str(Image.work), "--", "true")
        self.refused(2, "--accel 'fast'", image, "--accel", "fast", "--", "true")
        self.refused(2, "no image", f"--image={Image.work}", "--", "true")

    @unittest.skipIf(os.path.exists("/dev/kvm"), "this host has a /dev/kvm")
    def test_kvm_that_is_not_there_is_not_emulated_in_its_place(self) -> None:
        self.refused(3, "there is no /dev/kvm", f"--image={Image.folder}", "--accel", "kvm", "--", "true")

    def test_an_image_that_was_changed_is_not_booted(self) -> None:
        changed = Image.work / "changed"
        changed.mkdir()
        for file in Image.folder.iterdir():
            (changed / file.name).symlink_to(file)
        (changed / "cmdline").unlink()
        (changed / "cmdline").write_text("root=/dev/vda mitigations=off\n")
        self.refused(2, "cmdline is not what image.json says", f"--image={changed}", "--", "true")


class TheBuild(unittest.TestCase):
    def test_is_the_same_bits_twice(self) -> None:
        done = script("build-vm-image", "--lock", Image.lock, "--check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("two builds are the same, bit by bit", done.stderr)
        self.assertEqual(done.stdout.strip(), str(Image.folder))

    def test_stops_at_a_wrong_hash_and_names_the_package(self) -> None:
        text = Path(Image.lock).read_text()
        row = next(line for line in text.splitlines() if line.startswith("deb.trixie = busybox-static "))
        sha = row.split()[5]
        wrong = Image.work / "wrong.lock"
        wrong.write_text(text.replace(sha, sha[::-1]))
        done = script("build-vm-image", "--lock", str(wrong))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("busybox-static", done.stderr)
        self.assertIn(sha[::-1], done.stderr)

    def test_lists_what_is_in_it(self) -> None:
        told = json.loads((Image.folder / "image.json").read_text())
        self.assertEqual(told["schema"], "tare.vm-image/1")
        self.assertEqual(told["kernel"]["release"], locked_kernel())
        self.assertEqual(told["command_line"].split(), flags("cmdline"))
        self.assertEqual(told["command_line_isolated"].split(), flags("cmdline") + flags("cmdline.isolated"))
        for name, sha256 in told["files"].items():
            sums = subprocess.run(["sha256sum", Image.folder / name], capture_output=True, text=True, check=True)
            self.assertEqual(sums.stdout.split()[0], sha256, name)
        interpreters = json.loads((Image.folder / "root.json").read_text())["interpreters"]
        self.assertEqual(len({one["sha256"] for one in interpreters}), 2)  # one of them under two names


if __name__ == "__main__":
    unittest.main()
