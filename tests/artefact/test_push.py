"""Bundles into OCI layouts and Debian's docker-registry on the loopback, and out again."""

import http.client
import json
import pathlib
import shutil
import unittest

import registry
import specimen
from bundles import BundleTest, sha256, tare

TYPE = "application/vnd.tare.bundle.v1+tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def make_reproduction(packed, tar):
    """Its records are there, so that nothing is measured: they are not run again."""
    again = tar.parent / "reproduction"
    specimen.make(again, seed=8)
    done = tare("reproduce", packed, "--out", again)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    done = tare("pack", again, "-o", tar)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


class Pushing(BundleTest):
    """In a layout, which takes no other program."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.again = pathlib.Path(cls.common.name) / "again.tar"
        make_reproduction(cls.packed, cls.again)

    def place(self, tag=""):
        return f"oci:{self.dir / 'layout'}{tag and ':' + tag}"

    def push(self, tar, ref, *options):
        done = tare("push", tar, ref, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def blob(self, digest):
        return self.dir / "layout/blobs" / digest.replace(":", "/")

    def tags(self):
        index = json.loads((self.dir / "layout/index.json").read_text())
        return {d["annotations"]["org.opencontainers.image.ref.name"]: d for d in index["manifests"]}

    def test_a_layout_has_a_manifest_of_the_type_with_the_empty_config_and_the_tar_as_its_layer(self):
        self.push(self.packed, self.place("v1"))
        descriptor = self.tags()["v1"]
        manifest = json.loads(self.blob(descriptor["digest"]).read_text())
        self.assertEqual(descriptor["digest"], "sha256:" + sha256(self.blob(descriptor["digest"])))
        self.assertEqual((manifest["mediaType"], manifest["artifactType"]), (MANIFEST, TYPE))
        self.assertEqual(manifest["config"], {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "data": "e30=",
                                              "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"})
        (layer,) = manifest["layers"]
        self.assertEqual((layer["mediaType"], layer["digest"], layer["size"]),
                         (TYPE, f"sha256:{sha256(self.packed)}", self.packed.stat().st_size))
        self.assertEqual(json.loads((self.dir / "layout/oci-layout").read_text()), {"imageLayoutVersion": "1.0.0"})

    def test_the_same_bundle_has_the_same_manifest_anywhere_and_comes_back_as_it_was(self):
        said = self.push(self.packed, self.place())
        self.assertEqual(said.splitlines()[2], self.push(self.packed, f"oci:{self.dir / 'other'}:x").splitlines()[2])
        done = tare("pull", self.place(), "-o", self.dir / "back.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sha256(self.dir / "back.tar"), sha256(self.packed))

    def test_a_reproduction_is_attached_to_the_bundle_that_it_reproduces_and_to_no_other(self):
        self.push(self.packed, self.place("v1"))
        self.assertIn("attached to sha256:", " ".join(self.push(self.again, self.place("again"), "--subject", "v1").split()))
        tags = self.tags()
        original, again = tags["v1"]["digest"], tags["again"]["digest"]
        self.assertEqual(json.loads(self.blob(again).read_text())["subject"]["digest"], original)
        index = json.loads(self.blob(tags[original.replace(":", "-")]["digest"]).read_text())
        self.assertEqual([(d["digest"], d["artifactType"]) for d in index["manifests"]], [(again, TYPE)])
        self.push(self.again, self.place("again"), "--subject", "v1")  # once more is listed once
        index = json.loads(self.blob(self.tags()[original.replace(":", "-")]["digest"]).read_text())
        self.assertEqual(len(index["manifests"]), 1)
        done = tare("pull", self.place("v1"), "-o", self.dir / "back.tar")
        self.assertIn(f"attached: {again}, the bundle sha256:{sha256(self.again)}", done.said)
        for bundle, subject, line in ((self.packed, "v1", "reproduces none"), (self.again, "again", "what is reproduced is sha256:"),
                                      (self.again, "nope", "no tag 'nope'")):
            done = tare("push", bundle, self.place("x"), "--subject", subject)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))
            self.assertIn(line, done.stderr)

    def test_what_is_attached_takes_no_bundles_tag(self):
        statement = self.dir / "statement.json"
        self.assertEqual(tare("verify", self.packed, "--attestation", statement, env={"PATH": "/nonexistent"}).returncode, 0)
        self.push(self.packed, self.place())
        digest = self.tags()["latest"]["digest"]
        for path in (statement, self.again):
            for place, subject in ((self.place(), "latest"), (self.place(), digest), (self.place("latest"), "latest"),
                                   (self.place("latest"), digest)):
                done = tare("push", path, place, "--subject", subject)
                self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
                self.assertIn("what is attached takes a tag of its own", done.stderr)
        self.push(statement, self.place("s"), "--subject", "latest")
        done = tare("push", self.packed, self.place(digest.replace(":", "-")))
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
        self.assertIn("this one lists what is attached", done.stderr)
        self.assertEqual(self.tags()["latest"]["digest"], digest)
        done = tare("pull", self.place("latest"), "-o", self.dir / "back.tar")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("the statement sha256:", done.said)

    def test_wrong_bytes_are_found_and_nothing_is_written(self):
        self.push(self.packed, self.place("v1"))
        layer = self.blob("sha256:" + sha256(self.packed))
        manifest = self.blob(self.tags()["v1"]["digest"])
        for path in (layer, manifest):
            good = path.read_bytes()
            path.write_bytes(good[:-2] + b"x\n")
            done = tare("pull", self.place("v1"), "-o", self.dir / "back.tar")
            path.write_bytes(good)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
            self.assertIn("digest", done.stderr)
        self.assertEqual([p.name for p in self.dir.iterdir()], ["layout"])

    def test_bad_input_gets_one_line(self):
        bag = self.bag()
        (bag / "data/README.md").write_text("changed\n")
        (self.dir / "some").mkdir()
        (self.dir / "some/file").touch()
        self.push(self.packed, f"oci:{self.dir / 'two'}:v1")
        self.push(self.again, f"oci:{self.dir / 'two'}:v2")
        for words, line in (
            (("pull", f"oci:{self.dir / 'two'}:v3", "-o", self.dir / "x.tar"), "no tag 'v3': what is there is v1, v2"),
            (("pull", f"oci:{self.dir / 'two'}", "-o", self.dir / "x.tar"), "which? It has several tags: v1, v2"),
            (("push", self.packed), "it takes a bundle and where it goes"),
            (("push", self.packed, "nowhere"), "what is allowed is oci:FOLDER[:TAG] or docker://HOST/REPO:TAG"),
            (("push", self.packed, "docker://host/repo"), "what is allowed is"),
            (("push", self.packed, self.place("b@d")), "what is allowed is"),
            (("push", bag, self.place()), "what is pushed is a bundle's tar"),
            (("push", self.dir / "nothing", self.place()), "nothing"),
            (("push", self.packed, f"oci:{self.dir / 'some'}"), "not an OCI layout"),
            (("pull", self.place("v1"), "-o", self.dir / "x.tar"), "layout"),
            (("pull", self.place("v1")), "-o FILE.tar"),
        ):
            done = tare(*words)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn(line, done.stderr)
        self.assertFalse((self.dir / "layout").exists())

    def test_without_skopeo_a_registry_cannot_be_reached_and_it_says_so(self):
        done = tare("push", self.packed, "docker://127.0.0.1:9/x:y", env={"PATH": "/nonexistent"})
        self.assertEqual(done.returncode, 3)
        self.assertIn("apt-get install skopeo", done.stderr)


@unittest.skipIf(registry.missing(), "docker-registry is not installed")
@unittest.skipIf(not shutil.which("skopeo"), "skopeo is not installed")
class Registry(BundleTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        root = pathlib.Path(cls.common.name)
        cls.again = root / "again.tar"
        make_reproduction(cls.packed, cls.again)
        cls.host = registry.serve(cls, root)

    @classmethod
    def get(cls, path):
        connection = http.client.HTTPConnection(cls.host, timeout=10)
        connection.request("GET", f"/v2/{path}", headers={"Accept": f"{MANIFEST}, {INDEX}"})
        answer = connection.getresponse()
        return answer.headers, answer.read()

    def test_a_bundle_and_its_reproduction_go_there_and_come_back(self):
        place = f"docker://{self.host}/paper"
        done = tare("push", self.packed, f"{place}:v1")
        self.assertEqual(done.returncode, 0, done.stderr)
        headers, body = self.get("paper/manifests/v1")
        manifest = json.loads(body)
        self.assertEqual((headers["Content-Type"], manifest["artifactType"]), (MANIFEST, TYPE))
        self.assertIn(f"manifest {headers['Docker-Content-Digest']}\n", done.stdout)

        done = tare("push", self.again, f"{place}:again", "--subject", "v1")
        self.assertEqual(done.returncode, 0, done.stderr)
        referrers = json.loads(self.get(f"paper/manifests/{headers['Docker-Content-Digest'].replace(':', '-')}")[1])
        again = self.get("paper/manifests/again")[0]["Docker-Content-Digest"]
        self.assertEqual([d["digest"] for d in referrers["manifests"]], [again])

        for name, tar in (("v1", self.packed), ("again", self.again)):
            done = tare("pull", f"{place}:{name}", "-o", self.dir / "back.tar")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(sha256(self.dir / "back.tar"), sha256(tar))
        done = tare("pull", f"{place}@{headers['Docker-Content-Digest']}", "-o", self.dir / "back.tar")
        self.assertIn(f"attached: {again}, the bundle sha256:{sha256(self.again)}", done.said)

    def test_what_is_not_there_gets_one_line(self):
        for name in ("paper:nope", "nobody:v1", f"paper@sha256:{'0' * 64}"):
            done = tare("pull", f"docker://{self.host}/{name}", "-o", self.dir / "x.tar")
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn("not found in the registry", done.stderr)
        done = tare("pull", "docker://127.0.0.1:9/paper:v1", "-o", self.dir / "x.tar")
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
        self.assertIn("connection refused", done.stderr)
        self.assertEqual(list(self.dir.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
