"""A bundle from its making to its verdict."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

import bundles
import jsonschema
import specimen
from bundles import TOP, BundleTest, files, remake_crate, remake_manifests, sha256, tare

VERIFICATION = json.loads((TOP / "runner/bundle/tare-verification.schema.json").read_text())


class Packing(BundleTest):
    def test_what_was_packed_is_whole_and_follows_from_the_records(self):
        said = self.verify(self.packed, status=0)
        self.assertEqual(said["integrity"], {"findings": [], "found": 0, "key": None, "signature": "unsigned", "verdict": "good"})
        self.assertEqual(said["derivation"]["verdict"], "good")
        self.assertEqual(said["records"], 15)
        self.assertEqual(said["rerun"]["verdict"], "not run")
        self.assertEqual([c["verdict"] for c in said["derivation"]["claims"]], ["SUPPORTED", "SUPPORTED"])

    def test_its_name_is_the_digest_of_the_tar(self):
        self.assertIn(f"sha256 {sha256(self.packed)}\n", self.said)
        self.assertEqual(self.verify(self.packed)["sha256"], sha256(self.packed))
        self.assertEqual(self.verify(self.bag())["sha256"], sha256(self.packed))

    def test_the_same_records_give_the_same_bytes_anywhere(self):
        odd = {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE.UTF-8", "HOME": "/nonexistent"}
        for number, (env, umask) in enumerate([({"TZ": "UTC"}, 0o022), (odd, 0o077), (odd, 0)]):
            folder = self.dir / f"some where {number}" / "else"
            shutil.copytree(self.folder, folder)
            tar = self.dir / f"{number}.tar"
            done = tare("pack", folder, "-o", tar, env=env, umask=umask)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(sha256(tar), sha256(self.packed))

    def test_equal_sources_give_the_bytes_that_this_format_gave(self):
        """Else `tare verify` would call bundles broken that were packed before: PACK_FORMAT of pack_info.h tells it."""
        sources = ("env/pack.json", "env/versions.lock", "LICENSE", "claims.yml", "plan.yml", "plan.lock")
        bag = self.bag()
        pack = json.loads((bag / "data/env/pack.json").read_text())
        lines = []
        for name in files(bag / "data"):
            path = bag / "data" / name
            if name.startswith("records/") or name in sources or path.suffix in (".svg", ".png", ".pdf"):  # drawn by gnuplot
                continue
            text = path.read_text()
            for build in pack["tool"]["commit"], pack["tool"]["version"], "0.1.0":  # that of the specimen's records
                text = text.replace(build, "BUILD")
            if name == "ro-crate-metadata.json":  # of all files
                text = re.sub(r'"(sha256|contentSize)": "\w+"', "", text)
            lines.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n")
        golden = TOP / f"tests/golden/derived-{pack['format']}.txt"
        if os.environ.get("UPDATE_GOLDEN") == "1" and not golden.exists():
            golden.write_text("".join(lines))
        self.assertEqual("".join(lines), golden.read_text(), "raise PACK_FORMAT, then UPDATE_GOLDEN=1")

    def test_its_date_is_the_epoch_that_is_given(self):
        tar = self.dir / "dated.tar"
        self.assertEqual(tare("pack", self.folder, "-o", tar, env={"SOURCE_DATE_EPOCH": "86400"}).returncode, 0)
        bag = bundles.unpack(tar, self.dir / "bag")
        self.assertIn("date-released: 1970-01-02\n", (bag / "data/CITATION.cff").read_text())
        self.assertEqual((bag / "data/README.md").stat().st_mtime, 86400)
        self.verify(tar, status=0)

    def test_its_entries_are_canonical(self):
        names = subprocess.run(["tar", "tvf", self.packed, "--numeric-owner"], capture_output=True, text=True, check=True)
        lines = [line.split() for line in names.stdout.splitlines()]
        self.assertEqual({(line[0], line[1]) for line in lines}, {("-rw-r--r--", "0/0")})
        self.assertEqual([line[5] for line in lines], sorted(line[5] for line in lines))

    def test_a_plan_without_all_its_records_is_refused_and_packed_on_demand(self):
        folder, tar = self.dir / "part", self.dir / "part.tar"
        shutil.copytree(self.folder, folder)
        (folder / f"0003-{specimen.FORK}.json").unlink()
        done = tare("pack", folder, "-o", tar)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"1 of the plan's 15 invocations are missing ({specimen.FORK}, block 3", done.stderr)
        self.assertEqual(list(self.dir.iterdir()), [folder])
        self.assertEqual(tare("pack", folder, "-o", tar, "--allow-incomplete").returncode, 0)
        said = self.verify(tar, status=0)
        self.assertIn("1 invocations of the plan are missing; it was packed so (--allow-incomplete)", said["derivation"]["notes"])
        bag = bundles.unpack(tar, self.dir / "bag")
        self.assertIn(f"{specimen.FORK}, block 3", (bag / "data/README.md").read_text())

    def test_a_record_that_is_taken_out_is_missed(self):
        bag = self.bag()
        (bag / f"data/records/{specimen.FORK}/0002.json").unlink()
        remake_manifests(bag)
        texts = [f["text"] for f in self.findings(self.verify(bag, status=1))]
        self.assertTrue(any(f"{specimen.FORK}, block 2: it has no record" in text for text in texts), texts)

    def test_a_failed_invocation_is_packed_with_its_reason(self):
        def fail(records):
            records[f"0002-{specimen.FORK}.json"]["termination"] = {"reason": "oom", "detail": "killed in iteration 3"}

        specimen.make(self.dir / "failed", edit=fail)
        tar = self.dir / "failed.tar"
        self.assertEqual(tare("pack", self.dir / "failed", "-o", tar).returncode, 0)
        self.verify(tar, status=0)
        bag = bundles.unpack(tar, self.dir / "bag")
        crate = json.loads((bag / "data/ro-crate-metadata.json").read_text())
        failed = [e for e in crate["@graph"] if e["@type"] == "CreateAction" and "error" in e]
        self.assertEqual([(e["error"], e["actionStatus"]["@id"]) for e in failed],
                         [("killed in iteration 3", "http://schema.org/FailedActionStatus")])

    def test_without_claims_it_says_so_and_has_a_valid_file_of_none(self):
        specimen.make(self.dir / "none", claims=None)
        done = tare("pack", self.dir / "none", "-o", self.dir / "none.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("nothing is claimed", done.stdout)
        self.assertEqual(self.verify(self.dir / "none.tar", status=0)["derivation"]["claims"], [])

    def test_a_claim_of_no_cell_is_refused_with_its_place(self):
        specimen.make(self.dir / "other", claims=specimen.CLAIMS.replace(f"of: {specimen.FORK}", "of: nobody"))
        done = tare("pack", self.dir / "other", "-o", self.dir / "other.tar")
        self.assertEqual(done.returncode, 2)
        self.assertIn("claims.yml:5:12: ", done.stderr)
        self.assertIn("'nobody', which is no cell of the plan 'specimen'", done.stderr)

    def test_a_folder_of_no_plan_is_refused(self):
        done = tare("pack", self.dir, "-o", self.dir / "x.tar")
        self.assertEqual((done.returncode, list(self.dir.iterdir())), (2, []))
        self.assertIn("holds no plan", done.stderr)


class Whys(BundleTest):
    """What --why left beside a record goes along, and is held against the record and against itself."""

    RECORD = f"0002-{specimen.THREADS}"
    INSIDE = f"data/records/{specimen.THREADS}/0002.why.json"

    def folder_with(self, **changes):
        folder = self.dir / "explained"
        shutil.copytree(self.folder, folder)
        record = json.loads((folder / f"{self.RECORD}.json").read_text())
        (folder / f"{self.RECORD}.why.json").write_text(json.dumps(specimen.why(record["id"]) | changes))
        return folder

    def packed_with(self, **changes):
        tar = self.dir / "explained.tar"
        done = tare("pack", self.folder_with(**changes), "-o", tar)
        self.assertEqual(done.returncode, 0, done.stderr)
        return tar, done.stdout

    def test_it_is_carried_and_named(self):
        tar, said = self.packed_with()
        self.assertIn("carried: what --why found of 1 record\n", said)
        self.verify(tar, status=0)
        bag = bundles.unpack(tar, self.dir / "bag")
        self.assertEqual((bag / self.INSIDE).read_bytes(), (self.dir / f"explained/{self.RECORD}.why.json").read_bytes())
        self.assertIn("`records/*/*.why.json`", (bag / "data/README.md").read_text())
        crate = {e["@id"]: e for e in json.loads((bag / "data/ro-crate-metadata.json").read_text())["@graph"]}
        entity = crate[self.INSIDE.removeprefix("data/")]
        self.assertEqual(entity["about"], {"@id": f"records/{specimen.THREADS}/0002.json"})
        self.assertIn("tare.why/1", entity["description"])
        report = tare("report", "--text", bag)
        self.assertEqual((report.returncode, report.stderr), (0, ""))
        self.assertIn("thread lock", report.stdout)

    def test_that_of_another_record_is_left_out_and_said(self):
        tar, said = self.packed_with(of="20200101T000000Z-00000000")
        self.assertIn("left out: 1 *.why.json of another record than the one beside it\n", said)
        self.assertEqual(sha256(tar), sha256(self.packed))

    def test_one_that_is_broken_is_refused_in_a_line(self):
        for changes, why in (({"workers": -1}, "'workers' is no whole number"), ({"verdict": None}, "'verdict' is not the first cause")):
            with self.subTest(why):
                shutil.rmtree(self.dir / "explained", ignore_errors=True)
                done = tare("pack", self.folder_with(**changes), "-o", self.dir / "x.tar")
                self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
                self.assertIn(f"{self.RECORD}.why.json': {why}", done.stderr)

    def test_whoever_changes_it_and_makes_all_else_anew_is_found(self):
        tar, _ = self.packed_with()
        path = self.INSIDE.removeprefix("data/")

        def causes(first_share, first_ns):
            def change(why):
                why["causes"][0] |= {"share": first_share, "lost_ns": first_ns}
            return change

        for number, (change, verdict, text) in enumerate((
            (causes(0.76, 600_000_000), "derivation", "'share' of a cause is not its part of 'lost_ns'"),
            (causes(0.5, 400_000_000), "derivation", "'lost_ns' is not what 'causes' and 'unattributed_ns' add up to"),
            (lambda why: why.update(verdict="object_lock"), "derivation", "'verdict' is not the first cause that costs enough"),
            (lambda why: why["causes"].reverse(), "derivation", "'verdict' is not the first cause"),
            (lambda why: why["times"].update(own_ns=1), "derivation", "'thread_ns' is not what"),
            (lambda why: why.update(of="somebody"), "integrity", "it is of the record somebody, and lies beside that of "),
            (lambda why: why.update(schema="tare.why/9"), "integrity", "'schema' is not tare.why/1"),
        )):
            with self.subTest(text):
                bag = bundles.unpack(tar, self.dir / f"{number}")
                why = json.loads((bag / self.INSIDE).read_text())
                change(why)
                (bag / self.INSIDE).write_text(json.dumps(why))
                remake_crate(bag)
                remake_manifests(bag)
                found = self.verify(bag, status=1, draw=False)[verdict]["findings"]
                self.assertTrue(any(f["file"] == path and text in f["text"] for f in found), found)

    def test_one_beside_no_record_is_a_stranger(self):
        tar, _ = self.packed_with()
        bag = bundles.unpack(tar, self.dir / "bag")
        (bag / self.INSIDE).rename(bag / self.INSIDE.replace("0002", "0099"))
        remake_manifests(bag)
        texts = [f["text"] for f in self.findings(self.verify(bag, status=1, draw=False))]
        self.assertTrue(any("none of a bundle's files" in text for text in texts), texts)


class Outputs(BundleTest):
    def test_a_file_that_cannot_be_written_gets_one_line_before_anything_is_done(self):
        layout = f"oci:{self.dir / 'layout'}:v1"
        self.assertEqual(tare("push", self.packed, layout).returncode, 0)
        (self.dir / "folder.tar").mkdir()
        before = sorted(self.dir.rglob("*"))
        for output, line in (
            (self.dir / "none/x.tar", f"the folder '{self.dir / 'none'}': No such file or directory"),
            (self.dir / "layout/index.json/x.tar", "Not a directory"),
            (self.dir / "folder.tar", "is not a regular file"),
            (self.dir / "x.tar.zst", "a name that ends in .tar ('zstd FILE.tar' compresses it afterwards)"),
        ):
            for words in (("pack", self.folder), ("pull", layout)):
                done = tare(*words, "-o", output)
                self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
                self.assertIn(f"-o '{output}'", done.stderr)
                self.assertIn(line, done.stderr)
        self.assertEqual(sorted(self.dir.rglob("*")), before)


class Claims(BundleTest):
    def test_what_is_wrong_with_claims_is_told_by_their_file_line_and_column(self):
        for number, (old, new, line) in enumerate((
            ("figure: avg_iter_s", "figure: bogus", "5:92: the claim 'C1' names 'bogus', which is no figure of the records: they have "),
            (specimen.MEMORY, "nobody", "10:12: the claim 'C2' names 'nobody', which is no cell of the plan"),
            ("tolerance: 0.10", "tolerance: wide", "7:16: tolerance 'wide': what is allowed is a number"),
        )):
            claims = specimen.CLAIMS.replace(old, new)
            specimen.make(self.dir / f"{number}", claims=claims)
            given = self.dir / f"given {number}.yml"
            given.write_text(claims)
            for options, name in ((("--claims", given), given), ((), self.dir / f"{number}/claims.yml")):
                done = tare("pack", self.dir / f"{number}", "-o", self.dir / "x.tar", *options)
                self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
                self.assertIn(f"{name}:{line}", done.stderr)
        self.assertFalse((self.dir / "x.tar").exists())

    def test_a_figure_of_cells_that_have_not_run_well_may_be_unknown_yet(self):
        def fail(records):
            for name, record in records.items():
                if specimen.MEMORY in name:
                    record["termination"] = {"reason": "oom", "detail": "killed in iteration 1"}

        specimen.make(self.dir / "failed", claims=specimen.CLAIMS.replace("pss_bytes", "requests_per_s"), edit=fail)
        done = tare("pack", self.dir / "failed", "-o", self.dir / "x.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 NOT RUN", done.stdout)


class Words(BundleTest):
    """What people read of a bundle that somebody else made."""

    def packed_of(self, **made):
        specimen.make(self.dir / "folder", **made)
        done = tare("pack", self.dir / "folder", "-o", self.dir / "x.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.dir / "x.tar"

    def test_no_text_of_a_bundle_makes_a_line_or_steers_the_terminal(self):
        claims = specimen.CLAIMS.replace("fork costs more than 1.5 times what threads cost",
                                         r'"fork\nderivation: good\e[2J\u009b1mcosts"')
        tar = self.packed_of(claims=claims, edit=lambda records: [
            record.update(host=specimen.HOST | {"cpu_model": "A CPU\nintegrity: good\x1b[8m"}) for record in records.values()])
        again = self.dir / "again"
        specimen.make(again, seed=8)
        for words in (("verify", tar), ("reproduce", tar, "--out", again)):
            said = tare(*words).stdout
            self.assertTrue(said.isascii() and said.replace("\n", "").isprintable(), said)
            flat = " ".join(said.split())
            self.assertIn(r"fork\x0aderivation: good\x1b[2J\xc2\x9b1mcosts", flat)
            self.assertIn(r"A CPU\x0aintegrity: good\x1b[8m; here", flat)
            self.assertEqual([said.count(f"\n{line}: ") for line in ("integrity", "derivation")], [1, 1])

    def test_a_version_in_a_bundle_makes_no_line(self):
        bag = self.bag()
        path = bag / "data/env/pack.json"
        pack = json.loads(path.read_text())
        pack["drawn_by"]["gnuplot"] = "5\nintegrity: good"
        path.write_text(json.dumps(pack))
        remake_crate(bag)
        remake_manifests(bag)
        said = tare("verify", bag).said
        self.assertIn(r"gnuplot 5\x0aintegrity: good with its fonts", said)

    def test_the_machines_of_all_records_are_held_against_this_one(self):
        def edit(records):
            for name, record in records.items():
                if name.startswith("0003"):
                    record["host"] = specimen.HOST | {"cpu_model": "Another CPU"}

        tar = self.packed_of(edit=edit)
        said = self.verify(tar, draw=False)["environment"]
        self.assertEqual(said["varying"], 1)
        self.assertIn("A CPU; Another CPU", [d["theirs"] for d in said["differences"] if d["field"] == "cpu_model"])
        self.assertIn("the records are not all of one machine: in 1 of these they differ among themselves",
                      tare("verify", tar).said)
        self.assertEqual(self.verify(self.packed, draw=False)["environment"]["varying"], 0)


    def test_what_is_no_bundle_is_told_so_and_no_more(self):
        folder, plain = self.dir / "folder", self.dir / "plain.tar"
        folder.mkdir()
        for number in range(20):
            (folder / f"a link {number}").symlink_to("nowhere")
        subprocess.run(["tar", "-cf", plain, "-C", self.dir, "folder"], check=True)
        for path in (folder, plain):
            for words in (("verify", path), ("reproduce", path), ("push", plain, f"oci:{self.dir / 'layout'}")):
                done = tare(*words)
                self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (2, "", 1), done.stdout + done.stderr)
                self.assertIn("it is no bundle: it has no bagit.txt", done.stderr)

    def test_a_message_of_a_file_names_it_once_and_advises_nothing_that_is_not_there(self):
        edits = {
            "plan.yml": ("invocations: 5", "invocations: 6",
                         "* plan.yml: it is not the plan that its records are of: its SHA-256 is not that of plan.lock "),
            f"records/{specimen.FORK}/0001.json": ("tare.record/1", "tare.record/9", ".json: line 2: its schema is "),
        }
        for number, (name, (old, new, line)) in enumerate(edits.items()):
            bag = bundles.unpack(self.packed, self.dir / f"{number}")
            path = bag / "data" / name
            path.write_text(path.read_text().replace(old, new))
            remake_crate(bag)
            remake_manifests(bag)
            said = tare("verify", bag).said
            self.assertIn(line, said)
            self.assertEqual(said.count(name), 1, said)

    def test_a_finding_of_the_bundle_itself_names_no_file(self):
        tar = self.dir / "longer.tar"
        tar.write_bytes(self.packed.read_bytes() + bytes(512))
        done = tare("reproduce", tar, "--out", self.dir / "again")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stdout.startswith("its files packed again"), done.stdout)


class OtherTars(BundleTest):
    """A good bag that somebody unpacked and packed again with what is at hand."""

    FORMS = {  # what tar is told, what is said of it
        "gnu": (["--format=gnu"], "GNU headers, folders of their own, owners"),
        "pax": (["--format=posix"], "pax headers, folders of their own, owners"),
        "ustar": (["--format=ustar", "--owner=0", "--group=0", "--numeric-owner"], "folders of their own"),
        "v7": (["--format=v7"], "folders of their own"),
    }

    def repacked(self, name, *options, inside=False):
        bag = self.dir / "bag/tare-specimen"
        if not bag.exists():
            self.assertEqual(self.bag(), bag)
            for path in bag.rglob("*"):
                os.chown(path, 1234, 1234)
        path = self.dir / f"{name}.tar"
        place, what = (bag, ".") if inside else (bag.parent, bag.name)
        subprocess.run(["tar", "-C", place, *options, "-cf", path, what], check=True)
        return path

    def assert_good(self, path, form):
        said = self.verify(path, status=0, draw=False)
        self.assertEqual((said["integrity"]["verdict"], said["integrity"]["findings"]), ("good", []))
        (note,) = [note for note in said["derivation"]["notes"] if "another program packed this tar" in note]
        self.assertIn(form, note)
        self.assertIn(f"SHA-256 {sha256(self.packed)}", note)

    def test_it_is_good_and_what_differs_is_said(self):
        for name, (options, form) in self.FORMS.items():
            with self.subTest(name):
                self.assert_good(self.repacked(name, *options), form)

    def test_it_may_have_no_top_folder_and_names_that_begin_with_a_dot(self):
        self.assert_good(self.repacked("inside", inside=True), "names that begin with ./")
        bag = self.dir / "bag"
        subprocess.run(["tar", "-C", bag, "-cf", self.dir / "dot.tar", "./tare-specimen"], check=True)
        self.assert_good(self.dir / "dot.tar", "names that begin with ./")

    def test_it_may_be_compressed(self):
        subprocess.run(["zstd", "-q", self.repacked("gnu")], check=True)
        self.assert_good(self.dir / "gnu.tar.zst", "GNU headers")

    def test_a_change_of_what_is_in_it_is_found_all_the_same(self):
        self.repacked("whole")
        (self.dir / "bag/tare-specimen/data/README.md").write_text("another")
        said = self.verify(self.repacked("changed"), status=1, draw=False)
        self.assertEqual(said["integrity"]["verdict"], "broken")

    def test_what_is_no_tar_is_called_by_its_name_with_the_remedy(self):
        bag = self.bag()
        for name, words, said in (
            ("x.zip", [sys.executable, "-m", "zipfile", "-c", "{}", bag.name], "it is a zip, .*unzip it, and name the folder"),
            ("x.tar.gz", ["tar", "-czf", "{}", bag.name], "it is compressed by gzip, .*gzip -d"),
            ("x.tar.xz", ["tar", "-cJf", "{}", bag.name], "it is compressed by xz, .*xz -d"),
            ("x.tar.bz2", ["tar", "-cjf", "{}", bag.name], "it is compressed by bzip2, .*bzip2 -d"),
            ("empty.tar", ["touch", "{}"], "it is empty"),
        ):
            with self.subTest(name):
                path = str(self.dir / name)
                subprocess.run([word.format(path) for word in words], cwd=bag.parent, check=True)
                for command in (["verify"], ["reproduce", "--out", self.dir / "again"]):
                    done = tare(*command, path)
                    self.assertEqual((done.returncode, done.stdout), (2, ""), done)
                    self.assertRegex(done.stderr, rf"\Atare: {command[0]}: '{path}': {said}[^\n]*\n\Z")


class Changes(BundleTest):
    def change(self, path):
        """Another digit, the last of the file, or another letter where it has none."""
        data = bytearray(path.read_bytes())
        digits = [i for i, byte in enumerate(data) if chr(byte).isdigit()]
        at = digits[len(digits) // 2] if digits else len(data) // 2
        data[at] = ord("1" if data[at] != ord("1") else "2")
        path.write_bytes(data)

    def assert_all_are_found(self, remake, names, draw=lambda name: False):
        pristine = self.bag()
        missed, unnamed = [], []
        for name in names(files(pristine)):
            bag = self.dir / "changed"
            shutil.rmtree(bag, ignore_errors=True)
            shutil.copytree(pristine, bag)
            self.change(bag / name)
            remake(bag)
            found = self.findings(self.verify(bag, draw=draw(name)))
            inside = name.removeprefix("data/")
            if not found:
                missed.append(name)
            elif not any(f["file"] in (name, inside) or name in f["text"] for f in found):
                unnamed.append((name, found))
        self.assertEqual((missed, unnamed), ([], []))

    def test_each_file_that_is_changed_is_found_and_named(self):
        self.assert_all_are_found(lambda bag: None, lambda names: names)

    def test_each_file_that_is_changed_is_found_and_named_where_the_manifests_are_made_anew(self):
        self.assert_all_are_found(remake_manifests, lambda names: [n for n in names if n.startswith("data/")])

    def test_each_figure_that_is_changed_is_found_where_all_digests_are_made_anew(self):
        def remake(bag):
            remake_crate(bag)
            remake_manifests(bag)

        derived = ("data/paper/", "data/README", "data/CITATION", "data/.zenodo", "data/env/host", "data/env/sbom")
        self.assert_all_are_found(remake, lambda names: [n for n in names if n.startswith(derived)],
                                  lambda name: name.endswith((".svg", ".pdf", ".png")))

    def test_a_result_that_does_not_follow_from_its_samples_is_named_where_all_digests_are_made_anew(self):
        edits = [
            (specimen.THREADS, ("result", "avg_iter_s"), lambda x: x * (1 + 1e-9)),
            (specimen.THREADS, ("result", "p50_iter_s"), lambda x: x * (1 - 1e-9)),
            (specimen.FORK, ("result", "p95_iter_s"), lambda x: x + 1e-9),
            (specimen.FORK, ("iterations", "end_ns", 7), lambda x: x + 1),
            (specimen.MEMORY, ("memory", "parent_and_workers", "pss", "avg"), lambda x: x + 1),
            (specimen.MEMORY, ("memory", "all_pids", "rss", "max"), lambda x: x + 4096),
            (specimen.MEMORY, ("memory", "samples", 3, "parent_and_workers", "uss"), lambda x: x + 4096),
            (specimen.MEMORY, ("memory", "samples_in_iterations"), lambda x: x - 1),
        ]
        for cell, keys, fn in edits:
            with self.subTest(keys=keys):
                bag = bundles.unpack(self.packed, self.dir / "-".join(map(str, keys)))
                path = bag / f"data/records/{cell}/0002.json"
                record = json.loads(path.read_text())
                inner = record
                for key in keys[:-1]:
                    inner = inner[key]
                inner[keys[-1]] = fn(inner[keys[-1]])
                path.write_text(specimen.text_of(record))
                remake_crate(bag)
                remake_manifests(bag)
                found = self.verify(bag, status=1, draw=False)["derivation"]["findings"]
                self.assertTrue(any(f["file"] == f"records/{cell}/0002.json" for f in found), found)

    def test_without_gnuplot_the_data_of_drawings_are_compared_and_it_is_said(self):
        said = self.verify(self.packed, status=0, draw=False)["derivation"]
        self.assertEqual(said["verdict"], "good")
        self.assertTrue(any(n.startswith("the drawings are not compared, their data are") for n in said["notes"]), said)

    def test_a_cairo_whose_pdfs_keep_their_date_is_said_and_all_but_drawings_is_compared(self):
        """As one would be that writes it in another way; the gnuplot here draws, and its PDFs are changed."""
        gnuplot = self.dir / "bin/gnuplot"
        gnuplot.parent.mkdir()
        real = shutil.which("gnuplot")
        gnuplot.write_text(f'#!/bin/sh\n"{real}" "$@" || exit\n[ "$1" = --version ] || find . -name "*.pdf" -exec sed -i s/CreationDate/CreatedAtAll/ {{}} +\n')
        gnuplot.chmod(0o755)
        here = {"PATH": f"{gnuplot.parent}:{os.environ['PATH']}"}
        tar = self.dir / "dated.tar"
        done = tare("pack", self.folder, "-o", tar, env=here)
        self.assertEqual(done.returncode, 0, done.stderr)
        drawn_by = json.loads((bundles.unpack(tar, self.dir / "bag") / "data/env/pack.json").read_text())["drawn_by"]
        self.assertIsNone(drawn_by["probe_sha256"])
        self.assertIn("writes the time into its PDFs", drawn_by["why"])
        for env, whose in ((here, "here"), ({}, "that drew them")):
            done = tare("verify", tar, env=env)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(f"the drawings are not compared, their data are: the cairo {whose} writes the time", done.said)
        paper = self.dir / "paper"
        done = tare("report", "--paper", paper, self.folder, env=here)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (0, 1), done.stderr)
        self.assertIn("the time stays in figures/*.pdf", done.stderr)

    def test_drawings_are_compared_where_they_were_drawn(self):
        said = self.verify(self.packed, status=0)["derivation"]
        self.assertEqual((said["verdict"], said["notes"]), ("good", []))

    def test_of_another_format_the_records_alone_are_held_and_it_is_said(self):
        bag = self.bag()
        path = bag / "data/env/pack.json"
        info = json.loads(path.read_text())
        path.write_text(json.dumps(info | {"format": info["format"] - 1}))
        (bag / "data/paper/numbers.tex").write_text("% another\n")
        remake_crate(bag)
        remake_manifests(bag)
        said = self.verify(bag, status=0, draw=False)
        self.assertEqual((said["integrity"]["verdict"], said["derivation"]["verdict"]), ("good", "records only"))
        jsonschema.Draft7Validator(VERIFICATION).validate(said)
        self.assertIn(f"it was packed in the format {info['format'] - 1}", str(said["derivation"]["notes"]))
        self.assertEqual([c["verdict"] for c in said["derivation"]["claims"]], ["SUPPORTED", "SUPPORTED"])
        statement = self.dir / "statement.json"
        done = tare("verify", bag, "--attestation", statement, env={"PATH": "/nonexistent"})
        self.assertIn("derivation: records only", done.stdout)
        self.assertEqual(json.loads(statement.read_text())["predicate"]["derivation"], "records only")
        record = bag / f"data/records/{specimen.THREADS}/0001.json"
        one = json.loads(record.read_text())
        one["result"]["avg_iter_s"] *= 2
        record.write_text(specimen.text_of(one))
        remake_crate(bag)
        remake_manifests(bag)
        self.assertEqual(self.verify(bag, status=1, draw=False)["derivation"]["verdict"], "broken")

    def test_a_file_more_is_found_and_named(self):
        for name in ("data/extra.txt", "data/records/extra.txt", "extra.txt"):
            bag = bundles.unpack(self.packed, self.dir / name.replace("/", "-"))
            (bag / name).write_text("x")
            if name.startswith("data/"):
                remake_manifests(bag)
            found = self.findings(self.verify(bag, status=1, draw=False))
            self.assertTrue(any(f["file"] in (name, name.removeprefix("data/")) for f in found), found)


class Signing(BundleTest):
    def keys(self, name):
        if not shutil.which("minisign"):
            self.skipTest("minisign is not installed")
        public, secret = self.dir / f"{name}.pub", self.dir / f"{name}.key"
        subprocess.run(["minisign", "-G", "-W", "-p", public, "-s", secret], check=True, capture_output=True)
        return public, secret

    def signed(self, secret):
        tar = self.dir / "signed.tar"
        shutil.copy(self.packed, tar)
        done = tare("sign", tar, "--key", secret)
        self.assertEqual((done.returncode, done.stdout), (0, f"{tar}: signed\n"), done.stderr)
        return tar

    def test_a_signature_holds_and_minisign_itself_says_so(self):
        public, secret = self.keys("mine")
        tar = self.signed(secret)
        said = self.verify(tar, "--key", public, status=0)
        self.assertEqual(said["integrity"]["signature"], "signed")
        bag = bundles.unpack(tar, self.dir / "bag")
        subprocess.run(["minisign", "-V", "-p", public, "-m", bag / "tagmanifest-sha256.txt"], check=True, capture_output=True)
        self.assertEqual(self.verify(bag, "--key", public, status=0)["sha256"], sha256(tar))

    def test_an_unknown_key_is_told_by_its_number_and_no_fault(self):
        public, secret = self.keys("mine")
        said = self.verify(self.signed(secret), status=0)
        self.assertEqual(said["integrity"]["signature"], "unknown key")
        self.assertIn(said["integrity"]["key"], public.read_text())

    def test_another_key_than_the_one_that_is_asked_for_is_a_fault(self):
        tar = self.signed(self.keys("mine")[1])
        found = self.findings(self.verify(tar, "--key", self.keys("theirs")[0], status=1))
        self.assertEqual([f["file"] for f in found], ["tagmanifest-sha256.txt.minisig"])

    def test_a_signature_of_other_bytes_is_a_fault(self):
        public, secret = self.keys("mine")
        bag = bundles.unpack(self.signed(secret), self.dir / "bag")
        (bag / "data/claims.yml").write_text((bag / "data/claims.yml").read_text().replace("1.5", "1.4"))
        remake_crate(bag)
        remake_manifests(bag)
        found = self.findings(self.verify(bag, "--key", public, status=1))
        self.assertIn("tagmanifest-sha256.txt.minisig", [f["file"] for f in found])

    def test_what_is_no_secret_key_signs_nothing_and_gets_one_line(self):
        public, _ = self.keys("mine")
        done = tare("sign", self.bag(), "--key", public)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
        self.assertIn(f"--key '{public}': it is no secret key of minisign's", done.stderr)

    def test_a_broken_bundle_is_not_signed(self):
        _, secret = self.keys("mine")
        bag = self.bag()
        (bag / "data/README.md").write_text("another")
        done = tare("sign", bag, "--key", secret)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"'{bag}': it is broken: data/README.md", done.stderr)
        self.assertFalse((bag / "tagmanifest-sha256.txt.minisig").exists())

    def test_what_is_no_bundle_that_can_be_read_is_not_signed_and_named(self):
        _, secret = self.keys("mine")
        bag = self.bag()
        (bag / "data/env/pack.json").write_text("{}")
        remake_manifests(bag)
        noise, locked = self.dir / "noise.tar", self.dir / "locked.tar"
        noise.write_text("no tar\n")
        shutil.copy(self.packed, locked)
        locked.chmod(0o444)
        for path, line in ((bag, "it is no bundle that can be read: env/pack.json"), (noise, "not a tar"), ("/dev/null", "what is allowed is"),
                           (locked, "it is read-only"), (self.dir / "none", "No such file")):
            done = tare("sign", path, "--key", secret)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn(f"tare: sign: '{path}': {line}", done.stderr)
        self.assertFalse((bag / "tagmanifest-sha256.txt.minisig").exists())
        self.assertEqual(sha256(locked), sha256(self.packed))

    def test_a_link_stays_one_and_its_target_is_signed(self):
        public, secret = self.keys("mine")
        target, link = self.dir / "target.tar", self.dir / "link"
        shutil.copy(self.packed, target)
        link.symlink_to("target.tar")
        self.assertEqual(tare("sign", link, "--key", secret).returncode, 0)
        self.assertTrue(link.is_symlink())
        self.assertEqual(self.verify(target, "--key", public, status=0)["integrity"]["signature"], "signed")

    def test_compressed_it_is_the_same_bundle(self):
        if not shutil.which("zstd"):
            self.skipTest("zstd is not installed")
        packed = self.dir / "packed.tar.zst"
        subprocess.run(["zstd", "-q", "-o", packed, self.packed], check=True)
        self.assertEqual(self.verify(packed, status=0)["sha256"], sha256(self.packed))


if __name__ == "__main__":
    unittest.main()
