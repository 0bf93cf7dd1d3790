#!/usr/bin/env python3
"""What is handed on of the sources: the tar of `make dist`, and that packaging speaks of this version. The packages
themselves are built and installed by `make test-deb`."""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = re.search(r'TARE_VERSION "(.*)"', (ROOT / "runner/base/version.h").read_text())[1]


def run(*words, **more) -> str:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True, timeout=120, **more).stdout


class Dist(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)

    def made_in(self, checkout: Path) -> Path:
        return Path(run("make", "-C", checkout, "--no-print-directory", "dist").strip())

    def clone(self, name: str) -> Path:
        run("git", "clone", "--quiet", ROOT, self.folder / name)
        return self.folder / name

    def test_one_commit_is_always_the_same_bytes(self):
        one = self.made_in(self.clone("one"))
        two = self.clone("two")
        run("git", "-C", two, "config", "tar.umask", "077")
        os.utime(two / "Makefile", (0, 0))
        (two / "untracked").write_text("it is not in the tar")
        old = os.umask(0o077)
        self.addCleanup(os.umask, old)
        self.assertEqual(*(hashlib.sha256(file.read_bytes()).hexdigest() for file in (one, self.made_in(two))))

    def test_it_knows_its_version_and_commit_inside_of_another_repository_too(self):
        checkout = self.clone("checkout")
        commit = run("git", "-C", checkout, "rev-parse", "--short=12", "HEAD").strip()
        tar = self.made_in(checkout)
        self.assertEqual(tar.name, f"tare-{VERSION}.tar.xz")
        other = self.folder / "other"
        run("git", "init", "--quiet", other)
        with tarfile.open(tar) as files:
            self.assertEqual({name.split("/")[0] for name in files.getnames()}, {f"tare-{VERSION}"})
            files.extractall(other)
        told = run("make", "-C", other / f"tare-{VERSION}", "-pn", "help")
        self.assertIn(f"COMMIT := {commit}\n", told)
        self.assertIn(f"VERSION := {VERSION}\n", told)


class Packaging(unittest.TestCase):
    def test_the_changelog_and_the_citation_are_of_this_version(self):
        changelog = (ROOT / "scripts/debian/changelog").read_text()
        self.assertEqual(re.match(r"tare \((.*?)\) ", changelog)[1], VERSION)
        self.assertIn(f"\nversion: {VERSION}\n", (ROOT / "CITATION.cff").read_text())

    @unittest.skipUnless(shutil.which("dpkg-parsechangelog"), "no dpkg-parsechangelog here (apt-get install dpkg-dev)")
    def test_dpkg_reads_the_changelog_without_a_warning(self):
        done = subprocess.run(["dpkg-parsechangelog", "--all", "-l", ROOT / "scripts/debian/changelog"], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")

    def test_what_is_built_with_is_what_setup_installs(self):
        """scripts/setup build, less what every Debian builder has and what CPython takes."""
        control = (ROOT / "scripts/debian/control").read_text().partition("Build-Depends:\n")[2].partition("\nStandards")[0]
        named = {line.split()[0].rstrip(",") for line in control.splitlines()} - {"debhelper-compat", "libcmocka-dev", "pkgconf"}
        builds = {name for name in run(ROOT / "scripts/setup", "--print").split() if name.endswith("-dev")}
        self.assertEqual(named, builds - {"libc6-dev", "libffi-dev"})


if __name__ == "__main__":
    unittest.main()
