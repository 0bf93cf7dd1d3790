#!/usr/bin/env python3
"""A bundle and its attestation, read by programs that others wrote: cosign (Debian 13's, by the lock), the npm package
ro-crate, and CycloneDX's own JSON Schema. Each has to refuse what is changed, too."""

import base64
import copy
import json
import os
import pathlib
import shutil
import subprocess
import unittest

import npm
from bundles import TOP, BundleTest, files, tare, unpack

RO_CRATE = ("ro-crate", "3.7.2", "ce9c6a34ed945e37e2a07310d8195241a0abc10029a440b0afdfd1a93131c40f")
CYCLONEDX = ("@cyclonedx/cyclonedx-library", "10.3.0", "9833bd949052eb18218dd64b13ad62d9246f7395eef01c66dad08fcbacf74f01")
PREDICATE = "urn:tare:verification:v1"


def cosign():
    """The program, from the cache or from Debian's pool; None where neither gives it."""
    kept = npm.CACHE / "readers"
    if not (kept / "usr/bin/cosign").exists():
        debs = npm.CACHE / "readers-debs"
        done = subprocess.run([TOP / "scripts/fetch-debs", "trixie", "readers", debs], capture_output=True, text=True, timeout=300)
        for deb in debs.glob("*.deb") if done.returncode == 0 else ():
            subprocess.run(["dpkg", "-x", deb, kept], check=True)
        shutil.rmtree(debs, ignore_errors=True)
    return kept / "usr/bin/cosign" if (kept / "usr/bin/cosign").exists() else None


class Cosign(BundleTest):
    """in-toto's Statement, in a signed DSSE envelope: cosign reads subject and predicateType with in-toto's own library."""

    def setUp(self):
        super().setUp()
        self.cosign = cosign()
        if not self.cosign:
            self.skipTest("cosign is neither in the cache nor to be had from Debian's pool")
        self.key, self.public = self.dir / "key.pem", self.dir / "public.pem"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key], check=True)
        subprocess.run(["openssl", "ec", "-in", self.key, "-pubout", "-out", self.public], check=True, capture_output=True)
        self.statement = self.dir / "attestation.json"
        self.assertEqual(tare("verify", self.packed, "--attestation", self.statement, env={"PATH": "/nonexistent"}).returncode, 0)

    def sign(self, data):
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=data, capture_output=True, check=True).stdout

    def envelope(self, statement):
        """DSSE v1: what is signed is the type and the payload with their lengths."""
        kind, path = b"application/vnd.in-toto+json", self.dir / "envelope.json"
        signature = self.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(statement), statement))
        path.write_text(json.dumps({"payloadType": kind.decode(), "payload": base64.b64encode(statement).decode(),
                                    "signatures": [{"keyid": "", "sig": base64.b64encode(signature).decode()}]}))
        return path

    def attested(self, statement, blob, kind=PREDICATE):
        done = subprocess.run([self.cosign, "verify-blob-attestation", "--key", self.public, "--signature",
                               self.envelope(statement), "--insecure-ignore-tlog=true", "--check-claims=true", "--type", kind, blob],
                              capture_output=True, text=True, timeout=60, env=os.environ | {"HOME": str(self.dir)})
        return done.returncode, done.stderr

    def test_the_statement_is_of_this_bundle_and_of_no_other(self):
        statement = self.statement.read_bytes()
        code, said = self.attested(statement, self.packed)
        self.assertEqual(code, 0, said)
        other = self.dir / "other.tar"
        other.write_bytes(self.packed.read_bytes() + b"\0")
        self.assertRegex(self.attested(statement, other)[1], "no matching subject digest")
        self.assertRegex(self.attested(statement, self.packed, "https://slsa.dev/provenance/v1")[1], "invalid predicate type")
        changed = json.loads(statement)
        changed["subject"][0]["digest"]["sha256"] = 64 * "0"
        self.assertNotEqual(self.attested(json.dumps(changed).encode(), self.packed)[0], 0)

    def test_the_file_is_signed_as_any_blob_is(self):
        signature = self.dir / "signature"
        signature.write_bytes(base64.b64encode(self.sign(self.statement.read_bytes())))
        words = [self.cosign, "verify-blob", "--key", self.public, "--signature", signature, "--insecure-ignore-tlog=true", self.statement]
        self.assertEqual(subprocess.run(words, capture_output=True, timeout=60).returncode, 0)
        self.statement.write_text(self.statement.read_text().replace('"good"', '"broken"', 1))
        self.assertNotEqual(subprocess.run(words, capture_output=True, timeout=60).returncode, 0)


class Crates(BundleTest):
    def setUp(self):
        super().setUp()
        package = npm.package(*RO_CRATE) if shutil.which("node") else None
        if not package:
            self.skipTest("no node here, or ro-crate is neither in the cache nor to be had by npm (apt-get install npm)")
        package.extractall(self.dir / "npm")

    def read(self, data, metadata=None):
        done = subprocess.run(["node", pathlib.Path(__file__).with_name("rocrate.js"), self.dir / "npm/package",
                               metadata or data / "ro-crate-metadata.json", *(f for f in files(data) if f != "ro-crate-metadata.json")],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_the_crate_of_each_version_has_no_fault_and_every_file_and_invocation(self):
        for version in ("1.1", "1.2", "1.3"):
            with self.subTest(version):
                tar = self.dir / f"{version}.tar"
                self.assertEqual(tare("pack", self.folder, "-o", tar, "--crate", version).returncode, 0)
                data = unpack(tar, self.dir / version) / "data"
                said = self.read(data)
                self.assertEqual(said["faults"], [])
                self.assertGreater(said["passed"], 5)
                self.assertEqual(said["parts"], len(files(data)) - 1)
                self.assertEqual(said["instruments"], 15 * ["scenario1"])

    def test_a_crate_that_lacks_what_it_has_to_say_is_refused(self):
        data = self.bag() / "data"
        crate = json.loads((data / "ro-crate-metadata.json").read_text())
        for lacks in ("license", "datePublished", "description"):
            other = copy.deepcopy(crate)
            del next(e for e in other["@graph"] if e["@id"] == "./")[lacks]
            path = self.dir / "other.json"
            path.write_text(json.dumps(other))
            self.assertEqual([f["id"] for f in self.read(data, path)["faults"]], [f"{lacks}Required"])
        (data / "stranger").write_text("")
        self.assertEqual([f["entity"] for f in self.read(data)["faults"]], ["stranger"])


class Components(BundleTest):
    def setUp(self):
        super().setUp()
        try:
            import jsonschema
        except ImportError:
            self.skipTest("no jsonschema for this Python (apt-get install python3-jsonschema)")
        package = npm.package(*CYCLONEDX)
        if not package:
            self.skipTest("CycloneDX's schemas are neither in the cache nor to be had by npm (apt-get install npm)")
        schema = [json.load(package.extractfile(f"package/res/schema/{name}.SNAPSHOT.schema.json"))
                  for name in ("bom-1.6", "spdx", "jsf-0.82")]
        store = {one["$id"]: one for one in schema}
        self.check = jsonschema.Draft7Validator(schema[0], resolver=jsonschema.RefResolver(schema[0]["$id"], schema[0], store=store),
                                                format_checker=jsonschema.FormatChecker())

    def test_the_list_of_components_holds_to_cyclonedx_schema(self):
        list_ = json.loads((self.bag() / "data/env/sbom.cdx.json").read_text())
        self.assertEqual(list_["specVersion"], "1.6")
        self.assertEqual([error.message for error in self.check.iter_errors(list_)], [])
        for change in (lambda o: o["components"][0].pop("name"), lambda o: o.update(specVersion=1.6),
                       lambda o: o["components"][0].update(hashes=[{"alg": "SHA-256", "content": "none"}]),
                       lambda o: o.update(more="than it may say")):
            other = copy.deepcopy(list_)
            change(other)
            self.assertNotEqual(list(self.check.iter_errors(other)), [])


if __name__ == "__main__":
    unittest.main()
