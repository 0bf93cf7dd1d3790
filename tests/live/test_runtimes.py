"""The interpreters of this host: what `--runtime list` shows can be weighed, and what it says cannot be is refused."""

import hashlib
import os
import re
import subprocess
import unittest
from pathlib import Path

import rig
from rig import LiveTest, setUpModule  # noqa: F401


def listed() -> tuple[dict[str, str], dict[str, str]]:
    """Name and path of those that can be weighed, the first of each name; path and reason of the others."""
    done = subprocess.run([rig.TARE, "run", "--runtime", "list", "-v"], capture_output=True, text=True, env=rig.environment(), check=True)
    able, _, unable = done.stdout.partition("\nThese cannot be weighed:\n")
    names: dict[str, str] = {}
    for name, path in re.findall(r"^(3\.\d+t?) .*\n    (/.+)$", able, re.M):
        names.setdefault(name, path)
    others = {}
    for why, paths in re.findall(r"^  (\S(?:.*\n)(?:  \S.*\n)*)((?: {4}.*\n)+)", unable, re.M):
        for path in re.findall(r"^ {4}(?:3\.\S+ +)?(/.+)$", paths, re.M):
            others[path] = " ".join(why.split()).removesuffix(":")
    return names, others


@unittest.skipIf(rig.EMULATED, "it asks every interpreter of the host, half a minute each here: run on the host")
class Runtimes(LiveTest):
    def test_the_list_has_the_interpreter_that_these_tests_run_on(self):
        names, others = listed()
        self.assertTrue(names, "the list is empty")
        for path in [*names.values(), *others]:
            self.assertTrue(os.access(path, os.X_OK), f"'{path}' is no program")

    def test_the_record_has_the_allocator_that_was_asked_for(self):
        for env, allocator, features in ((None, "pymalloc", None), ("PYTHONMALLOC=malloc", "malloc", "malloc")):
            done = self.run_cell("--runtime", "3.14", "--iterations", 2, *(["--env", env] if env else []))
            self.assert_ok(done)
            build = done.record["runtime"]["build"]
            self.assertEqual(build["allocator"], allocator)
            self.assertIn(features or build["features"], build["features"])

    def venv(self, name: str = "venv") -> Path:
        """One of two packages, and of folders that are none: each would lead out of it, or say what it is not."""
        python = Path(self.run_cell("--runtime", "3.14", "--iterations", 2).record["runtime"]["path"])
        venv = self.dir / name
        site = venv / "lib" / "python3.14" / "site-packages"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(python)
        (venv / "pyvenv.cfg").write_text(f"home = {python.parent}\ninclude-system-site-packages = false\n")
        for name in ("Foo_Bar-1.0", "none-2.0+local", "link-1", "pipe-1", "huge-1", "new\nline-1", "esc\x1b[31m-1", "-"):
            (site / f"{name}.dist-info").mkdir(parents=True)
        (site / "Foo_Bar-1.0.dist-info" / "RECORD").write_text("foo.py,,\n")
        (site / "link-1.dist-info" / "RECORD").symlink_to("/etc/passwd")
        os.mkfifo(site / "pipe-1.dist-info" / "RECORD")
        with open(site / "huge-1.dist-info" / "RECORD", "wb") as file:
            file.truncate(17 << 20)
        (site / "out-1.dist-info").symlink_to("/etc")
        (site / "evil.pth").write_text("import sys; print('dist evil 1 -'); sys.stdout.flush()\n")
        return venv

    def test_the_packages_of_a_venv_are_in_the_record_and_nothing_from_outside_of_it(self):
        done = self.run_cell("--runtime", self.venv() / "bin" / "python", "--iterations", 2)
        self.assert_ok(done)
        runtime = done.record["runtime"]
        digest = hashlib.sha256(b"foo.py,,\n").hexdigest()
        self.assertEqual(runtime["packages"]["foo-bar"], {"version": "1.0", "record_sha256": digest})
        self.assertEqual(set(runtime["packages"]), {"foo-bar", "none"})
        self.assertEqual((runtime["packages_omitted"], runtime["packages_refused"]), (0, 7))

    def test_what_is_installed_without_a_record_is_counted_and_a_folders_name_is_no_pattern(self):
        venv = self.venv("v[1]*")
        site = venv / "lib" / "python3.14" / "site-packages"
        (site / "old-1.egg-info").mkdir()
        (site / "older-1.egg-info").write_text("Name: older\n")
        (site / "linked.egg-link").write_text("/\n")
        done = self.run_cell("--runtime", venv / "bin" / "python", "--iterations", 2)
        self.assert_ok(done)
        runtime = done.record["runtime"]
        self.assertEqual(set(runtime["packages"]), {"foo-bar", "none"})
        self.assertEqual((runtime["packages_omitted"], runtime["packages_refused"]), (0, 7 + 3))

    def test_what_is_older_than_3_12_is_refused_by_name_and_by_path(self):
        done = self.run_cell("--runtime", "3.11")
        self.assertEqual(done.status, 2, done)
        self.assertIn("--runtime '3.11': 3.12 or newer is needed", done.err)
        old = next((path for path, why in listed()[1].items() if why.startswith("3.12 or newer is needed")), None)
        if not old:
            self.skipTest("no older interpreter lies on this host")
        done = self.run_cell("--runtime", old)
        self.assertEqual(done.status, 2, done)
        self.assertRegex(done.err, r"it is Python 3\.\d+\.\d+; 3\.12 or newer is needed")

    def test_each_version_that_is_listed_runs_each_mode_that_it_has(self):
        names, _ = listed()
        older = [name for name in names if name.startswith(("3.12", "3.13"))]
        if not older:
            self.skipTest("no CPython 3.12 or 3.13 lies on this host")
        for name in older:
            for mode in ("threads", "processes"):
                with self.subTest(runtime=name, mode=mode):
                    done = self.run_cell("--runtime", name, "--mode", mode, "--iterations", 2, "--warmup", 0, "--workers", 2)
                    self.assert_ok(done)
                    self.assertEqual(done.record["runtime"]["name"], name)
                    self.assertIs(done.record["runtime"]["gil_enabled_at_end"], not name.endswith("t"))
            done = self.run_cell("--runtime", name, "--mode", "interpreters")
            self.assertEqual(done.status, 2, done)
            self.assertIn("has no concurrent.interpreters (3.14 and newer have)", done.err)

