"""The image in a bundle: through skopeo into it, found where it was changed, and run in."""

import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import time
import unittest

import registry
import specimen
import test_reproduce
from bundles import TARE, TOP, BundleTest, files, remake_crate, remake_manifests, sha256, tare, unpack
from oci_image import TYPES, Layout

IMAGE = "data/env/image"
DOCKER_RUN = TOP / "scripts/docker-run"


def blob(digest):
    return f"{IMAGE}/blobs/{digest.replace(':', '/')}"


def program(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class ImageTest(BundleTest):
    """cls.held is the bundle of the specimen, whose records name no image, with the image of cls.layout."""

    @classmethod
    def setUpClass(cls):
        if not shutil.which("skopeo"):
            raise unittest.SkipTest("skopeo is not installed")
        super().setUpClass()
        cls.root = pathlib.Path(cls.common.name)
        cls.layout = Layout(cls.root / "layout")
        cls.held = cls.root / "held.tar"
        done = tare("pack", cls.folder, "-o", cls.held, "--with-image", cls.layout.ref)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.said = done.said

    def named(self, digest, name="named"):
        """A folder whose records were made in the image of this digest."""

        def edit(records):
            for record in records.values():
                record["image"] = {"digest": digest, "suite": "trixie"}

        folder = self.dir / name
        specimen.make(folder, edit=edit)
        return folder

    def pack(self, folder, ref, name="packed.tar", status=0, env=None):
        before = sorted(self.dir.iterdir())
        done = tare("pack", folder, "-o", self.dir / name, "--with-image", ref, env=env)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        if status != 0:
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertEqual(sorted(self.dir.iterdir()), before)  # nothing is left behind
            return done.stderr
        return done.said

    def archive(self, layout, name="image.tar"):
        subprocess.run(["skopeo", "copy", "-q", layout.ref, f"docker-archive:{self.dir / name}:some/name:tag"], check=True)
        return f"docker-archive:{self.dir / name}"


class Packing(ImageTest):
    def test_the_layout_is_that_image_with_the_digests_it_had(self):
        bag = unpack(self.held, self.dir / "bag")
        names = [f for f in files(bag) if f.startswith(IMAGE)]
        blobs = [self.layout.manifest, self.layout.config, *self.layout.layers]
        self.assertEqual(names, sorted([f"{IMAGE}/index.json", f"{IMAGE}/oci-layout", *map(blob, blobs)]))
        for digest in blobs:
            self.assertEqual("sha256:" + sha256(bag / blob(digest)), digest)
        index = json.loads((bag / IMAGE / "index.json").read_text())
        self.assertEqual([(d["mediaType"], d["digest"]) for d in index["manifests"]], [(TYPES["manifest"], self.layout.manifest)])
        self.assertIn(f"image: {self.layout.config} (manifest {self.layout.manifest})", self.said)
        self.assertIn("no record was made in an image", self.said)
        self.assertIn(self.layout.config, (bag / "data/README.md").read_text())
        # another reader of layouts has it
        done = subprocess.run(["skopeo", "inspect", "--config", f"oci:{bag / IMAGE}"], capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(done.stdout)["config"]["Env"], ["A=b"])

    def test_it_is_whole_and_packed_again_the_same_from_any_place(self):
        self.assertEqual(self.verify(self.held, status=0)["sha256"], sha256(self.held))
        elsewhere = self.dir / "else where"
        shutil.copytree(self.layout.folder, elsewhere)
        self.pack(self.folder, f"oci:{elsewhere}", env={"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8"})
        self.assertEqual(sha256(self.dir / "packed.tar"), sha256(self.held))

    def test_an_engine_s_archive_keeps_the_image_id_and_its_layers_as_they_are(self):
        for name, compress in (("plain", False), ("gzip", True)):
            layout = Layout(self.dir / name, compress=compress)
            ref = self.archive(layout, f"{name}.image.tar")
            self.pack(self.named(layout.config, f"of-{name}"), ref, f"{name}.tar")
            said = self.pack(self.dir / f"of-{name}", ref, f"{name}-again.tar")
            self.assertIn(f"image: {layout.config} ", said)
            self.assertIn("15 of 15 records name it", said)
            self.assertEqual(sha256(self.dir / f"{name}.tar"), sha256(self.dir / f"{name}-again.tar"))
            self.verify(self.dir / f"{name}.tar", status=0)
            bag = unpack(self.dir / f"{name}.tar", self.dir / f"bag-{name}")
            self.assertEqual(sha256(bag / blob(layout.config)), layout.config[7:])
            manifest = json.loads((bag / blob(json.loads((bag / IMAGE / "index.json").read_text())["manifests"][0]["digest"])).read_text())
            self.assertEqual({layer["mediaType"] for layer in manifest["layers"]}, {TYPES["layer"]})

    def test_compressed_layers_stay_compressed(self):
        layout = Layout(self.dir / "gzip", compress=True)
        self.pack(self.folder, layout.ref)
        self.verify(self.dir / "packed.tar", status=0)
        bag = unpack(self.dir / "packed.tar", self.dir / "bag")
        self.assertEqual([sha256(bag / blob(d)) for d in layout.layers], [d[7:] for d in layout.layers])

    def test_records_may_name_it_by_its_manifest_its_config_or_the_index_that_lists_it(self):
        layout = Layout(self.dir / "listed", listed=True)
        for number, digest in enumerate((f"registry.example/tare@{layout.manifest}", layout.config,
                                         f"registry.example/tare@{layout.listed}")):
            folder, tar = self.named(digest, f"n{number}"), f"{number}.tar"
            self.assertIn("15 of 15 records name it", self.pack(folder, layout.ref, tar))
            self.verify(self.dir / tar, status=0)
        bag = unpack(self.dir / "2.tar", self.dir / "bag")
        kept = bag / "data/env/image-named" / layout.listed[7:]
        self.assertEqual("sha256:" + sha256(kept), layout.listed)
        crate = json.loads((bag / "data/ro-crate-metadata.json").read_text())["@graph"]
        (image,) = [e for e in crate if e["@type"] == "ContainerImage"]
        self.assertEqual((image["sha256"], image["identifier"]), (layout.listed[7:], layout.manifest))
        # the word of what it is called is held, too
        other = Layout(self.dir / "other", "another", listed=True)
        kept.unlink()
        shutil.copy(other.folder / "blobs" / other.listed.replace(":", "/"), kept.parent / other.listed[7:])
        remake_manifests(bag)
        found = self.findings(self.verify(bag, status=1, draw=False))
        self.assertIn(f"env/image-named/{other.listed[7:]}", [f["file"] for f in found])

    def test_another_image_than_the_records_is_refused(self):
        for digest in ("sha256:" + 64 * "a", "localhost/tare@sha256:" + 64 * "b"):
            line = self.pack(self.named(digest, digest[-3:]), self.layout.ref, status=2)
            self.assertIn("it is not the records' image", line)
            for part in (digest, self.layout.config, self.layout.manifest, "/0001.json"):
                self.assertIn(part, line)

    def test_of_an_image_whose_digest_nobody_told_it_says_so(self):
        def edit(records):
            for record in records.values():
                record["image"] = {"digest": None, "digest_reason": "nobody", "content_sha256": 64 * "c"}

        specimen.make(self.dir / "untold", edit=edit)
        said = self.pack(self.dir / "untold", self.layout.ref)
        self.assertIn("15 records were made in an image of unknown digest", said)

    def test_the_crate_has_the_image_with_its_files(self):
        for folder, named in ((self.folder, False), (self.named(self.layout.config), True)):
            self.pack(folder, self.layout.ref)
            bag = unpack(self.dir / "packed.tar", self.dir / f"bag-{named}")
            graph = {e["@id"]: e for e in json.loads((bag / "data/ro-crate-metadata.json").read_text())["@graph"]}
            (image,) = [e for e in graph.values() if e["@type"] == "ContainerImage"]
            self.assertEqual((image["sha256"], image["identifier"]), (self.layout.config[7:], self.layout.manifest))
            parts = [part["@id"] for part in image["hasPart"]]
            self.assertEqual(parts, [f[5:] for f in files(bag) if f.startswith(IMAGE)])
            for part in parts:
                self.assertEqual((graph[part]["@type"], graph[part]["sha256"]), ("File", sha256(bag / "data" / part)))
                self.assertIn({"@id": part}, graph["./"]["hasPart"])
            actions = [e for e in graph.values() if e["@type"] == "CreateAction"]
            self.assertEqual({a.get("containerImage", {}).get("@id") for a in actions}, {image["@id"] if named else None})
            self.assertEqual({"@id": image["@id"]} in graph["./"]["mentions"], not named)

    def test_what_cannot_be_had_gets_one_line_and_leaves_nothing(self):
        for ref, text in (("nothing", "skopeo copy: "), (f"oci:{self.dir}/none", "no such file"),
                          (f"docker-archive:{self.dir}/none.tar", "no such file"), (f"{self.layout.ref}:nope", "nope"),
                          ("docker://127.0.0.1:9/paper:v1", "connection refused")):
            self.assertIn(text, self.pack(self.folder, ref, status=2))

    def test_what_is_no_image_is_refused(self):
        layout = Layout(self.dir / "artefact")
        index = json.loads((layout.folder / "index.json").read_text())
        manifest = json.loads((layout.folder / "blobs" / layout.manifest.replace(":", "/")).read_text())
        manifest["config"] = layout.put(b'{"architecture": "amd64"}', "config")
        index["manifests"] = [layout.put(json.dumps(manifest).encode(), "manifest")]
        (layout.folder / "index.json").write_text(json.dumps(index))
        self.assertIn("it is not an image's config", self.pack(self.folder, layout.ref, status=2))

    def test_without_skopeo_it_says_what_lacks(self):
        os.mkdir(self.dir / "bin")
        for path in pathlib.Path("/usr/bin").iterdir():
            if path.name != "skopeo":
                (self.dir / "bin" / path.name).symlink_to(path)
        line = self.pack(self.folder, self.layout.ref, status=3, env={"PATH": str(self.dir / "bin")})
        self.assertIn("apt-get install skopeo", line)


@unittest.skipIf(registry.missing(), "docker-registry is not installed")
class FromRegistry(ImageTest):
    def test_a_registry_s_digest_is_what_the_records_may_name_also_of_docker_s_own_manifests(self):
        host = registry.serve(type(self), self.root)
        for kind in ("oci", "v2s2"):
            place, noted = f"docker://{host}/tare:{kind}", self.dir / f"{kind}.digest"
            subprocess.run(["skopeo", "copy", "-q", "--dest-tls-verify=false", "--format", kind, "--digestfile", noted,
                            self.layout.ref, place], check=True)
            digest = noted.read_text().strip()
            folder = self.named(f"{host}/tare@{digest}", kind)
            self.assertIn("15 of 15 records name it", self.pack(folder, place, f"{kind}.tar"))
            self.pack(folder, f"docker://{host}/tare@{digest}", f"{kind}-again.tar")
            self.assertEqual(sha256(self.dir / f"{kind}.tar"), sha256(self.dir / f"{kind}-again.tar"))
            self.verify(self.dir / f"{kind}.tar", status=0)
            kept = [f for f in files(unpack(self.dir / f"{kind}.tar", self.dir / f"bag-{kind}")) if "image-named" in f]
            self.assertEqual(kept, [f"data/env/image-named/{digest[7:]}"] if kind == "v2s2" else [])
        line = self.pack(self.folder, f"docker://{host}/tare:none", status=2)
        self.assertIn("not found in the registry", line)


STANDS_IN = """#!/usr/bin/env python3
import json, os, pathlib, sys, time
if sys.argv[1:] == ["--version"]:
    sys.exit(print("skopeo version 0"))
folder = pathlib.Path(sys.argv[-1].removeprefix("dir:"))
folder.mkdir()
part = lambda n, size: {{"digest": "sha256:" + 64 * format(n, "x"), "size": size}}
blobs = [part(0, 10)] + [part(n + 1, size) for n, size in enumerate({sizes})]
for one in blobs:
    with open(folder / one["digest"][7:], "wb") as f:
        f.truncate(one["size"])
(folder / "manifest.json").write_text(json.dumps({{"schemaVersion": 2, "config": blobs[0], "layers": blobs[1:]}}))
pathlib.Path({mark!r}).write_text(str(os.getpid()))
time.sleep({sleep})
"""


class Limits(ImageTest):
    """By a stand-in of skopeo's, as what is too large takes long to make."""

    def stand_in(self, sizes, sleep=0):
        self.mark = self.dir / "mark"
        self.mark.touch()
        program(self.dir / "bin/skopeo", STANDS_IN.format(sizes=sizes, sleep=sleep, mark=str(self.mark)))
        os.makedirs(self.dir / "tmp")
        return {"PATH": f"{self.dir / 'bin'}:{os.environ['PATH']}", "TMPDIR": str(self.dir / "tmp")}

    def test_a_layer_of_more_than_1_gib_is_refused(self):
        env = self.stand_in([(1 << 30) + 1])
        self.assertIn("one of its layers has 1.0 GiB", self.pack(self.folder, "oci:any", status=2, env=env))

    def test_more_than_4_gib_in_all_is_refused(self):
        env = self.stand_in([1 << 30] * 4)
        self.assertIn("with it the bundle has at least 4.0 GiB", self.pack(self.folder, "oci:any", status=2, env=env))

    def test_ended_meanwhile_it_leaves_nothing(self):
        env = self.stand_in([10], sleep=60)
        before = sorted(self.dir.iterdir())
        process = subprocess.Popen([TARE, "pack", self.folder, "-o", self.dir / "x.tar", "--with-image", "oci:any"],
                                   env=os.environ | env, stderr=subprocess.DEVNULL)
        for _ in range(300):
            if self.mark.read_text():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), -signal.SIGTERM)
        pid = int(self.mark.read_text())
        for _ in range(100):
            if not pathlib.Path(f"/proc/{pid}").exists() or "Z" in pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2]:
                break
            time.sleep(0.1)
        else:
            self.fail("skopeo goes on")
        self.assertEqual(sorted(self.dir.iterdir()), before)
        self.assertEqual(list((self.dir / "tmp").iterdir()), [])


class Changes(ImageTest):
    def setUp(self):
        super().setUp()
        self.bag = unpack(self.held, self.dir / "bag")

    def found(self, crate=True):
        """The files in which something is found, where all digests were made anew."""
        if crate:
            path = self.bag / "data/ro-crate-metadata.json"
            said = json.loads(path.read_text())
            said["@graph"] = [e for e in said["@graph"] if e["@type"] != "File" or (self.bag / "data" / e["@id"]).exists()]
            path.write_text(json.dumps(said))
            remake_crate(self.bag)
        remake_manifests(self.bag)
        found = self.findings(self.verify(self.bag, status=1, draw=False))
        return {f["file"]: f["text"] for f in found} | {"env/image/index.json": "" for f in found if "index.json needs" in f["text"]}

    def test_each_byte_is_held(self):
        for name in [f for f in files(self.bag) if f.startswith(IMAGE)]:
            path = self.bag / name
            good = path.read_bytes()
            some = range(0, len(good), 19) if "blobs" not in name else (0, len(good) // 2, len(good) - 1)
            for at in some:
                path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
                with self.subTest(file=name, at=at):
                    self.assertIn(name[5:], self.found())
            path.write_bytes(good + b"\n")
            self.assertIn(name[5:], self.found())
            path.write_bytes(good)

    def test_each_file_that_is_not_there_is_missed(self):
        for name in [f for f in files(self.bag) if f.startswith(IMAGE)]:
            good = (self.bag / name).read_bytes()
            (self.bag / name).unlink()
            remake_manifests(self.bag)
            with self.subTest(file=name):
                self.assertIn(name[5:], self.found(crate=False))
            (self.bag / name).write_bytes(good)

    def test_a_file_more_is_found_whatever_its_name(self):
        for name in (blob(Layout.digest(b"more")), f"{IMAGE}/more", f"{IMAGE}/blobs/sha256/more", "data/env/image-named/more"):
            path = self.bag / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"more")
            with self.subTest(file=name):
                self.assertIn(name[5:], self.found())
            path.unlink()

    def rewrite(self, edit):
        """The manifest made another by edit(manifest), and the index as tare writes it of that one."""
        index = json.loads((self.bag / IMAGE / "index.json").read_text())
        path = self.bag / blob(index["manifests"][0]["digest"])
        manifest = json.loads(path.read_text())
        path.unlink()
        edit(manifest)
        return self.replace(json.dumps(manifest).encode())

    def replace(self, manifest):
        name = blob(Layout.digest(manifest))
        (self.bag / name).write_bytes(manifest)
        index = {"manifests": [{"digest": Layout.digest(manifest), "mediaType": TYPES["manifest"], "size": len(manifest)}],
                 "mediaType": TYPES["index"], "schemaVersion": 2}
        (self.bag / IMAGE / "index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
        return name[5:]

    def test_what_contradicts_itself_is_found_where_all_digests_fit(self):
        def media(manifest):
            manifest["layers"][1]["mediaType"] += "+gzip"

        def config_type(manifest):
            manifest["config"]["mediaType"] = "application/json"

        def size(manifest):
            manifest["layers"][0]["size"] += 1

        def swap(manifest):
            manifest["layers"].reverse()

        def fewer(manifest):
            del manifest["layers"][1]

        def version(manifest):
            manifest["schemaVersion"] = 1

        def digest(manifest):
            manifest["config"]["digest"] = "sha512:" + manifest["config"]["digest"][7:]

        def kind(manifest):
            manifest["mediaType"] = TYPES["index"]

        def nothing(manifest):
            manifest.pop("layers")

        config = blob(self.layout.config)[5:]
        for edit, file in ((media, None), (config_type, None), (size, None), (swap, config), (fewer, config), (version, None),
                           (digest, None), (kind, None), (nothing, None)):
            self.bag = unpack(self.held, self.dir / edit.__name__)
            name = self.rewrite(edit)
            with self.subTest(edit=edit.__name__):
                self.assertIn(file or name, self.found())

    def test_another_image_in_its_place_is_found_where_the_records_name_the_one(self):
        self.pack(self.named(self.layout.config), self.layout.ref)
        other = Layout(self.dir / "other", "another")
        self.pack(self.named(other.config, "of-other"), other.ref, "other.tar")
        self.bag = unpack(self.dir / "packed.tar", self.dir / "one")
        shutil.rmtree(self.bag / IMAGE)
        shutil.copytree(unpack(self.dir / "other.tar", self.dir / "two") / IMAGE, self.bag / IMAGE)
        found = self.found()
        self.assertIn(f"records/{specimen.THREADS}/0001.json", found)
        self.assertIn(f"env/image is {other.config}", found[f"records/{specimen.THREADS}/0001.json"])

    def test_hostile_json_gets_a_line(self):
        for text in (b"", b"[]", b"{}", b'{"manifests": {}}', b'{"manifests": [1]}', b'{"manifests": [{"digest": 5}]}',
                     b'{"manifests": [{"digest": "sha256:../../../plan.yml", "size": 1}]}', b"[" * 100000,
                     b'{"manifests": [{"digest": "sha256:' + 64 * b"0" + b'", "size": 1e999}]}'):
            (self.bag / IMAGE / "index.json").write_bytes(text)
            with self.subTest(text=text[:40]):
                self.assertTrue({"env/image/index.json", "env/image/blobs/sha256/" + 64 * "0"} & set(self.found()))
        for text in (b"", b"[]", b"{}", b'{"config": 1, "layers": 2}', b'{"schemaVersion": 2, "layers": [[]], "config": {}}'):
            self.assertIn(self.replace(text), self.found())


ENGINE = """#!/usr/bin/env python3
# An engine's command as far as scripts/docker-run takes it: what is run in a container runs here.
import os, pathlib, subprocess, sys
root, words = pathlib.Path({root!r}), sys.argv[1:]
with open(root / "calls", "a") as log:
    print(*words, file=log)
if words[:2] == ["image", "inspect"]:
    sys.exit(0 if (root / "loaded").exists() else 1)
if words[0] == "load":
    (root / "loaded").write_bytes(sys.stdin.buffer.read())
    sys.exit(0)
mounts = dict(reversed(words[i + 1].removesuffix(":ro").split(":")) for i, w in enumerate(words) if w == "-v")
at = words.index("matrix")
place = lambda w: next((of + w[len(at):] for at, of in mounts.items() if w == at or w.startswith(at + "/")), w)
inner = [place(w) for w in words[at:]]
sys.exit(subprocess.run([{tare!r}, *inner]).returncode)
"""


class RunningIn(ImageTest):
    def engine(self):
        program(self.dir / "bin/docker", ENGINE.format(root=str(self.dir), tare=str(TARE)))
        return {"PATH": f"{self.dir / 'bin'}:{os.environ['PATH']}"}

    def test_reproduce_loads_the_bundle_s_image_and_runs_in_that_one(self):
        test_reproduce.make(self.dir / "original")
        self.pack(self.dir / "original/records", self.layout.ref)
        env = self.engine()
        words = ("reproduce", self.dir / "packed.tar", "--smoke", "--in-image", "--out", self.dir / "again")
        done = tare(*words, "--json", env=env)
        self.assertIn(done.returncode, (0, 1), done.stderr)  # nothing is claimed, or what was measured here decides
        self.assertEqual(json.loads(done.stdout)["rerun"]["image"], "held")
        tag = "tare-bundle:" + self.layout.config[7:19]
        self.assertIn(f"the image {self.layout.config} is now {tag} in docker's store, and stays there", done.stderr)
        (run,) = [line for line in (self.dir / "calls").read_text().splitlines() if line.startswith("run ")]
        self.assertIn(f" -e TARE_IMAGE_DIGEST={self.layout.config} ", run)
        self.assertIn(f" {tag} matrix ", run)
        with tarfile.open(fileobj=io.BytesIO((self.dir / "loaded").read_bytes())) as archive:
            (one,) = json.load(archive.extractfile("manifest.json"))
            self.assertEqual(one["RepoTags"], [tag])
            self.assertEqual("sha256:" + one["Config"].removesuffix(".json"), self.layout.config)
            self.assertEqual(Layout.digest(archive.extractfile(one["Config"]).read()), self.layout.config)
            self.assertEqual([Layout.digest(archive.extractfile(name).read()) for name in one["Layers"]], self.layout.layers)
        # what the engine has it does not get again
        done = tare(*words, env=env)
        self.assertIn("re-run in the image that the bundle holds: 10 of 10 invocations", done.said)
        self.assertNotIn("stays there", done.stderr)
        self.assertEqual((self.dir / "calls").read_text().count("load"), 1)
        # the whole plan has fewer options than a short subset, and no word more than these
        done = tare("reproduce", self.dir / "packed.tar", "--in-image", "--out", self.dir / "whole", env=env)
        self.assertIn("re-run in the image that the bundle holds: 10 of 10 invocations", done.said, done.stderr)
        *_, run = [line for line in (self.dir / "calls").read_text().splitlines() if line.startswith("run ")]
        self.assertRegex(run, r" matrix /bundle/data/plan.yml --out /out --invocations=5 --seed=\d+$")

    def docker_run(self, *words):
        return subprocess.run([DOCKER_RUN, "--out", self.dir / "out", *words], capture_output=True, text=True,
                              env=os.environ | self.engine(), timeout=60)

    def test_docker_run_says_what_it_would_load(self):
        done = self.docker_run("--dry-run", self.layout.ref)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"image-archive save {self.layout.folder} tare-bundle:{self.layout.config[7:19]} | docker load\n", done.stdout)
        self.assertFalse((self.dir / "loaded").exists())

    def test_docker_run_loads_no_layout_that_is_broken(self):
        for name in ("manifest", "config", "layer", "index"):
            layout = Layout(self.dir / name)
            digest = {"manifest": layout.manifest, "config": layout.config, "layer": layout.layers[1]}.get(name)
            path = layout.folder / ("blobs/" + digest.replace(":", "/") if digest else "index.json")
            good = path.read_bytes()
            path.write_bytes(good.replace(b"sha256:", b"sha256;", 1) if not digest else good[:-1] + bytes([good[-1] ^ 1]))
            (self.dir / "loaded").unlink(missing_ok=True)
            done = self.docker_run(layout.ref)
            with self.subTest(broken=name):
                self.assertEqual(done.returncode, 3 if name in ("layer", "config") else 2, done.stderr)
        done = self.docker_run(f"oci:{self.dir / 'none'}")
        self.assertEqual(done.returncode, 2)
        self.assertIn("it is no layout of an image", done.stderr)

    @unittest.skipIf(not shutil.which("skopeo"), "skopeo is not installed")
    def test_what_is_loaded_is_an_archive_that_skopeo_reads_as_the_same_image(self):
        for compress in (False, True):
            layout = Layout(self.dir / f"layout-{compress}", compress=compress)
            with open(self.dir / "saved.tar", "wb") as out:
                subprocess.run([TOP / "scripts/image-archive", "save", layout.folder, "some:tag"], stdout=out, check=True)
            done = subprocess.run(["skopeo", "inspect", "--raw", f"docker-archive:{self.dir / 'saved.tar'}"],
                                  capture_output=True, text=True, check=True)
            self.assertEqual(json.loads(done.stdout)["config"]["digest"], layout.config)


if __name__ == "__main__":
    unittest.main()
