"""The lock, and what is built from it: packages by hash, refreshes, the base image, what describes it, the check of pins.

Packages that are made on the spot and an archive on the loopback stand for Debian's where an archive has to misbehave;
what resolves and what makes the base use the mirror that the lock names, and the cache.
"""
import hashlib
import http.server
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
LOCK = TOP / "images/versions.lock"
CACHE = Path(os.environ.get("TARE_CACHE") or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tare")


def run(*command, **environment):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TARE_")}
    return subprocess.run(
        [str(c) for c in command], env={**kept, "TARE_CACHE": str(CACHE), **{k: str(v) for k, v in environment.items()}},
        cwd=TOP, text=True, capture_output=True, stdin=subprocess.DEVNULL,
    )


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Archive:
    """An archive on the loopback: {path: bytes}; what is asked for is kept."""

    def __init__(self):
        self.files, self.asked = {}, []
        archive = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                archive.asked.append(self.path)
                data = archive.files.get(self.path)
                self.send_response(200 if data is not None else 404)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data or b"")

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Scratch(unittest.TestCase):
    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def edited_lock(self, *changes, lock=LOCK):
        """The lock after (pattern, replacement), each of which has to match once or more."""
        text = lock.read_text()
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text, flags=re.M)
            self.assertGreater(count, 0, pattern)
        path = self.dir / "edited.lock"
        path.write_text(text)
        return path


class LockedPackages(Scratch):
    """images/install-locked --download and scripts/fetch-debs, on an archive of two small packages."""

    @classmethod
    def setUpClass(cls):
        cls.made = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.packages = {
            "one": ("1:2.0-1", "pool/main/o/one/one_2.0-1_all.deb", cls.package("one", "1:2.0-1")),
            "two": ("3.1", "pool/updates/main/t/two/two_3.1_all.deb", cls.package("two", "3.1")),
        }

    @classmethod
    def package(cls, name, version):
        root = cls.made / name
        (root / "DEBIAN").mkdir(parents=True)
        (root / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Tests <tests@localhost>\nDescription: {name}\n")
        deb = cls.made / f"{name}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, deb], check=True, capture_output=True)
        return deb.read_bytes()

    def setUp(self):
        super().setUp()
        self.archive = Archive()
        self.addCleanup(self.archive.close)
        self.serve("/debian/", "one")
        self.serve("/debian-security/", "two")
        self.lock = self.write_lock()
        self.out = self.dir / "out"

    def serve(self, prefix, name):
        self.archive.files[prefix + self.packages[name][1]] = self.packages[name][2]

    def write_lock(self, **hashes):
        lines = [f"debian.mirror = {self.archive.url}", f"debian.snapshot_url = {self.archive.url}/archive",
                 "debian.snapshot = 20260101T000000Z", "closure.sid.both = one two"]
        for name, (version, path, data) in self.packages.items():
            lines.append(f"deb.sid = {name} {version} all {hashes.get(name, sha256(data))} {path}")
        path = self.dir / "versions.lock"
        path.write_text("\n".join(lines) + "\n")
        return path

    def download(self, **environment):
        return run("images/install-locked", "--download", self.out, "sid", "both", TARE_LOCK=self.lock, **environment)

    def fetch(self, **environment):
        return run("scripts/fetch-debs", "--lock", self.lock, "sid", "both", self.out, **{"TARE_CACHE": self.dir / "cache", **environment})

    def got(self):
        return sorted(f.name for f in self.out.iterdir()) if self.out.exists() else []

    def names(self):
        return sorted(sha256(data) + ".deb" for _, _, data in self.packages.values())

    def test_packages_come_from_their_archives_and_have_the_locked_hashes(self):
        done = self.download()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.got(), self.names())
        for name in self.got():
            self.assertEqual(sha256((self.out / name).read_bytes()) + ".deb", name)

    def test_the_dated_snapshot_comes_before_the_mirror(self):
        stamp = "/20260101T000000Z/"
        self.archive.files["/archive/debian" + stamp + "dists/sid/Release"] = b"Suite: sid\n"
        self.serve("/archive/debian" + stamp, "one")
        done = self.download()
        self.assertEqual(done.returncode, 0, done.stderr)
        debs = [p for p in self.archive.asked if p.endswith(".deb")]
        self.assertIn("/archive/debian" + stamp + self.packages["one"][1], debs)
        self.assertNotIn("/debian/" + self.packages["one"][1], debs)
        # What the snapshot lacks is the mirror's to give.
        self.assertIn("/debian-security/" + self.packages["two"][1], debs)

    def test_a_wrong_hash_in_the_lock_stops_and_names_package_and_both_hashes(self):
        self.lock = self.write_lock(two="0" * 64)
        done = self.download()
        self.assertEqual(done.returncode, 1, done.stderr)
        for word in ("two 3.1", "0" * 64, sha256(self.packages["two"][2]), self.archive.url):
            self.assertIn(word, done.stderr)
        self.assertNotIn("0" * 64 + ".deb", self.got())

    def test_a_package_that_was_changed_on_the_mirror_stops_too(self):
        self.archive.files["/debian/" + self.packages["one"][1]] = b"something else"
        done = self.download()
        self.assertEqual(done.returncode, 1)
        self.assertIn("one 1:2.0-1", done.stderr)
        self.assertIn(sha256(b"something else"), done.stderr)

    def test_a_version_that_has_left_the_mirror_is_named(self):
        del self.archive.files["/debian/" + self.packages["one"][1]]
        done = self.download()
        self.assertEqual(done.returncode, 3)
        self.assertIn("one 1:2.0-1 is not to be had", done.stderr)
        self.assertNotIn("two", done.stderr.replace("update", ""))

    def test_a_mirror_of_ones_own_comes_first(self):
        self.serve("/own/debian/", "one")
        self.serve("/own/debian-security/", "two")
        done = self.download(TARE_MIRROR=self.archive.url + "/own/debian")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([p for p in self.archive.asked if not p.startswith("/own/")], [])

    def test_a_folder_of_packages_is_enough_without_any_archive(self):
        self.archive.files.clear()
        folder = self.dir / "debs"
        folder.mkdir()
        (folder / "one_1%3a2.0-1_all.deb").write_bytes(self.packages["one"][2])
        (folder / (sha256(self.packages["two"][2]) + ".deb")).write_bytes(self.packages["two"][2])
        done = self.download(TARE_DEBS=folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.got(), self.names())
        self.assertEqual(self.archive.asked, [])

    def test_a_folder_with_another_package_of_that_name_stops(self):
        folder = self.dir / "debs"
        folder.mkdir()
        (folder / "two_3.1_all.deb").write_bytes(b"not it")
        done = self.download(TARE_DEBS=folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("two 3.1 from " + str(folder), done.stderr)

    def test_an_unknown_set_is_named_with_those_there_are(self):
        done = run("images/install-locked", "--list", "sid", "none", TARE_LOCK=self.lock)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no set 'none' of 'sid'; what it has is both", done.stderr)

    def test_another_suites_packages_are_not_installed_into_this_root(self):
        done = run("images/install-locked", "sid", "both", TARE_LOCK=self.lock)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, "this root is Debian .*: the packages of sid are not for it")

    def test_a_closure_without_a_row_is_an_error(self):
        self.lock.write_text(re.sub(r"^deb\.sid = one.*\n", "", self.lock.read_text(), flags=re.M))
        done = self.download()
        self.assertEqual(done.returncode, 2)
        self.assertIn("no whole row deb.sid for one", done.stderr)

    def test_fetch_debs_gives_the_packages_debians_names(self):
        done = self.fetch()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.got(), ["one_1%3a2.0-1_all.deb", "two_3.1_all.deb"])

    def test_fetch_debs_asks_nothing_of_the_network_the_second_time(self):
        self.fetch()
        self.archive.asked.clear()
        self.assertEqual(self.fetch().returncode, 0)
        self.assertEqual(self.archive.asked, [])

    def test_fetch_debs_refuses_a_corrupted_cache_file_and_fetches_it_anew(self):
        self.fetch()
        cached = self.dir / "cache/debs" / (sha256(self.packages["one"][2]) + ".deb")
        cached.write_bytes(b"rot")
        done = self.fetch()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("is refused: one 1:2.0-1 has not this hash but " + sha256(b"rot"), done.stderr)
        self.assertEqual((self.out / "one_1%3a2.0-1_all.deb").read_bytes(), self.packages["one"][2])

    def test_fetch_debs_does_not_hand_out_a_corrupted_file_where_no_other_is_to_be_had(self):
        self.fetch()
        (self.dir / "cache/debs" / (sha256(self.packages["one"][2]) + ".deb")).write_bytes(b"rot")
        self.archive.files.clear()
        self.out = self.dir / "second"
        done = self.fetch()
        self.assertEqual(done.returncode, 3)
        self.assertIn("one 1:2.0-1 is not to be had", done.stderr)
        self.assertEqual(self.got(), [])

    def test_fetch_debs_refuses_a_folder_with_packages_that_are_not_the_locks(self):
        self.out.mkdir()
        (self.out / "three_1_all.deb").write_bytes(b"")
        done = self.fetch()
        self.assertEqual(done.returncode, 2)
        self.assertIn("three_1_all.deb", done.stderr)

    def test_the_current_lock_is_the_committed_one_while_the_archive_has_its_packages(self):
        done = run("scripts/current-lock", "sid", "both", TARE_LOCK=self.lock, TARE_CACHE=self.dir / "cache")
        self.assertEqual((done.returncode, done.stdout.strip(), done.stderr), (0, str(self.lock), ""))

    def test_a_mirror_out_of_reach_is_not_one_that_packages_have_left(self):
        self.archive.close()
        done = run("scripts/current-lock", "sid", "both", TARE_LOCK=self.lock, TARE_CACHE=self.dir / "cache")
        self.assertEqual(done.returncode, 3)
        self.assertIn("out of reach", done.stderr)


class Tarball(Scratch):
    def test_a_wrong_hash_of_cpythons_tarball_stops_and_names_it(self):
        archive = Archive()
        self.addCleanup(archive.close)
        archive.files["/Python.tar.xz"] = b"not Python"
        lock = self.edited_lock((r"^cpython\.sha256 = .*", "cpython.sha256 = " + "0" * 64),
                                (r"^cpython\.url = .*", f"cpython.url = {archive.url}/Python.tar.xz"),
                                (r"^cpython\.debian_pool = .*", "cpython.debian_pool = pool/none.tar.xz"))
        done = run("scripts/build-python", "gil", TARE_LOCK=lock, TARE_CACHE=self.dir / "cache")
        self.assertEqual(done.returncode, 3)
        for word in ("Python-3.14.6.tar.xz", "sha256 is " + sha256(b"not Python"), "want " + "0" * 64):
            self.assertIn(word, done.stderr)


class Updates(Scratch):
    """scripts/update-lock against the mirror: bookworm alone, which is the smaller one."""

    def update(self, lock, out):
        return run("scripts/update-lock", "--suite", "bookworm", "--out", out, TARE_LOCK=lock)

    def test_an_update_names_what_changed_and_on_an_unchanged_mirror_changes_nothing(self):
        wrong = self.edited_lock((r"^(deb\.bookworm = apt) \S+", r"\1 0.1"),
                                 (r"^(deb\.bookworm = bash \S+ \S+) [0-9a-f]{64}", r"\1 " + "0" * 64),
                                 (r"^deb\.bookworm = coreutils .*\n", ""),
                                 (r"^(deb\.bookworm = dash .*)", r"\1\ndeb.bookworm = dead 1 all " + "0" * 64 + " pool/dead.deb"))
        first = self.update(wrong, self.dir / "first.lock")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertRegex(first.stdout, r"(?m)^bookworm: apt 0\.1 -> \S+$")
        self.assertRegex(first.stdout, r"(?m)^bookworm: bash \S+ has another SHA-256: 0{64} -> [0-9a-f]{64}$")
        self.assertRegex(first.stdout, r"(?m)^bookworm: coreutils new \S+$")
        self.assertRegex(first.stdout, r"(?m)^bookworm: dead 1 gone$")

        second = self.update(self.dir / "first.lock", self.dir / "second.lock")
        self.assertEqual((second.returncode, second.stdout), (0, ""), second.stderr)
        text = (self.dir / "first.lock").read_text()
        self.assertEqual((self.dir / "second.lock").read_text(), text)
        # Only the generated part is written, and of that only the suite that was named.
        marker = "\n# --- written by scripts/update-lock"
        self.assertEqual(text.split(marker)[0], LOCK.read_text().split(marker)[0])
        self.assertEqual(re.findall(r"^\S+\.trixie\S* = .*", text, re.M), re.findall(r"^\S+\.trixie\S* = .*", LOCK.read_text(), re.M))

    def test_a_set_that_cannot_be_resolved_is_named(self):
        lock = self.edited_lock((r"^set\.bookworm\.base = .*", "set.bookworm.base = no-such-package"))
        done = self.update(lock, self.dir / "out.lock")
        self.assertEqual(done.returncode, 3)
        self.assertIn("set.bookworm.base cannot be resolved: no-such-package", done.stderr)
        self.assertIn("Unable to locate package no-such-package", done.stderr)
        self.assertFalse((self.dir / "out.lock").exists())

    def test_the_snapshot_and_the_base_change_only_where_they_are_given(self):
        digest = "debian:trixie-slim@sha256:" + "1" * 64
        done = run("scripts/update-lock", "--suite", "bookworm", "--out", self.dir / "out.lock",
                   "--snapshot", "20270101T000000Z", "--base", "trixie=" + digest, TARE_LOCK=LOCK)
        self.assertEqual(done.returncode, 0, done.stderr)
        text = (self.dir / "out.lock").read_text()
        self.assertIn("\ndebian.snapshot = 20270101T000000Z\n", text)
        self.assertIn(f"\nbase.trixie = {digest}\n", text)

    def test_bad_input_is_told_before_anything_is_asked(self):
        for arguments, words in (
            (("--suite", "sarge"), "--suite 'sarge'"),
            (("--snapshot", "yesterday"), "--snapshot 'yesterday': a time like"),
            (("--base", "trixie=debian:latest"), "IMAGE@sha256:DIGEST is allowed"),
            (("--everything", "x"), "no option '--everything'; allowed: --out"),
        ):
            done = run("scripts/update-lock", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr)

    def test_where_a_locked_version_has_left_a_refreshed_lock_is_used_and_said_loudly(self):
        lock = self.edited_lock((r"^(deb\.bookworm = libssl3) \S+ (\S+) [0-9a-f]{64} (\S+)/[^/\n]+",
                                 r"\1 0.0 \2 " + "0" * 64 + r" \3/libssl3_0.0_amd64.deb"))
        done = run("scripts/current-lock", "bookworm", "runtime", TARE_LOCK=lock)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("***   libssl3_0.0_amd64.deb", done.stderr)
        self.assertIn("REFRESHED", done.stderr)
        fresh = Path(done.stdout.strip())
        self.assertNotEqual(fresh, lock)
        self.assertNotRegex(fresh.read_text(), r"libssl3 0\.0")
        self.assertRegex(fresh.read_text(), r"(?m)^deb\.bookworm = libssl3 ")
        again = run("scripts/current-lock", "bookworm", "runtime", TARE_LOCK=fresh)
        self.assertEqual((again.stdout.strip(), again.stderr), (str(fresh), ""))


class Base(Scratch):
    """The base image of the lock's packages, in two builds: of these bits, by this mmdebstrap, they are made once."""

    @classmethod
    def setUpClass(cls):
        found = run("scripts/current-lock", "trixie", "base", "runtime")
        sys.stderr.write(found.stderr)
        assert found.returncode == 0, found.stderr
        cls.lock = Path(found.stdout.strip())
        cls.out = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        build = ("scripts/build-image", "--base-only", "--lock", cls.lock, "--out", cls.out)
        built = run(*build)
        assert built.returncode == 0, built.stderr
        cls.tar = Path(built.stdout.strip())
        # Beside the tar, whose path is named by all that it is made of and by.
        same, tools = cls.tar.with_name("two-builds"), run("mmdebstrap", "--version").stdout + run("dpkg", "--version").stdout
        if not same.exists() or same.read_text() != sha256(cls.tar.read_bytes()) + tools:
            cls.checked = run(*build, "--check")
            if cls.checked.returncode == 0:
                same.write_text(sha256(cls.tar.read_bytes()) + tools)
        else:
            cls.checked = None

    def locked(self):
        rows = run("images/install-locked", "--list", "trixie", "base", TARE_LOCK=self.lock).stdout.splitlines()
        return {row.split()[0]: row.split()[1:] for row in rows}

    def test_two_builds_of_the_base_are_the_same_bit_by_bit(self):
        if not self.checked:
            self.assertIn(sha256(self.tar.read_bytes()), self.tar.with_name("two-builds").read_text())
            return
        self.assertEqual(self.checked.returncode, 0, self.checked.stdout + self.checked.stderr)
        self.assertIn("two builds are the same, bit by bit: sha256 " + sha256(self.tar.read_bytes()), self.checked.stderr)

    def test_it_holds_the_locked_packages_and_no_others(self):
        with tarfile.open(self.tar) as tar:
            status = tar.extractfile("./var/lib/dpkg/status").read().decode()
        has = dict(re.findall(r"^Package: (\S+)$.*?^Version: (\S+)$", status, re.M | re.S))
        self.assertEqual(has, {name: row[0] for name, row in self.locked().items()})

    def test_nothing_in_it_is_younger_than_the_snapshot_and_nothing_is_this_hosts(self):
        stamp = re.search(r"^debian\.snapshot = (\S+)", self.lock.read_text(), re.M).group(1)
        epoch = int(subprocess.run(["date", "-u", "-d", f"{stamp[:8]} {stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]}", "+%s"],
                                   capture_output=True, check=True).stdout)
        with tarfile.open(self.tar) as tar:
            members = {m.name: m for m in tar}
        self.assertLessEqual(max(m.mtime for m in members.values()), epoch)
        self.assertFalse({"./etc/hostname", "./etc/resolv.conf", "./etc/apt/sources.list"} & members.keys())

    def test_image_json_and_the_sbom_list_every_package_with_its_hash(self):
        told = json.loads((self.out / "image.json").read_text())
        self.assertEqual((told["schema"], told["base"], told["suite"]), ("tare.image/1", "made", "trixie"))
        self.assertEqual({p["name"]: [p["version"], p["architecture"], p["sha256"], p["path"]] for p in told["packages"]}, self.locked())
        raw = (self.out / "sbom.cdx.json").read_bytes()
        self.assertEqual(told["sbom"]["sha256"], sha256(raw))
        sbom = json.loads(raw)
        self.assertEqual((sbom["bomFormat"], sbom["specVersion"], sbom["version"]), ("CycloneDX", "1.6", 1))
        self.assertRegex(sbom["serialNumber"], r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertEqual({c["name"]: c["hashes"] for c in sbom["components"]},
                         {n: [{"alg": "SHA-256", "content": row[2]}] for n, row in self.locked().items()})
        for part in sbom["components"]:
            self.assertRegex(part["purl"], r"^pkg:deb/debian/[A-Za-z0-9.%-]+@[^@:+]+\?arch=(amd64|all)&distro=trixie$")
        self.assertEqual(len({c["bom-ref"] for c in sbom["components"]}), len(sbom["components"]))

    def test_an_image_with_a_package_that_the_lock_does_not_have_is_refused(self):
        for change, words in (((r"^(deb\.trixie = bash) \S+", r"\1 0.1"), r"bash \S+ amd64 is in the image, the lock has 0\.1 amd64"),
                              ((r"^deb\.trixie = bash .*\n", ""), r"bash \S+ amd64 is in the image, the lock has none")):
            done = run("scripts/image-archive", "describe", self.tar, self.dir, "suite=trixie", "base=made", "name=x",
                       "snapshot=x", "source_date_epoch=0", TARE_LOCK=self.edited_lock(change, lock=self.lock))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, words)
            self.assertFalse((self.dir / "image.json").exists())

    def test_the_image_id_depends_on_the_bits_alone(self):
        ids = [run("scripts/image-archive", "make", self.tar, self.dir / f"{n}.archive", "tare-base:trixie", "0").stdout for n in (1, 2)]
        self.assertRegex(ids[0], r"^sha256:[0-9a-f]{64}\n$")
        self.assertEqual(ids[0], ids[1])
        self.assertEqual((self.dir / "1.archive").read_bytes(), (self.dir / "2.archive").read_bytes())
        done = run("scripts/image-archive", "compare", self.tar, self.dir / "1.archive")
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_a_wrong_hash_of_a_package_stops_the_base_and_names_the_package(self):
        lock = self.edited_lock((r"^(deb\.trixie = bash \S+ \S+) [0-9a-f]{64}", r"\1 " + "0" * 64), lock=self.lock)
        debs = self.dir / "debs"
        debs.mkdir()
        version, architecture, real, _ = self.locked()["bash"]
        (debs / f"bash_{version}_{architecture}.deb").write_bytes((CACHE / "debs" / f"{real}.deb").read_bytes())
        done = run("scripts/build-image", "--base-only", "--lock", lock, "--out", self.dir / "out", TARE_DEBS=debs)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"bash {version} from {debs}", done.stderr)
        self.assertIn(f"sha256 is {real}, the lock has {'0' * 64}", done.stderr)
        self.assertFalse((self.dir / "out").exists())

    @unittest.skipUnless(os.geteuid() == 0, "chroot needs root")
    def test_install_locked_puts_exactly_the_locked_packages_into_a_minimal_debian(self):
        root, debs = self.dir / "root", self.dir / "root/debs"
        root.mkdir()
        subprocess.run(["tar", "-C", root, "--exclude=./dev/*", "-xf", self.tar], check=True)
        (root / "dev/null").touch()
        done = run("scripts/fetch-debs", "--lock", self.lock, "trixie", "runtime", debs)
        self.assertEqual(done.returncode, 0, done.stderr)
        for source in (TOP / "images/install-locked", self.lock):
            (root / ("install-locked" if source.suffix != ".lock" else "versions.lock")).write_bytes(source.read_bytes())
        install = ("chroot", root, "/bin/sh", "/install-locked", "trixie", "base", "runtime")

        # First with a wrong hash, which leaves everything as it was.
        name = next(debs.iterdir())
        right = name.read_bytes()
        name.write_bytes(right + b"x")
        before = (root / "var/lib/dpkg/status").read_bytes()
        done = run(*install, TARE_DEBS="/debs")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(sha256(right + b"x"), done.stderr)
        self.assertEqual((root / "var/lib/dpkg/status").read_bytes(), before)

        name.write_bytes(right)
        done = run(*install, TARE_DEBS="/debs", SOURCE_DATE_EPOCH="0")
        self.assertEqual(done.returncode, 0, done.stderr)
        has = run("chroot", root, "dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}\n").stdout.splitlines()
        rows = run("images/install-locked", "--list", "trixie", "base", "runtime", TARE_LOCK=self.lock).stdout.splitlines()
        self.assertEqual(sorted(has), sorted(" ".join(r.split()[:3]) for r in rows))
        self.assertFalse((root / "var/log/dpkg.log").exists())
        self.assertIn("are installed as locked", run(*install).stderr)


class Engine(Scratch):
    """What build-image makes of a registry's answers, by an engine that is a script."""

    def build(self, pull, *arguments, digests=""):
        engine = self.dir / "docker"
        engine.write_text('#!/bin/sh\necho "$@" >>"$0.calls"\ncase "$1 $2" in\n"pull "*) ' + pull + ' ;;\n'
                          f'"image inspect") echo "{digests}" ;;\n"version "*) echo 20 ;;\n*) exit 1 ;;\nesac\n')
        engine.chmod(0o755)
        if not (TOP / "Dockerfile").exists():
            self.skipTest("no Dockerfile yet")
        return run("scripts/build-image", "--out", self.dir / "out", *arguments, PATH=f"{self.dir}:{os.environ['PATH']}")

    def test_a_base_digest_that_the_registry_does_not_have_stops_and_is_named(self):
        done = self.build("echo 'Error response from daemon: manifest for debian@sha256:d7 not found: manifest unknown' >&2; exit 1")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"base \S+debian:trixie-slim@sha256:[0-9a-f]{64}: the registry does not give .*manifest unknown")

    def test_a_base_with_another_digest_stops_with_both_digests(self):
        done = self.build("exit 0", digests="debian@sha256:" + "2" * 64)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"base \S+: what came has the digest debian@sha256:2{64}, the lock has sha256:[0-9a-f]{64}")

    def test_a_registry_that_was_demanded_and_is_out_of_reach_is_said(self):
        done = self.build("echo 'dial tcp: lookup registry-1.docker.io: no such host' >&2; exit 1", "--base", "registry")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("out of reach: dial tcp: lookup registry-1.docker.io", done.stderr)

    def test_bad_input_is_told_before_anything_is_built(self):
        for arguments, words in ((("--variant", "hurd"), "--variant 'hurd': what is allowed is debian13-gcc14"),
                                 (("--engine", "lxc"), "engine 'lxc'"), (("--base", "any"), "--base 'any'"),
                                 (("--lock", "/nowhere"), "--lock '/nowhere'"), (("--wrong", "x"), "'--wrong'")):
            done = run("scripts/build-image", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr)


class Comparing(Scratch):
    def tar(self, name, **files):
        path = self.dir / name
        with tarfile.open(path, "w") as out:
            for file, (data, mode, mtime) in files.items():
                info = tarfile.TarInfo("./usr/" + file)
                info.size, info.mode, info.mtime = len(data), mode, mtime
                out.addfile(info, io.BytesIO(data))
        return path

    def compare(self, a, b):
        done = run("scripts/image-archive", "compare", a, b)
        return done.returncode, done.stdout.splitlines()

    def test_it_lists_each_file_that_differs_and_in_what(self):
        a = self.tar("a", same=(b"1", 0o644, 5), content=(b"1", 0o644, 5), mode=(b"1", 0o644, 5), time=(b"1", 0o644, 5), gone=(b"", 0o644, 5))
        b = self.tar("b", same=(b"1", 0o644, 5), content=(b"2", 0o644, 5), mode=(b"1", 0o600, 5), time=(b"1", 0o644, 6), new=(b"", 0o644, 5))
        self.assertEqual(self.compare(a, b), (1, [
            "/usr/content: content", "/usr/gone: only in the first", "/usr/mode: mode", "/usr/new: only in the second", "/usr/time: mtime"]))

    def archive(self, name, *layers, **config):
        config = json.dumps({"rootfs": {"diff_ids": []}, **config}).encode()
        manifest = json.dumps([{"Config": "c.json", "RepoTags": None, "Layers": [str(i) for i in range(len(layers))]}]).encode()
        path = self.dir / name
        with tarfile.open(path, "w") as out:
            for member, data in [("c.json", config), ("manifest.json", manifest), *((str(i), l.read_bytes()) for i, l in enumerate(layers))]:
                info = tarfile.TarInfo(member)
                info.size = len(data)
                out.addfile(info, io.BytesIO(data))
        return path

    def test_layers_are_laid_over_each_other_and_whiteouts_take_files_away(self):
        below = self.tar("below", keep=(b"1", 0o644, 5), drop=(b"1", 0o644, 5), over=(b"1", 0o644, 5), **{"d/x": (b"1", 0o644, 5)})
        above = self.tar("above", over=(b"2", 0o644, 5), **{".wh.drop": (b"", 0o644, 5), "d/.wh..wh..opq": (b"", 0o644, 5), "d/y": (b"", 0o644, 5)})
        flat = self.tar("flat", keep=(b"1", 0o644, 5), over=(b"2", 0o644, 5), **{"d/y": (b"", 0o644, 5)})
        self.assertEqual(self.compare(self.archive("image", below, above), flat), (0, []))


    def test_two_builds_that_differ_in_their_time_and_place_alone_become_the_same_image(self):
        results, base = [], self.tar("base", base=(b"0", 0o644, 5))
        for number, (now, host) in enumerate(((1000, "abc"), (2000, "def"))):
            layer = self.tar(f"layer{number}", old=(b"1", 0o644, 5), young=(b"2", 0o755, now), **{".wh.gone": (b"", 0o644, now)})
            built = self.archive(f"built{number}", base, layer, created=f"2026-01-01T00:00:{host}", architecture="amd64", os="linux",
                                 container=host, config={"Hostname": host, "Image": host, "Cmd": ["tare"], "Labels": {"a": "b"}},
                                 history=[{"created": host, "created_by": "RUN x"}])
            done = run("scripts/image-archive", "normalise", built, self.dir / f"out{number}", "900")
            self.assertEqual(done.returncode, 0, done.stderr)
            results.append((done.stdout, (self.dir / f"out{number}").read_bytes()))
        self.assertEqual(results[0], results[1])
        with tarfile.open(self.dir / "out0") as out:
            manifest = json.load(out.extractfile("manifest.json"))[0]
            raw = out.extractfile(manifest["Config"]).read()
            below, layer = (out.extractfile(name).read() for name in manifest["Layers"])
        # What is normal already is left as it is, bit by bit.
        self.assertEqual(below, base.read_bytes())
        self.assertEqual(results[0][0].strip(), "sha256:" + sha256(raw))
        config = json.loads(raw)
        self.assertEqual(config["config"], {"Cmd": ["tare"], "Labels": {"a": "b"}})
        self.assertEqual(config["rootfs"]["diff_ids"], ["sha256:" + sha256(below), "sha256:" + sha256(layer)])
        with tarfile.open(fileobj=io.BytesIO(layer)) as files:
            self.assertEqual({m.name: (m.mtime, m.mode, m.size) for m in files},
                             {"./usr/old": (5, 0o644, 1), "./usr/young": (900, 0o755, 1), "./usr/.wh.gone": (900, 0o644, 0)})


    def test_an_image_with_interpreters_lists_them_their_source_and_what_is_linked_into_tare(self):
        lock = LOCK.read_text()
        value = lambda key: re.search(rf"^{re.escape(key)} = (.*)", lock, re.M).group(1)
        bash = re.search(r"^deb\.trixie = bash (\S+) (\S+) (\S+)", lock, re.M).groups()
        python = "opt/x/bin/python" + value("cpython.version").rpartition(".")[0]
        status = f"Package: bash\nStatus: install ok installed\nVersion: {bash[0]}\nArchitecture: {bash[1]}\n".encode()
        layer = self.dir / "layer"
        with tarfile.open(layer, "w") as out:
            for name, data in (("var/lib/dpkg/status", status), (python + "t", b"ELF")):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                out.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo(python)
            link.type, link.linkname = tarfile.LNKTYPE, python + "t"
            out.addfile(link)
        done = run("scripts/image-archive", "describe", self.archive("image", layer), self.dir / "out", "suite=trixie", "base=made",
                   "name=tare:x", "revision=abc", "snapshot=s", "source_date_epoch=0")
        self.assertEqual(done.returncode, 0, done.stderr)
        told, sbom = (json.loads((self.dir / "out" / name).read_text()) for name in ("image.json", "sbom.cdx.json"))
        self.assertEqual([(i["path"], i["sha256"]) for i in told["interpreters"]],
                         [("/" + python, sha256(b"ELF")), ("/" + python + "t", sha256(b"ELF"))])
        parts = {c["name"]: c for c in sbom["components"]}
        self.assertEqual(parts.keys(), {"bash", "cpython", *value("static.trixie").split()})
        self.assertEqual(parts["cpython"]["hashes"], [{"alg": "SHA-256", "content": value("cpython.sha256")}])
        self.assertEqual(parts["libgsl-dev"]["properties"], [{"name": "tare:linkage", "value": "static, in bin/tare"}])


class Pins(Scratch):
    """scripts/check-pins, on what must fail and what must pass."""

    def check(self, name, text):
        path = self.dir / name
        path.write_text(text)
        done = run("scripts/check-pins", path)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return re.findall(r":(\d+): (.*): not pinned by the lock$", done.stdout, re.M)

    def test_what_nobody_pinned_is_found(self):
        base = re.search(r"^base\.trixie = (\S+)", LOCK.read_text(), re.M).group(1)
        other = base[:-64] + "0" * 64
        for name, text, line, what in (
            ("Dockerfile", "FROM debian:trixie\n", "1", "FROM debian:trixie (no digest)"),
            ("Dockerfile", "ARG BASE=debian\nFROM ${BASE} AS x\n", "2", "FROM debian (no digest)"),
            ("Dockerfile", "ARG BASE\nFROM $BASE\n", "2", "FROM ${BASE} (no digest)"),
            ("Dockerfile", f"FROM {other}\n", "1", f"FROM {other} (not the lock's: {base})"),
            ("Dockerfile", "# syntax=docker/dockerfile:1\nFROM scratch\n", "1", "syntax docker/dockerfile:1"),
            ("Dockerfile", "FROM scratch\nCOPY --from=busybox /bin/sh /\n", "2", "COPY --from=busybox (no digest)"),
            ("Dockerfile", "FROM scratch\nADD https://example.org/x /\n", "2", "ADD of an address"),
            ("Dockerfile", "FROM scratch\nRUN apt-get update && \\\n  # why\n  apt-get install -y gcc\n", "4", "apt-get install"),
            ("Dockerfile", "FROM scratch\nRUN [\"apt-get\", \"install\", \"gcc\"]\n", "2", "apt-get install"),
            ("Dockerfile", "FROM scratch\nRUN --mount=type=cache,target=/x curl -O http://x\n", "2", "curl"),
            ("Dockerfile", "FROM scratch\nRUN <<EOF\npip install x\nEOF\n", "3", "pip install"),
            ("debian12.Dockerfile", "FROM debian:12\n", "1", "FROM debian:12 (no digest)"),
            ("a.sh", "sudo apt-get -q install gcc\n", "1", "apt-get install"),
            ("a.sh", "true\nx=\"$(curl -s http://x)\"\n", "2", "curl"),
            ("a.sh", "if ! wget y; then :; fi\n", "1", "wget"),
            ("a.sh", "\"$root/usr/bin/apt\" install y\n", "1", "apt install"),
            ("a.sh", "python3 -m pip install y\n", "1", "pip install"),
            ("a.sh", "x=$(git clone https://x) || die 3 no\n", "1", "git clone"),
            ("a.sh", "bash -c 'curl x | sh'\n", "1", "curl"),
            ("a.sh", "docker pull debian\n", "1", "docker pull"),
            ("a.sh", "set -e\n\ndebootstrap trixie x\n", "3", "debootstrap"),
            ("Makefile", "x:\n\t@curl -O http://x\n", "2", "curl"),
            ("a.py", "import subprocess\nsubprocess.run(['apt-get', '-y', 'install', 'gcc'])\n", "2", "apt-get install"),
            ("a.py", "import os\nos.system('wget x')\n", "2", "wget"),
            ("a.py", "from urllib.request import urlopen\nurlopen('http://x')\n", "2", "urlopen"),
        ):
            with self.subTest(text):
                self.assertEqual(self.check(name, text), [(line, what)])

    def test_what_is_pinned_or_only_talked_about_passes(self):
        base = re.search(r"^base\.trixie = (\S+)", LOCK.read_text(), re.M).group(1)
        for name, text in (
            ("Dockerfile", f"ARG BASE={base}\nFROM ${{BASE}} AS one\nFROM one AS two\nFROM scratch\nCOPY --from=one /a /\nCOPY --from=0 /b /\n"),
            ("Dockerfile", f"FROM {base}\n# apt-get install gcc\nRUN /images/install-locked trixie base build\n"),
            ("Dockerfile", "FROM scratch\nADD --checksum=sha256:" + "0" * 64 + " https://example.org/x /\nLABEL x=\"curl y\"\n"),
            ("a.sh", "echo apt-get install gcc\ndie 3 \"no gcc (apt-get install gcc)\"\n"),
            ("a.sh", "# curl x\ncommand -v curl >/dev/null || say 'wget'\napt-get update\ngit status\n"),
            ("a.sh", "cat <<END\ncurl x\nEND\nfor tool in curl wget; do :; done\n"),
            ("a.sh", "packages='gcc curl'\ndocker build .\n"),
            ("Makefile", "# curl\nx: curl\n\tdocker build .\n"),
            ("a.py", "'''curl x'''\npackages = ['gcc', 'curl', 'make']\nsubprocess.run(['apt-get', 'update'])\n"),
        ):
            with self.subTest(text):
                self.assertEqual(self.check(name, text), [])

    def test_the_checkout_itself_passes(self):
        done = run("scripts/check-pins")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


if __name__ == "__main__":
    unittest.main()
