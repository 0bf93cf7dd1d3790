"""The image under a real Docker engine: built on a base made from the lock, run on this host and in the VM with cgroup v2.

    python3 tests/images/test_engine.py -v [CLASS.TEST]...

As root. The engine is the tests' own (engine.py); so is its cache, and the first run builds both interpreters.
$TARE_TEST_IMAGE names an image that this engine has already, to be tested instead of a fresh one.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "artefact"))

import oci_image
from engine import CACHE, TOP, Engine, why_not

VARIANT = "debian13-gcc14"
GIVEN = os.environ.get("TARE_TEST_IMAGE")
IMAGE = GIVEN or f"tare:{VARIANT}"
LIMIT_BYTES = 150 * 10**6
DIGEST = re.compile(r"\Asha256:[0-9a-f]{64}\Z")
HASH = re.compile(r"\A[0-9a-f]{64}\Z")
HYBRID = not Path("/sys/fs/cgroup/cgroup.controllers").exists()

engine = Engine()
image = {}


def setUpModule():
    reason = why_not()
    if reason:
        raise unittest.SkipTest(reason)
    unittest.addModuleCleanup(engine.stop)
    engine.start()
    if not GIVEN:
        build()
    image.update(engine.inspect(IMAGE))


def build():
    lock = engine.run("scripts/current-lock", "trixie", "base", "runtime", "build")
    if lock.returncode == 3:
        raise unittest.SkipTest(f"no lock can be built from here: {lock.stderr.strip().splitlines()[-1]}")
    if lock.returncode != 0:
        raise RuntimeError(lock.stderr)
    built = engine.run(
        "scripts/build-image", "--variant", VARIANT, "--base", "made", "--network", "host", "--lock", lock.stdout.strip()
    )
    if built.returncode != 0:
        raise RuntimeError(built.stderr)


def checks(record):
    return {check["name"]: check for check in record["isolation"]["checks"]}


class Case(unittest.TestCase):
    maxDiff = None

    def tare(self, *words, options=(), status=0):
        """The record of `docker run OPTIONS IMAGE run scenario1 --json - WORDS`."""
        done = engine.container(*options, IMAGE, "run", "scenario1", "--json", "-", *words)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)


class Built(Case):
    """What the image is, without running it."""

    def test_it_is_smaller_than_150_mb_with_both_interpreters(self):
        self.assertLess(image["Size"], LIMIT_BYTES)

    def test_it_runs_the_four_cells_as_nobody_in_particular(self):
        config = image["Config"]
        self.assertEqual(config["Entrypoint"], ["tare"])
        self.assertEqual(config["Cmd"], ["matrix", "seed", "--out", "/out"])
        self.assertEqual(config["User"], "65532:65532")
        self.assertEqual(config["Volumes"], {"/out": {}})
        self.assertEqual(config["Healthcheck"]["Test"], ["NONE"])

    def test_its_labels_are_those_of_the_oci_annotations(self):
        labels = image["Config"]["Labels"]
        version = re.search(r'TARE_VERSION "([^"]+)"', (TOP / "runner/base/version.h").read_text())[1]
        prefix = "org.opencontainers.image."
        self.assertEqual(labels[prefix + "version"], version)
        self.assertRegex(labels[prefix + "revision"], r"\A[0-9a-f]{40}(-dirty)?\Z")
        self.assertEqual(labels[prefix + "licenses"], "GPL-3.0-or-later")
        self.assertTrue(labels[prefix + "source"])
        self.assertTrue(labels[prefix + "base.name"])
        self.assertRegex(labels[prefix + "base.digest"], DIGEST)


class Inside(Case):
    """What is in it, asked of a container."""

    def sh(self, script, *options):
        return engine.container("--entrypoint", "sh", *options, IMAGE, "-c", script)

    def test_there_is_no_compiler_and_no_header(self):
        found = self.sh("command -v cc gcc clang ld as make; ls -d /usr/include/*.h /usr/lib/gcc 2>/dev/null").stdout
        self.assertEqual(found, "")

    def test_both_interpreters_are_what_they_are_named(self):
        said = self.sh(
            'for p in "$TARE_PYTHON_FT" "$TARE_PYTHON_GIL"; do "$p" -I -c "import sys; print(sys._is_gil_enabled())"; done'
        )
        self.assertEqual(said.stdout.split(), ["False", "True"], said.stderr)

    def test_every_package_is_the_lock_s(self):
        packages = self.sh("cat /usr/local/share/tare/image/packages").stdout.splitlines()
        self.assertGreater(len(packages), 50)
        self.assertEqual([line for line in packages if not HASH.match(line.split()[3])], [])

    def test_the_readme_says_of_each_package_why_it_is_there_and_of_no_other(self):
        packages = self.sh("cut -d' ' -f1 /usr/local/share/tare/image/packages").stdout.split()
        text = (TOP / "images/README.md").read_text()
        table = text[text.index("**What the runtime has") :].split("\n\n")[1]
        named = re.findall(r"`([^`]+)`", " ".join(line.split("|")[1] for line in table.splitlines()[2:]))
        self.assertEqual(sorted(named), sorted(packages))

    def test_records_can_be_written_to_a_volume(self):
        done = engine.container(
            "-v", "/out", IMAGE, "run", "scenario1", "--runtime", "native", "--iterations", "1", "--out", "/out"
        )
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_shipped_filter_refuses_what_no_benchmark_needs_even_to_a_root_with_every_capability(self):
        calls = {"mount": 165, "clock_settime": 227, "ptrace": 101, "bpf": 321, "keyctl": 250, "init_module": 175,
                 "perf_event_open": 298, "swapon": 167, "setns": 308, "userfaultfd": 323}
        script = f"""
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {calls}.items():
    libc.syscall(number, 0, 0, 0, 0, 0, 0)
    print(name, errno.errorcode[ctypes.get_errno()])
"""
        done = engine.container(
            "--user", "0", "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_TIME", "--security-opt",
            "seccomp=images/seccomp.json", "--entrypoint", "/opt/tare/gil/bin/python3.14", IMAGE, "-I", "-c", script,
        )
        self.assertEqual(done.stdout.split("\n")[:-1], [f"{name} EPERM" for name in calls], done.stderr)


class OnThisHost(Case):
    """The records of containers here: v1 mounts alone where the host is hybrid, so no slice."""

    def setUp(self):
        if not HYBRID:
            self.skipTest("this host has cgroup v2 alone: what a container of a hybrid host is told cannot be seen here")

    def test_threads_on_cpu_1_alone(self):
        record = self.tare(
            "--mode", "threads", "--iterations", "50",
            options=["--cpuset-cpus=1", "-e", f"TARE_IMAGE_DIGEST={image['Id']}"],
        )
        self.assertEqual(record["image"]["digest"], image["Id"])
        packages = engine.container("--entrypoint", "cat", IMAGE, "/usr/local/share/tare/image/packages").stdout
        self.assertEqual(record["image"]["packages_sha256"], hashlib.sha256(packages.encode()).hexdigest())
        self.assertEqual(record["image"]["packages"], len(packages.splitlines()))
        self.assertEqual(len(record["iterations"]["start_ns"]), 50)
        self.assertIs(record["runtime"]["gil_enabled"], False)
        self.assertEqual(record["host"]["container"], "docker")
        self.assertEqual(record["slice"]["cpus_effective"], "1")
        self.assertEqual(record["slice"]["provenance"], "none")
        self.assertIn("no cgroup2 file system is mounted", record["slice"]["provenance_reason"])
        self.assertEqual(record["isolation"]["grade"], "none")
        told = checks(record)
        self.assertTrue(told["CPU affinity"]["ok"])
        self.assertEqual(told["runner off its CPUs"]["achieved"], "1")
        self.assertFalse(told["runner off its CPUs"]["ok"])
        self.assertIn("v1 holds it; boot with", told["memory accounting"]["reason"])

    def test_without_a_digest_handed_in_the_content_still_names_the_image(self):
        record = self.tare("--runtime", "native", "--iterations", "1")
        self.assertIsNone(record["image"]["digest"])
        self.assertIn("-e TARE_IMAGE_DIGEST", record["image"]["digest_reason"])
        self.assertRegex(record["image"]["content_sha256"], HASH)
        revision = image["Config"]["Labels"]["org.opencontainers.image.revision"]
        self.assertEqual(record["image"]["revision"], revision)
        if not GIVEN:
            self.assertEqual(record["tool"]["commit"], revision)

    def test_packages_that_a_user_changed_have_no_hash(self):
        done = engine.container(
            "--user", "0", "--entrypoint", "sh", IMAGE, "-c",
            "echo >>/var/lib/dpkg/status; tare run scenario1 --runtime native --iterations 1 --json -",
        )
        record = json.loads(done.stdout)
        self.assertIsNone(record["image"]["packages_sha256"])
        self.assertIn("changed after the image was built", record["image"]["packages_sha256_reason"])

    def test_a_quota_of_half_a_cpu_and_64_mib_are_told_although_v1_sets_them(self):
        record = self.tare(
            "--runtime", "native", "--iterations", "300", "--work-iters", "200000",
            options=["--cpus", "0.5", "--memory", "64m"],
        )
        told = checks(record)
        self.assertFalse(told["CPU quota"]["ok"])
        self.assertIn("0.50 CPUs (/sys/fs/cgroup/cpu", told["CPU quota"]["achieved"])
        self.assertIn("8 workers share", told["CPU quota"]["reason"])
        self.assertGreater(record["slice"]["inherited"]["nr_throttled"], 0)
        self.assertFalse(told["no throttling above"]["ok"])
        self.assertEqual(record["slice"]["inherited"]["memory_max_bytes"], 64 << 20)
        self.assertTrue(told["memory limit above"]["achieved"].startswith("64.0 MiB (/sys/fs/cgroup/memory/"))

    def test_each_layer_that_the_engine_refuses_is_a_line_and_none_ends_the_run(self):
        told = checks(self.tare("--runtime", "native", "--iterations", "2"))
        for name in ("own namespaces", "read-only root", "private folders"):
            self.assertFalse(told[name]["ok"], name)
            self.assertIn("the host refused", told[name]["reason"])
        for name in ("user", "no new privileges", "seccomp filter"):
            self.assertTrue(told[name]["ok"], name)


class DockerRun(Case):
    """scripts/docker-run."""

    def setUp(self):
        self.out = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def docker_run(self, *words):
        return engine.run("scripts/docker-run", "--out", self.out, *words)

    def records(self):
        return [json.loads(path.read_text()) for path in sorted(self.out.glob("*.json"))]

    def test_each_mode_is_weighed_in_a_container_of_its_own_and_one_table_tells(self):
        done = self.docker_run(
            "--memory", "512m", "--pids", "300", IMAGE, "--", "--iterations", "2", "--warmup", "1", "--workers", "2"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        records = self.records()
        cells = [(r["scenario"]["mode"], r["scenario"]["profile"]) for r in records]
        self.assertEqual(sorted(cells), sorted((m, p) for m in ("threads", "processes") for p in ("overhead", "memory")))
        for record in records:
            self.assertEqual(record["image"]["digest"], image["Id"])
            self.assertEqual(record["slice"]["inherited"]["memory_max_bytes"], 512 << 20)
            self.assertEqual(record["slice"]["inherited"]["pids_max"], 300)
            self.assertTrue(checks(record)["capabilities"]["ok"])
            if record["scenario"]["profile"] == "memory":
                self.assertGreater(record["memory"]["parent_and_workers"]["rss"]["avg"], 4 << 20)
        self.assertRegex(done.stdout, r"(?m)^threads, 3\.14t +\d")
        self.assertRegex(done.stdout, r"(?m)^processes forkserver, 3\.14 +\d")
        self.assertEqual(sorted(p.name for p in self.out.iterdir()), sorted(f"{r['id']}.json" for r in records))

    def test_a_cell_that_fails_leaves_the_others_and_its_status(self):
        done = self.docker_run("--profiles", "overhead", IMAGE, "--", "--iterations", "1", "--runtime", "native", "--timeout", "0.001")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual({r["termination"]["reason"] for r in self.records()}, {"timeout"})

    def test_bad_input_is_one_line_and_status_2(self):
        for words in (["--modes", "fibres"], ["--cpus", "one"], ["--memory", "0"], ["--what"], [IMAGE, "--", "--json", "x"]):
            done = self.docker_run(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_an_image_that_is_not_there_is_status_3(self):
        done = self.docker_run("tare:no-such")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no image 'tare:no-such'", done.stderr)


@unittest.skipIf(not (TOP / "build/tare-artefact").exists(), "no build/tare-artefact (make)")
@unittest.skipIf(not shutil.which("skopeo"), "skopeo is not installed")
class Held(Case):
    """The image in a bundle, out of the engine and into it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)

    def succeed(self, *words):
        done = engine.run(*words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def test_a_plan_weighed_in_the_image_is_packed_with_it_verified_and_run_again_in_it(self):
        (self.dir / "small.yml").write_text(
            "schema: tare.plan/1\nname: small\ninvocations: 1\n"
            "cells: [{scenario: scenario1, mode: threads, runtime: native, iterations: 5, warmup: 1}]\n")
        tare, tar = TOP / "build/tare", self.dir / "small.tar"
        self.succeed("scripts/docker-run", "--plan", self.dir / "small.yml", "--out", self.dir / "records", IMAGE)
        pack = (tare, "pack", self.dir / "records", "-o", tar, "--with-image")
        said = " ".join(self.succeed(*pack, f"docker-daemon:{IMAGE}").stdout.split())
        self.assertIn(f"image: {image['Id']} ", said)
        self.assertIn("1 of 1 records name it", said)
        first = tar.read_bytes()
        self.succeed("docker", "save", "-o", self.dir / "saved.tar", IMAGE)
        self.succeed(*pack, f"docker-archive:{self.dir / 'saved.tar'}")
        self.assertTrue(tar.read_bytes() == first, "the same image out of an archive gives other bytes")
        self.assertIn("integrity: good\n", self.succeed(tare, "verify", tar).stdout)
        done = engine.run(tare, "reproduce", tar, "--in-image", "--out", self.dir / "again")
        self.assertIn("re-run in the image that the bundle holds: 1 of 1 invocations, 0 failed\n", done.stdout, done.stderr)
        (record,) = (self.dir / "again").glob("0*.json")
        self.assertEqual(json.loads(record.read_text())["image"]["digest"], image["Id"])

    def test_nothing_but_the_image_is_needed_to_look_at_a_bundle(self):
        """To pack one takes a gnuplot, which the image has not."""
        (self.dir / "small.yml").write_text(
            "schema: tare.plan/1\nname: small\ninvocations: 1\n"
            "cells: [{scenario: scenario1, mode: threads, runtime: native, iterations: 5, warmup: 1}]\n")
        self.dir.chmod(0o755)
        tare, tar = TOP / "build/tare", self.dir / "small.tar"
        self.succeed(tare, "matrix", self.dir / "small.yml", "--out", self.dir / "records")
        self.succeed(tare, "pack", self.dir / "records", "-o", tar)
        tar.chmod(0o644)
        done = engine.container("-v", f"{self.dir}:/bundle:ro", IMAGE, "verify", "/bundle/small.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("\nintegrity: good\n", done.stdout)
        self.assertIn("\nderivation: good\n", done.stdout)
        self.assertIn("no gnuplot", done.stdout)
        (self.dir / "records").chmod(0o755)
        done = engine.container("-v", f"{self.dir}:/bundle:ro", IMAGE, "pack", "/bundle/records", "-o", "/tmp/x.tar")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no gnuplot on the PATH", done.stderr)

    def test_what_the_engine_does_not_have_is_loaded_and_has_the_id_of_its_config(self):
        for compress in (False, True):
            layout = oci_image.Layout(self.dir / f"layout-{compress}", f"no image of anybody's, {compress}", compress=compress)
            tag = f"tare-bundle:{layout.config[7:19]}"
            self.addCleanup(engine.run, "docker", "image", "rm", tag)
            done = engine.run("scripts/docker-run", "--out", self.dir / "out", layout.ref)  # it has no tare to run
            self.assertIn(f"the image {layout.config} is now {tag} in docker's store", done.stderr)
            self.assertEqual(engine.inspect(tag)["Id"], layout.config)


class InTheVm(Case):
    """The same image under an engine in the VM, where a container has all of cgroup v2."""

    @classmethod
    def setUpClass(cls):
        if os.environ.get("TARE_NO_VM"):
            raise unittest.SkipTest(os.environ["TARE_NO_VM"])
        cls.out = Path(cls.enterClassContext(tempfile.TemporaryDirectory(dir=CACHE / "docker")))
        archive = cls.out / "image.tar"
        saved = engine.run("docker", "save", "--output", archive, IMAGE)
        if saved.returncode != 0:
            raise RuntimeError(saved.stderr)
        done = engine.run(
            "scripts/vm", "--cpus", "3", "--memory", "4G", "--timeout", "900", "--rw", cls.out, "--",
            "tests/images/engine-in-vm", archive, IMAGE, image["Id"], cls.out,
        )
        if not (cls.out / "done").exists():
            log = (cls.out / "dockerd.log").read_text()[-500:] if (cls.out / "dockerd.log").exists() else ""
            raise RuntimeError(f"exit {done.returncode}: {done.stdout}{done.stderr}\n{log}")

    def record(self, case, status=0):
        said = (self.out / f"{case}.err").read_text()
        self.assertEqual((self.out / f"{case}.status").read_text().strip(), str(status), said)
        return json.loads((self.out / f"{case}.json").read_text())

    def test_a_plain_container_is_borrowed_with_its_memory_and_its_cpus_in_the_record(self):
        record = self.record("borrowed")
        self.assertEqual(record["image"]["digest"], image["Id"])
        self.assertRegex(record["image"]["packages_sha256"], HASH)
        self.assertIs(record["runtime"]["gil_enabled"], False)
        self.assertIs(record["host"]["emulated"], True)
        self.assertEqual(record["slice"]["provenance"], "borrowed")
        self.assertEqual(record["isolation"]["grade"], "borrowed")
        self.assertEqual((record["slice"]["cpus_effective"], record["slice"]["cpus_by"]), ("1", "cpuset"))
        self.assertEqual(record["slice"]["inherited"]["memory_max_bytes"], 192 << 20)
        self.assertEqual(record["slice"]["inherited"]["memory_max_bytes_by"], "/sys/fs/cgroup/memory.max")
        self.assertGreater(record["memory"]["slice"]["baseline"], 0)
        self.assertGreater(record["cpu"]["usage_usec"], 0)

    def test_a_read_only_cgroupfs_is_told_with_what_it_would_take(self):
        told = checks(self.record("borrowed"))["slice of its own"]
        self.assertFalse(told["ok"])
        self.assertEqual(told["achieved"], "the container's, which the runner shares")
        self.assertIn("the container's cgroupfs is read-only", told["reason"])
        self.assertIn("writable-cgroups=true", told["reason"])

    def test_two_cpus_time_for_eight_workers_on_three_cpus_is_told(self):
        record = self.record("quota")
        told = checks(record)["CPU quota"]
        self.assertFalse(told["ok"])
        self.assertEqual(told["requested"], "time for all of its 3 CPUs")
        self.assertEqual(told["achieved"], "2.00 CPUs (/sys/fs/cgroup/cpu.max)")
        self.assertIn("8 workers share the time of 2.00 CPUs", told["reason"])
        self.assertEqual(record["slice"]["inherited"]["cpus"], 2.0)
        self.assertIsInstance(record["cpu"]["nr_throttled"], int)

    def test_a_writable_cgroupfs_is_delegated_and_the_text_is_below_the_container_s_cgroup(self):
        record = self.record("delegated")
        self.assertEqual(record["slice"]["provenance"], "delegated")
        self.assertRegex(record["slice"]["path"], r"\A/sys/fs/cgroup/docker/[0-9a-f]{64}/tare-[^/]+/cell-0\Z")
        self.assertEqual(record["slice"]["inherited"]["memory_max_bytes"], 256 << 20)
        self.assertGreater(record["memory"]["slice"]["current"]["avg"], 0)
        self.assertGreater(record["memory"]["all_pids"]["pss"]["avg"], 0)
        self.assertEqual(set(record["slice"]["controllers"]) >= {"cpuset", "memory", "pids"}, True)

    def test_where_docker_s_own_filter_hides_clone3_the_workload_is_moved_and_the_verdict_says_so(self):
        told = checks(self.record("delegated"))["born in the slice"]
        self.assertFalse(told["ok"])
        self.assertIn("a filter hides clone3", told["reason"])

    def test_with_the_shipped_filter_it_is_born_there(self):
        record = self.record("delegated_own_profile")
        self.assertEqual(record["slice"]["provenance"], "delegated")
        self.assertTrue(checks(record)["born in the slice"]["ok"])

    def test_a_hierarchy_from_outside_of_its_cgroup_namespace_is_not_used(self):
        record = self.record("outside")
        self.assertEqual(record["slice"]["provenance"], "none")
        self.assertIn("--cgroupns host", record["slice"]["provenance_reason"])

    def test_strict_refuses_what_is_only_borrowed(self):
        self.assertEqual((self.out / "strict.status").read_text().strip(), "3")
        self.assertIn("--isolation strict: the slice would be 'borrowed'", (self.out / "strict.err").read_text())

    def test_nothing_is_left_in_the_hierarchy(self):
        self.assertEqual((self.out / "left").read_text(), "")


if __name__ == "__main__":
    unittest.main()
