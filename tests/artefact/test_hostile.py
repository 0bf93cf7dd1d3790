"""Bundles that mean harm: each is refused with a line that names file and fault, nothing is written outside, nothing is
left behind, and memory stays below 256 MB."""

import io
import json
import os
import shutil
import subprocess
import tarfile
import time
import unittest

import bundles
import specimen
from bundles import BundleTest, TARE, remake_crate, remake_manifests, tare

LIMIT_KB = 256 * 1024


def entry(name, data=b"x", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


class Hostile(BundleTest):
    def setUp(self):
        super().setUp()
        self.tmp = self.dir / "tmp"
        self.tmp.mkdir()

    def weigh(self, path):
        """Status, standard output and error, and the peak resident size, of one verification. PATH: without gnuplot."""
        child = subprocess.Popen([TARE, "verify", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env={"PATH": "/nonexistent", "TMPDIR": str(self.tmp)})
        out, err = child.stdout.read(), child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.stdout.close()
        child.stderr.close()
        child.returncode = os.waitstatus_to_exitcode(status)
        return child.returncode, out, err, usage.ru_maxrss

    def assert_refused(self, path, *faults):
        status, out, err, peak_kb = self.weigh(path)
        self.assertIn(status, (1, 2), out + err)
        for fault in faults:
            self.assertIn(fault, " ".join((out + err).split()))  # a long one is broken between words
        self.assertLess(peak_kb, LIMIT_KB)
        self.assertEqual(list(self.tmp.iterdir()), [], "left behind")

    def tar(self, *entries, format=tarfile.USTAR_FORMAT, whole=True):
        """The specimen's bundle with these entries behind its own."""
        path = self.dir / "hostile.tar"
        with tarfile.open(self.packed, "r") as source, tarfile.open(path, "w", format=format) as t:
            for member in source if whole else ():
                t.addfile(member, source.extractfile(member))
            for info, data in entries:
                t.addfile(info, io.BytesIO(data))
        return path

    # --- the archive

    def test_paths_that_lead_out(self):
        outside = self.dir / "outside"
        for name, fault in (("tare-specimen/../../outside", "'.' or '..' in its path"), (str(outside), "an absolute path"),
                            ("../outside", "'.' or '..' in its path"), ("tare-specimen/data//x", "an empty part in its path")):
            with self.subTest(name):
                self.assert_refused(self.tar(entry(name)), fault)
                self.assertFalse(outside.exists())

    def test_names_that_are_none(self):
        for name in ("tare-specimen/data/a b", "tare-specimen/data/\x1b[2J", "tare-specimen/data/\udcff\udcfe"):
            self.assert_refused(self.tar(entry(name)), "has a character other than")
        self.assert_refused(self.tar(entry("tare-specimen/" + 130 * "a" + "/" + 70 * "b")), "longer than 200 bytes")

    def test_links_and_devices(self):
        for kind, fault in ((tarfile.SYMTYPE, "a link"), (tarfile.LNKTYPE, "a link"), (tarfile.CHRTYPE, "neither a file nor"),
                            (tarfile.FIFOTYPE, "neither a file nor")):
            self.assert_refused(self.tar(entry("tare-specimen/data/x", b"", type=kind, linkname="/etc/passwd")), fault)

    def test_an_entry_that_comes_twice(self):
        self.assert_refused(self.tar(entry("tare-specimen/data/README.md")), "it occurs twice")
        self.assert_refused(self.tar(entry("tare-specimen/data/README.md/x")), "both as a file and as a folder")

    def test_names_that_differ_in_letter_case_alone(self):
        """Where a file system holds them for one, the later would be read in the earlier's place."""
        self.assert_refused(self.tar(entry("tare-specimen/data/readme.md")), "data/readme.md")
        bag = self.bag()
        (bag / "data/Plan.yml").write_text("schema: tare.plan/1\n")
        remake_crate(bag)
        remake_manifests(bag)
        self.assert_refused(bag, "Plan.yml")

    def test_a_second_top_folder(self):
        self.assert_refused(self.tar(entry("other/x")), "a second top folder")

    def test_headers_that_could_say_two_things(self):
        info = entry("tare-specimen/data/x", pax_headers={"path": "tare-specimen/data/y"})
        self.assert_refused(self.tar(info, format=tarfile.PAX_FORMAT), "data/y")

    def test_something_behind_the_end_of_a_tar_that_another_program_packed(self):
        path = self.dir / "other.tar"
        bag = self.bag()
        subprocess.run(["tar", "--format=gnu", "-C", bag.parent, "-cf", path, bag.name], check=True)
        path.write_bytes(path.read_bytes() + b"more")
        self.assert_refused(path, "there is data after the end of the tar")

    def test_a_sparse_file_of_another_program(self):
        bag = self.bag()
        (bag / "data/hole").touch()
        os.truncate(bag / "data/hole", 1 << 30)
        for form in ("gnu", "posix"):
            path = self.dir / f"{form}.tar"
            subprocess.run(["tar", f"--format={form}", "--sparse", "-C", bag.parent, "-cf", path, bag.name], check=True)
            self.assert_refused(path, "a sparse file")

    def test_a_sparse_file_of_a_terabyte(self):
        path = self.tar(entry("tare-specimen/data/x"))
        data = bytearray(path.read_bytes())
        at = data.find(b"tare-specimen/data/x\0")
        data[at + 124:at + 136] = b"\x80" + (1 << 40).to_bytes(11, "big")  # GNU's base-256 size
        data[at + 148:at + 156] = b"        "
        data[at + 148:at + 156] = b"%06o\0 " % sum(data[at:at + 512])
        path.write_bytes(data)
        self.assert_refused(path, "hostile.tar")

    def test_a_bomb(self):
        if not shutil.which("zstd"):
            self.skipTest("zstd is not installed")
        path = self.dir / "bomb.tar.zst"
        head = tarfile.TarInfo("tare-specimen/data/zeros")
        head.size = 3 << 30
        zeros = subprocess.Popen(["head", "-c", str((3 << 30) + 1024), "/dev/zero"], stdout=subprocess.PIPE)
        with path.open("wb") as out:
            zstd = subprocess.Popen(["zstd", "-q", "-c"], stdin=subprocess.PIPE, stdout=out)
            zstd.stdin.write(head.tobuf(tarfile.USTAR_FORMAT))
            shutil.copyfileobj(zeros.stdout, zstd.stdin, 1 << 20)
            zstd.stdin.close()
        zeros.stdout.close()
        self.assertEqual((zeros.wait(), zstd.wait()), (0, 0))
        self.assertLess(path.stat().st_size, 1 << 20)
        self.assert_refused_early(path)

    def assert_refused_early(self, path, fault="more than 200 times the size of the archive file"):
        before = time.monotonic()
        self.assert_refused(path, fault)
        self.assertLess(time.monotonic() - before, 3)

    def frames(self, *parts):
        if not shutil.which("zstd"):
            self.skipTest("zstd is not installed")
        path = self.dir / "bomb.tar.zst"
        with path.open("wb") as out:
            for data, times in parts:
                out.write(times * subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout)
        return path

    def test_a_bomb_of_files_that_are_allowed_each(self):
        parts = []
        for number in range(3):
            head = tarfile.TarInfo(f"tare-specimen/data/zeros{number}")
            head.size = 1 << 30
            parts += [(head.tobuf(tarfile.USTAR_FORMAT), 1), (bytes(1 << 26), 16)]
        self.assert_refused_early(self.frames(*parts))

    def test_a_bundle_with_zeros_behind_its_end(self):
        path = self.frames((self.packed.read_bytes(), 1), (bytes(1 << 26), 60))
        self.assert_refused_early(path, "it is longer than a bundle can be")

    def test_more_files_than_a_bundle_has(self):
        path = self.dir / "hostile.tar"
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as t:
            info = tarfile.TarInfo()
            for number in range(100_010):
                info.name = f"tare-specimen/data/{number % 1000}/{number}"
                t.addfile(info)
        self.assert_refused(path, "more than 100000 entries")

    def test_what_is_no_archive(self):
        for name, data in (("empty", b""), ("noise", os.urandom(4096)), ("text", b"hello\n")):
            (self.dir / name).write_bytes(data)
            self.assert_refused(self.dir / name, name)
        cut = self.dir / "cut.tar"
        cut.write_bytes(self.packed.read_bytes()[:100_000])
        self.assert_refused(cut, "cut.tar")

    # --- a folder

    def test_links_in_a_folder(self):
        bag = self.bag()
        (bag / "data/claims.yml").unlink()
        (bag / "data/claims.yml").symlink_to("/etc/passwd")
        self.assert_refused(bag, "data/claims.yml: neither a file nor a folder")

    def test_a_pipe_in_a_folder(self):
        bag = self.bag()
        os.mkfifo(bag / "data/pipe")
        self.assert_refused(bag, "data/pipe: neither a file nor a folder")

    # --- manifests

    def test_manifests_that_are_wrong(self):
        other = 64 * "0"
        changes = (
            (lambda lines: lines[1:], "no manifest names it"),
            (lambda lines: [*lines, f"{other}  data/nothing"], "names it, and it is not there"),
            (lambda lines: [*lines, lines[0]], "names it twice"),
            (lambda lines: [other + lines[0][64:], *lines[1:]], "its SHA-256 is"),
            (lambda lines: [*lines, f"{other}  ../outside"], "it names '../outside', which is none of its files"),
            (lambda lines: [*lines, "gibberish"], "is no line of a manifest"),
            (lambda lines: [*lines, f"{other}  bagit.txt"], "it names 'bagit.txt', which is none of its files"),
        )
        bag = self.bag()
        manifest = bag / "manifest-sha256.txt"
        lines = manifest.read_text().splitlines()
        for change, fault in changes:
            with self.subTest(fault):
                manifest.write_text("\n".join(change(lines)) + "\n")
                self.assert_refused(bag, fault)

    # --- what is in it

    def with_record(self, edit, cell=specimen.THREADS):
        """A bag in which a record's text is another and every digest is right."""
        bag = self.bag()
        path = bag / f"data/records/{cell}/0003.json"
        path.write_text(edit(path.read_text()))
        remake_crate(bag)
        remake_manifests(bag)
        return bag

    def test_records_that_are_none(self):
        record = f"records/{specimen.THREADS}/0003.json"
        edits = (
            (lambda text: 1000 * "[" + 1000 * "]", "it is not a JSON object"),
            (lambda text: '{"schema": "tare.record/1", "host": ' + 1000 * '{"a":' + "1" + 1000 * "}" + "}", "nested too deeply"),
            (lambda text: text.replace('"usage_usec": ', '"usage_usec": NaN, "x": '), "NaN"),
            (lambda text: text.replace('"avg_iter_s": ', '"avg_iter_s": 1e999, "x": '), "line"),
            (lambda text: text[:-100], "cut off"),
            (lambda text: text.replace("tare.record/1", "tare.record/9"), "this tare reads tare.record/1"),
            (lambda text: text.replace('"block": 3', '"block": 4'), "it is the record of another invocation"),
            (lambda text: text.replace(f'"cell": "{specimen.THREADS}"', '"cell": "nobody"'), "it is of no invocation"),
            (lambda text: text.replace('"seed": 7', '"seed": 7, "sha256": "0"'), record),
            (lambda text: text.replace('"host": {', '"host": {"pad": "' + "x" * (2 << 20) + '", '), "record"),
            (lambda text: text.replace('"cpu": {', '"cpu": {"a": [' + ",".join(1_000_000 * ["[]"]) + "], "), record),
        )
        for number, (edit, fault) in enumerate(edits):
            with self.subTest(number):
                shutil.rmtree(self.dir / "bag", ignore_errors=True)
                self.assert_refused(self.with_record(edit), fault, record)

    def test_claims_that_are_none(self):
        for number, (claims, fault) in enumerate((
            ("schema: tare.claims/1\nclaims: [" * 500, "claims.yml"),
            (specimen.CLAIMS.replace(specimen.FORK, "nobody"), "which is no cell of the plan"),
            (specimen.CLAIMS.replace("{min: 1.5}", "{min: nan}"), "what is allowed is a number"),
            (specimen.CLAIMS.replace("id: C2", "id: C1"), "'C1' is a claim already"),
            ("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b]\n", "claims.yml"),
        )):
            with self.subTest(number):
                shutil.rmtree(self.dir / "bag", ignore_errors=True)
                bag = self.bag()
                (bag / "data/claims.yml").write_text(claims)
                remake_crate(bag)
                remake_manifests(bag)
                self.assert_refused(bag, fault)

    def test_pack_json_that_is_none(self):
        for number, (edit, fault) in enumerate((
            (lambda o: o | {"schema": "x"}, "env/pack.json: its schema is 'x'"),
            (lambda o: o | {"authors": []}, "it names no author"),
            (lambda o: o | {"date_s": -1}, "date_s is no date"),
            (lambda o: {}, "env/pack.json"),
        )):
            with self.subTest(number):
                shutil.rmtree(self.dir / "bag", ignore_errors=True)
                bag = self.bag()
                path = bag / "data/env/pack.json"
                path.write_text(json.dumps(edit(json.loads(path.read_text()))))
                remake_crate(bag)
                remake_manifests(bag)
                self.assert_refused(bag, fault)

    def test_no_text_of_a_record_or_name_of_its_file_steers_the_terminal(self):
        """In a folder as somebody else gave it, which is no bundle and was not verified."""
        def strange(value, key=""):
            if isinstance(value, dict):
                return {k: strange(v, k) for k, v in value.items()}
            if isinstance(value, list):
                return [strange(v, key) for v in value]
            kept = not isinstance(value, str) or key in ("schema", "mode", "profile", "reason", "sha256", "cell", "label")
            return value if kept else value + "\x1b[2J\x9b1m\u202e\nx"

        theirs, ours = self.dir / "theirs", self.dir / "ours"
        for folder in (theirs, ours):
            shutil.copytree(self.folder, folder)
        for path in theirs.glob("0*.json"):
            path.write_text(json.dumps(strange(json.loads(path.read_text())), ensure_ascii=False))
        (theirs / "0099-\x1b[2J\x9b1m\u202e.json").write_text('{"schema": "tare.other/1"}')
        page = self.dir / "page.html"
        for words in (("report", "--text", theirs), ("report", "--format", "md", theirs), ("report", "--format", "csv", theirs),
                      ("report", "-o", page, theirs), ("compare", theirs, ours), ("compare", "--format", "md", theirs, theirs),
                      ("compare", "--format", "csv", theirs, theirs), ("plan-size", theirs), ("matrix", theirs, "--dry-run")):
            with self.subTest(" ".join(map(str, words))):
                done = tare(*words)
                self.assertIn(done.returncode, (0, 2), done.stderr)
                said = done.stdout + done.stderr + (page.read_text() if page.exists() else "")
                self.assertEqual([c for c in "\x1b\x9b\u202e" if c in said], [], said)

    def test_a_record_of_a_hundred_megabytes(self):
        self.assert_refused(self.with_record(lambda text: text + 100_000_000 * " "), "a record above 32 MiB")


if __name__ == "__main__":
    unittest.main()
