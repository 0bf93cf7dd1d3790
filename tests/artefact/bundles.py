"""What the tests of bundles have in common: the program, a bundle made once, and a bag's manifests made anew."""

import hashlib
import json
import os
import pathlib
import subprocess
import tarfile
import tempfile
import unittest

import specimen

TOP = pathlib.Path(__file__).resolve().parents[2]
TARE = pathlib.Path(os.environ.get("TARE", TOP / "build/tare"))


def tare(*words, env=None, umask=-1, cwd=None):
    environment = {key: value for key, value in os.environ.items() if key not in ("SOURCE_DATE_EPOCH", "TZ")}
    done = subprocess.run([TARE, *words], capture_output=True, text=True, env=environment | (env or {}), umask=umask,
                          cwd=cwd, timeout=120)
    done.said = " ".join(done.stdout.split())  # however its lines were broken
    if words and words[0] in FOR_PEOPLE and "--json" not in words and (wide := too_wide(done.stdout)):
        raise AssertionError(f"tare {words[0]}: wider than 80 columns: {wide}")
    return done


FOR_PEOPLE = ("pack", "verify", "sign", "reproduce", "pool", "push", "pull", "matrix")


def too_wide(text):
    """The lines that do not fit, but for a single word, as a path, which is not broken."""
    return [line for line in text.splitlines() if len(line) > 80 and len(line.split()) > 1]


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def unpack(tar, folder):
    """Returns the bag's folder."""
    with tarfile.open(tar) as t:
        t.extractall(folder)
    (top,) = folder.iterdir()
    return top


def files(bag):
    return sorted(str(p.relative_to(bag)) for p in bag.rglob("*") if p.is_file())


def remake_manifests(bag):
    """As whoever changed a file would, to have it look whole: manifests and the payload's size anew."""
    payload = [f for f in files(bag) if f.startswith("data/")]
    size = sum((bag / f).stat().st_size for f in payload)
    info = (bag / "bag-info.txt").read_text().splitlines()
    info = [f"Payload-Oxum: {size}.{len(payload)}" if line.startswith("Payload-Oxum") else line for line in info]
    (bag / "bag-info.txt").write_text("\n".join(info) + "\n")
    lines = (f"{sha256(bag / f)}  {f}\n" for f in payload)
    (bag / "manifest-sha256.txt").write_text("".join(lines))
    lines = (f"{sha256(bag / f)}  {f}\n" for f in ("bag-info.txt", "bagit.txt", "manifest-sha256.txt"))
    (bag / "tagmanifest-sha256.txt").write_text("".join(lines))


def remake_crate(bag):
    """The digests and sizes in the crate anew, too."""
    path = bag / "data/ro-crate-metadata.json"
    crate = json.loads(path.read_text())
    for entity in crate["@graph"]:
        if entity["@type"] == "File":
            file = bag / "data" / entity["@id"]
            entity["sha256"], entity["contentSize"] = sha256(file), str(file.stat().st_size)
    path.write_text(json.dumps(crate, indent=1, sort_keys=True) + "\n")


class BundleTest(unittest.TestCase):
    """self.dir is empty; cls.packed is the bundle of the specimen."""

    @classmethod
    def setUpClass(cls):
        cls.common = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.common.cleanup)
        cls.folder = pathlib.Path(cls.common.name) / "specimen"
        cls.packed = pathlib.Path(cls.common.name) / "specimen.tar"
        specimen.make(cls.folder)
        done = tare("pack", cls.folder, "-o", cls.packed)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.said = done.stdout

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def bag(self):
        return unpack(self.packed, self.dir / "bag")

    def verify(self, path, *options, status=None, draw=True):
        """What `tare verify --json` says; without gnuplot on the PATH where it is not to draw, which takes most of it."""
        done = tare("verify", "--json", *options, path, env={} if draw else {"PATH": "/nonexistent"})
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        said = json.loads(done.stdout)
        broken = "broken" in (said["integrity"]["verdict"], said["derivation"]["verdict"])
        self.assertEqual(done.returncode, int(broken))
        return said

    def findings(self, said):
        return said["integrity"]["findings"] + said["derivation"]["findings"]
