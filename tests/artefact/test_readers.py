#!/usr/bin/env python3
"""How records are read: each file once by each command, and with a byte order mark by each, too."""

import collections
import hashlib
import json
import os
import re
import shutil
import subprocess
import unittest

from bundles import TARE, BundleTest, tare
from test_reproduce import make

OPENED = re.compile(r'open(?:at2?)?\((?:[^"]*, )?"([^"]*)".*\) = \d+')


class Readers(BundleTest):
    def setUp(self):
        super().setUp()
        self.folder = shutil.copytree(type(self).folder, self.dir / "records")
        self.records = sorted(path.name for path in self.folder.glob("*.json") if '"tare.record/1"' in path.read_text())
        self.assertGreater(len(self.records), 1)

    def opened(self, *words):
        """How often each name was opened: a file a process, so that no line is cut in two by another's."""
        log = self.dir / "strace"
        done = subprocess.run(["strace", "-ff", "-e", "trace=open,openat,openat2", "-o", log, TARE, *words],
                              capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = "".join(path.read_text() for path in self.dir.glob("strace.*"))
        return collections.Counter(path.rpartition("/")[2] for path in OPENED.findall(calls))

    def assert_once(self, *words):
        for old in self.dir.glob("strace.*"):
            old.unlink()
        opened = self.opened(*words)
        self.assertEqual({name: opened[name] for name in self.records}, dict.fromkeys(self.records, 1), words)

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_a_report_opens_each_record_once(self):
        for how in (["--text"], ["--format", "csv"], ["--format", "json"]):
            self.assert_once("report", *how, self.folder)

    def test_a_report_replaces_no_record_that_it_is_of(self):
        record = self.folder / self.records[0]
        before, link = record.read_bytes(), self.dir / "link"
        link.symlink_to(self.folder)
        for words in ([self.folder, "--output", record], [link, "--format", "csv", "-o", record], [record, "--text", "-o", link / record.name],
                      [self.folder, "--format", "json", "-o", self.folder / "../records" / record.name]):
            done = tare("report", *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r"^tare: report: --output '[^\n]*' would replace '[^\n]*', which is read \(name another file\)\n$")
            self.assertEqual(record.read_bytes(), before)
        self.assertEqual(tare("report", self.folder, "-o", self.folder / "page.html").returncode, 0)

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_a_comparison_opens_each_record_once_a_side(self):
        other = shutil.copytree(self.folder, self.dir / "other")
        opened = self.opened("compare", "--noise-floor", "none", self.folder, other)
        self.assertEqual({name: opened[name] for name in self.records}, dict.fromkeys(self.records, 2))

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_packing_opens_each_record_once(self):
        self.assert_once("pack", self.folder, "-o", self.dir / "once.tar")

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_verifying_opens_the_bundle_once(self):
        bundle = shutil.copy(self.packed, self.dir / "bundle.tar")
        self.assertEqual(self.opened("verify", bundle)["bundle.tar"], 1)

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_a_pool_verifies_a_file_once_under_whatever_names(self):
        bundle = make(self.dir / "plan")
        self.assertEqual(tare("reproduce", bundle, "--out", self.dir / "again").returncode, 0)
        self.assertEqual(tare("pack", self.dir / "again", "-o", self.dir / "0.tar").returncode, 0)
        names = [self.dir / "0.tar", *(shutil.copy(self.dir / "0.tar", self.dir / f"{n}.tar") for n in range(1, 30))]

        def read(*names):
            for old in self.dir.glob("strace.*"):
                old.unlink()
            words = ["strace", "-ff", "-e", "trace=open,openat,openat2", "-o", self.dir / "strace", TARE, "pool", "--json", *names]
            done = subprocess.run(words, capture_output=True, text=True, timeout=300, env={"PATH": os.environ["PATH"]})
            calls = "".join(path.read_text() for path in self.dir.glob("strace.*"))
            return json.loads(done.stdout), collections.Counter(path.rpartition("/")[2] for path in OPENED.findall(calls))

        said, opened = read(*names)
        self.assertEqual([one["state"] for one in said["bundles"]], ["counted", *29 * ["twin"]])
        self.assertEqual({one["sha256"] for one in said["bundles"]}, {hashlib.sha256((self.dir / "0.tar").read_bytes()).hexdigest()})
        self.assertEqual(opened["plan.lock"], read(names[0])[1]["plan.lock"])

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_the_table_of_a_plan_opens_each_record_once(self):
        made = self.dir / "plan"
        make(made)
        self.records = sorted(path.name for path in (made / "records").glob("*-*.json"))
        self.assertEqual(len(self.records), 10)
        self.assert_once("matrix", made / "records")  # all of it is run: what is left to do is the table

    @unittest.skipUnless(shutil.which("strace"), "there is no strace")
    def test_running_again_opens_each_record_once_a_process(self):
        """tare matrix for its table, and reproduce, which judges the claims and takes the digests of what it read."""
        bundle, out = make(self.dir / "plan"), self.dir / "again"
        opened = self.opened("reproduce", bundle, "--out", out)
        self.records = sorted(path.name for path in out.rglob("*-*.json"))
        self.assertEqual(len(self.records), 10)
        self.assertEqual(opened[bundle.name], 1)  # verified and unpacked at once
        self.assertEqual({name: opened[name] for name in self.records}, dict.fromkeys(self.records, 2))
        for old in self.dir.glob("strace.*"):
            old.unlink()
        opened = self.opened("reproduce", bundle, "--out", out)  # all of it is run: what is left is to judge
        self.assertEqual({name: opened[name] for name in self.records}, dict.fromkeys(self.records, 2))

    def test_what_running_again_changes_is_read_again(self):
        bundle, out = make(self.dir / "plan"), self.dir / "again"
        self.assertEqual(tare("reproduce", bundle, "--out", out).returncode, 0)
        lost = sorted(out.rglob("*-*.json"))[0]
        lost.unlink()
        done = tare("reproduce", bundle, "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        named = json.loads((out / "reproduction.json").read_text())["records"]
        digests = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in out.rglob("*-*.json"))
        self.assertEqual(sorted(one["sha256"] for one in named), digests)

    def test_a_byte_order_mark_changes_nothing_that_is_said(self):
        marked = shutil.copytree(self.folder, self.dir / "marked")
        for name in self.records:
            (marked / name).write_bytes(b"\xef\xbb\xbf" + (marked / name).read_bytes())
        for how in (["--text"], ["--format", "csv"]):  # the others tell how long the files are
            said = [tare("report", *how, folder) for folder in (self.folder, marked)]
            self.assertEqual([done.returncode for done in said], [0, 0], said)
            self.assertEqual(said[0].stdout, said[1].stdout.replace(str(marked), str(self.folder)))
        done = tare("pack", marked, "-o", self.dir / "marked.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = [tare("verify", bundle) for bundle in (self.packed, self.dir / "marked.tar")]
        self.assertEqual(said[1].returncode, said[0].returncode, said[1].stdout + said[1].stderr)


if __name__ == "__main__":
    unittest.main()
