"""The crate of each version against the rules of RO-Crate and Process Run Crate (crate_rules.py), and what else is written for
machines: CITATION.cff (1.2.0), CodeMeta 3, CycloneDX 1.6, Zenodo's metadata, in-toto Statements, BagIt (RFC 8493). Written
from the specifications; nothing of tare's is used."""

import copy
import datetime
import json
import re
import shutil
import subprocess
import unittest

import bundles
import crate_rules
from bundles import BundleTest, files, tare
from crate_rules import references


class Crate(BundleTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = tare("pack", cls.folder, "-o", cls.packed, "--author", "Doe, Jane <0000-0002-1825-0097>", "--author",
                    "A Group <group@example.org>", "--license", "CC-BY-4.0", "--title", "Ünïcode: \"threads\" & others")
        assert done.returncode == 0, done.stderr

    def setUp(self):
        super().setUp()
        self.root = self.bag() / "data"
        self.document = json.loads((self.root / "ro-crate-metadata.json").read_text())
        self.graph = self.document["@graph"]
        self.by_id = {entity["@id"]: entity for entity in self.graph}

    def types(self, entity):
        kind = entity["@type"]
        return kind if isinstance(kind, list) else [kind]

    def of_type(self, kind):
        return [entity for entity in self.graph if kind in self.types(entity)]

    def crate_of(self, bag):
        """The document, and of each file of the payload its size and digest, as the crate has them."""
        root = bag / "data"
        told = {f: (str((root / f).stat().st_size), bundles.sha256(root / f)) for f in files(root)}
        return json.loads((root / "ro-crate-metadata.json").read_text()), told

    def test_the_crate_of_each_version_holds_to_every_rule(self):
        for version, profile in crate_rules.PROFILES.items():
            with self.subTest(version=version):
                tar = self.dir / f"{version}.tar"
                done = tare("pack", self.folder, "-o", tar, "--crate", version, "--source-url", "https://example.org/tare.git")
                self.assertEqual(done.returncode, 0, done.stderr)
                document, told = self.crate_of(bundles.unpack(tar, self.dir / version))
                self.assertEqual(crate_rules.broken(document, told, version), [])
                self.assertEqual("1.2" == version, not profile)
                tools = [e for e in document["@graph"] if e.get("name") == "tare"]
                self.assertEqual({e["url"] for e in tools}, {"https://example.org/tare.git"})
                self.verify(tar, status=0, draw=False)

    def test_each_rule_finds_what_breaks_it(self):
        def change(key, value, kind):
            def do(graph):
                next(e for e in graph if kind in crate_rules.types(e) | {e["@id"]})[key] = value
            return do

        document, told = self.crate_of(self.root.parent)
        self.assertEqual(crate_rules.broken(document, told, "1.1"), [])
        for change_it, name in (
            (change("about", {"@id": "x"}, "ro-crate-metadata.json"), "metadata descriptor: a CreativeWork about the root"),
            (change("conformsTo", [], "ro-crate-metadata.json"), "metadata descriptor: conforms to its version alone"),
            (change("datePublished", "soon", "./"), "root: datePublished"),
            (change("conformsTo", {"@id": "x"}, "./"), "process run crate: the root conforms"),
            (change("hasPart", [], "./"), "data entities: every file"),
            (change("mentions", [], "./"), "action: the root mentions each"),
            (change("license", "free", "./"), "root: its license"),
            (change("sha256", "0", "File"), "data entities: a part is a File"),
            (change("version", "1", "SoftwareApplication"), "software: has a name, and not both"),
            (change("instrument", {"@id": "./"}, "CreateAction"), "action: has a name, a description and one instrument"),
            (change("error", "none", "CreateAction"), "action: status is completed or failed"),
            (change("endTime", "1999-01-01T00:00:00Z", "CreateAction"), "action: times are ISO 8601"),
            (change("object", {"@id": "https://w3id.org/ro/x"}, "CreateAction"), "action: objects and results"),
            (change("name", {"inside": 1}, "File"), "json-ld: flattened"),
            (lambda graph: graph.append(graph[0]), "entities: each has an @id, which no other has"),
        ):
            other = copy.deepcopy(document)
            change_it(other["@graph"])
            found = crate_rules.broken(other, told, "1.1")
            self.assertTrue(any(one.startswith(name) for one in found), (name, found))
        self.assertIn("json-ld: a document of @context and @graph with the context of its version",
                      crate_rules.broken(document, told, "1.3"))

    def test_every_invocation_is_an_action(self):
        actions = self.of_type("CreateAction")
        self.assertEqual(len(actions), 15)
        self.assertEqual(sorted(references(self.by_id["./"]["mentions"])), sorted(a["@id"] for a in actions))
        results = sorted(r for a in actions for r in references(a["result"]))
        self.assertEqual(results, [f for f in files(self.root) if f.startswith("records/")])
        for action in actions:
            (tool,) = references(action["instrument"])
            self.assertIn("SoftwareApplication", self.types(self.by_id[tool]))
            (agent,) = references(action["agent"])
            self.assertTrue({"Person", "Organization"} & set(self.types(self.by_id[agent])))
            self.assertTrue(action["name"] and action["description"])
            begin, end = (datetime.datetime.fromisoformat(action[key]) for key in ("startTime", "endTime"))
            self.assertLess(begin, end)
            self.assertEqual(action["actionStatus"]["@id"], "http://schema.org/CompletedActionStatus")
            self.assertNotIn("error", action)
            for value in references(action["environment"]) + references(action["resourceUsage"]):
                self.assertEqual(self.types(self.by_id[value]), ["PropertyValue"])
                self.assertTrue(self.by_id[value]["name"] and self.by_id[value]["value"])

    def test_applications_tell_their_name_and_one_version(self):
        applications = self.of_type("SoftwareApplication")
        self.assertGreaterEqual(len(applications), 3)
        for one in applications:
            self.assertTrue(one["name"])
            self.assertTrue(("softwareVersion" in one) != ("version" in one), one)
            for needed in references(one.get("softwareRequirements", [])):
                self.assertIn("SoftwareApplication", self.types(self.by_id[needed]))

    def test_a_container_image_has_its_digest(self):
        def in_image(records):
            for record in records.values():
                record["image"] = {"digest": "registry.example.org/tare@sha256:" + 64 * "a", "suite": "trixie"}

        import specimen

        specimen.make(self.dir / "image", edit=in_image)
        tar = self.dir / "image.tar"
        self.assertEqual(tare("pack", self.dir / "image", "-o", tar).returncode, 0)
        root = bundles.unpack(tar, self.dir / "unpacked") / "data"
        graph = json.loads((root / "ro-crate-metadata.json").read_text())["@graph"]
        (image,) = [e for e in graph if e["@type"] == "ContainerImage"]
        self.assertEqual((image["registry"], image["name"], image["sha256"]), ("registry.example.org", "tare", 64 * "a"))
        self.assertEqual(image["additionalType"], {"@id": "https://w3id.org/ro/terms/workflow-run#DockerImage"})
        actions = [e for e in graph if e["@type"] == "CreateAction"]
        self.assertEqual({a["containerImage"]["@id"] for a in actions}, {image["@id"]})
        components = json.loads((root / "env/sbom.cdx.json").read_text())["components"]
        packages = [c for c in components if c.get("purl", "").startswith("pkg:deb/debian/")]
        self.assertGreater(len(packages), 50)
        self.assertEqual({len(c["hashes"][0]["content"]) for c in packages}, {64})
        self.verify(tar, status=0)

    # https://github.com/citation-file-format/citation-file-format, schema 1.2.0: required keys and the forms of those used
    def test_the_citation_file(self):
        text = (self.root / "CITATION.cff").read_text()
        top = dict(re.findall(r"^([a-z-]+): *(.*)$", text, re.M))
        self.assertLessEqual({"cff-version", "message", "title", "authors"}, set(top))
        self.assertEqual(top["cff-version"], "1.2.0")
        self.assertIn(top["type"], ("software", "dataset"))
        self.assertEqual(json.loads(top["title"]), "Ünïcode: \"threads\" & others")
        datetime.date.fromisoformat(top["date-released"])
        self.assertIn("  - family-names: \"Doe\"\n    given-names: \"Jane\"\n    orcid: \"https://orcid.org/0000-0002-1825-0097\"\n", text)
        self.assertIn("  - name: \"A Group\"\n    email: \"group@example.org\"\n", text)

    # https://cyclonedx.org/schema/bom-1.6.schema.json: required keys, unique bom-refs
    def test_the_list_of_components(self):
        bom = json.loads((self.root / "env/sbom.cdx.json").read_text())
        self.assertEqual((bom["bomFormat"], bom["specVersion"], bom["version"]), ("CycloneDX", "1.6", 1))
        allowed = {"application", "framework", "library", "container", "platform", "operating-system", "device",
                   "device-driver", "firmware", "file", "machine-learning-model", "data"}
        for component in bom["components"]:
            self.assertIn(component["type"], allowed)
            self.assertTrue(component["name"])
        self.assertEqual(len({c["bom-ref"] for c in bom["components"]}), len(bom["components"]))
        python = [c for c in bom["components"] if c["name"] == "cpython"]
        self.assertEqual([(c["version"], c["hashes"][0]["alg"]) for c in python], [("3.14.6", "SHA-256")])
        self.assertIn("none are listed", bom["metadata"]["properties"][0]["value"])

    def test_the_program_names_what_the_projects_citation_file_names(self):
        cff = (bundles.TOP / "CITATION.cff").read_text()
        header = dict(re.findall(r'#define TARE_(\w+) "(.*)"', (bundles.TOP / "runner/base/version.h").read_text()))
        for name, key in (("VERSION", "version"), ("LICENSE", "license"), ("AUTHORS", "  - name"), ("SOURCE_URL", "repository-code")):
            found = re.search(rf"^{key}: *(.*)$", cff, re.M)
            self.assertEqual(header[name], found[1].strip('"') if found else "", key)

    # https://codemeta.github.io/terms: the terms used, and the context
    def test_the_software_that_made_it_in_codemeta(self):
        said = json.loads((self.root / "codemeta.json").read_text())
        self.assertEqual((said["@context"], said["@type"]), ("https://w3id.org/codemeta/3.0", "SoftwareSourceCode"))
        self.assertLessEqual(set(said), {"@context", "@type", "name", "description", "version", "license", "identifier", "author",
                                         "programmingLanguage", "operatingSystem", "codeRepository"})
        self.assertTrue(said["license"].startswith("https://spdx.org/licenses/"))
        self.assertEqual([one["@type"] for one in said["author"]], ["Organization"])

    def test_the_readme_begins_with_the_reviewers_commands(self):
        tar = self.dir / "x.tar"
        url = "https://example.org/tare.git;reboot"
        self.assertEqual(tare("pack", self.folder, "-o", tar, "--source-url", url).returncode, 0)
        text = (bundles.unpack(tar, self.dir / "bag") / "data/README.md").read_text()
        head = text.split("## What it is")[0].splitlines()
        self.assertEqual(head[2], "## For its reviewer")
        self.assertIn(f"git clone '{url}' tare  # tare 0.1.0 packed this", head)
        for command in ("bundle=FILE.tar", 'tare verify "$bundle"', 'tare reproduce "$bundle"', "tare pack again", 'tare pool "$bundle"'):
            self.assertTrue(any(line.startswith(command) for line in head), command)
        (pool,) = [line for line in head if line.startswith("tare pool")]
        self.assertIn("from three machines on", pool)
        self.assertIn("With one or two machines every claim that was run is INCONCLUSIVE.", " ".join(head))
        self.assertIn("It was measured with cpython 3.14.6 (3.14); cpython 3.14.6 (3.14t)", head)
        self.assertIn("on A CPU, x86_64, Debian GNU/Linux 12 (bookworm).", head)
        said = self.verify(tar, status=0, draw=False)
        self.assertIn(f"its README.md fetches tare from {url} and runs it", "\n".join(said["derivation"]["notes"]))
        self.assertNotIn("fetches tare", str(self.verify(self.packed, status=0, draw=False)))
        for bad in ("example.org", "http://example.org", "ftp://example.org", "https://", "https://a b", "https://a'b", "https://" + 300 * "a"):
            done = tare("pack", self.folder, "-o", tar, "--source-url", bad)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), bad)
            self.assertIn("--source-url", done.stderr)
        bag = self.bag()
        path = bag / "data/env/pack.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"source_url": "https://a`b"}))
        bundles.remake_crate(bag)
        bundles.remake_manifests(bag)
        self.assertIn("source_url is no https address", str(self.findings(self.verify(bag, status=1, draw=False))))

    # https://github.com/in-toto/attestation, spec/v1/statement.md, resource_descriptor.md, field_types.md
    def statement(self, path):
        said = json.loads(path.read_text(), object_pairs_hook=lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else 1 / 0)
        self.assertEqual(said["_type"], "https://in-toto.io/Statement/v1")
        self.assertRegex(said["predicateType"], r"^[a-z][a-z0-9+.-]*:\S+$")
        self.assertIsInstance(said["predicate"], dict)
        self.assertTrue(said["subject"])
        for one in said["subject"] + said["predicate"]["digests"]:
            self.assertTrue(one["name"])
            self.assertEqual(list(one["digest"]), ["sha256"])
            self.assertRegex(one["digest"]["sha256"], "^[0-9a-f]{64}$")
        return said

    def test_an_attestation_is_a_statement_about_the_bundle_and_is_attached_to_it(self):
        path, layout = self.dir / "attestation.json", self.dir / "layout"
        done = tare("verify", self.packed, "--attestation", path, env={"PATH": "/nonexistent"})
        self.assertEqual(done.returncode, 0, done.stderr)
        said = self.statement(path)
        self.assertEqual(said["subject"], [{"name": "tare-specimen.tar", "digest": {"sha256": bundles.sha256(self.packed)}}])
        predicate = said["predicate"]
        self.assertEqual((predicate["integrity"], predicate["derivation"], predicate["records"]), ("good", "good", 15))
        self.assertEqual([(c["id"], c["verdict"]) for c in predicate["claims"]], [("C1", "SUPPORTED"), ("C2", "SUPPORTED")])
        for one in predicate["digests"]:
            self.assertEqual(one["digest"]["sha256"], bundles.sha256(self.root.parent / one["name"]))
        self.assertEqual(tare("push", self.packed, f"oci:{layout}:v1").returncode, 0)
        done = tare("push", path, f"oci:{layout}:attested", "--subject", "v1")
        self.assertEqual(done.returncode, 0, done.stderr)
        digest = re.search(r"manifest sha256:([0-9a-f]+)", done.stdout)[1]
        manifest = json.loads((layout / "blobs/sha256" / digest).read_text())
        self.assertEqual(manifest["artifactType"], "application/vnd.in-toto+json")
        self.assertEqual(manifest["layers"][0]["digest"], f"sha256:{bundles.sha256(path)}")
        done = tare("pull", f"oci:{layout}:v1", "-o", self.dir / "x.tar")
        self.assertIn(f"attached: sha256:{digest}, the statement sha256:{bundles.sha256(path)}", done.said)

    def test_a_statement_about_another_bundle_or_none_is_not_attached(self):
        path, layout = self.dir / "attestation.json", self.dir / "layout"
        self.assertEqual(tare("push", self.packed, f"oci:{layout}:v1").returncode, 0)
        good = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:x", "predicate": {},
                "subject": [{"name": "x", "digest": {"sha256": 64 * "a"}}]}
        for changed, words, line in (({}, ("--subject", "v1"), "the statement is about sha256:aaaa"), ({}, (), "by --subject TAG"),
                                     ({"_type": "x"}, ("--subject", "v1"), "it is no in-toto Statement"),
                                     ({"subject": []}, ("--subject", "v1"), "one subject"),
                                     ({"predicateType": ""}, ("--subject", "v1"), "no predicateType")):
            path.write_text(json.dumps(good | changed))
            done = tare("push", path, f"oci:{layout}:x", *words)
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn(line, done.stderr)

    def test_an_attestation_replaces_nothing_that_is_read(self):
        tar, paper, bag = self.dir / "x.tar", self.dir / "main.tex", self.root.parent
        shutil.copy(self.packed, tar)
        paper.write_text("\\begin{document}\\end{document}")
        before = [bundles.sha256(tar), bundles.sha256(paper), files(bag)]
        for words in ((tar, "--attestation", tar), (tar, "--attestation", self.dir / "bag/../x.tar"),
                      (tar, "--paper", paper, "--attestation", paper), (bag, "--attestation", bag / "attestation.json")):
            done = tare("verify", *words, env={"PATH": "/nonexistent"})
            self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1), done.stderr)
            self.assertIn("which is read", done.stderr)
        self.assertEqual([bundles.sha256(tar), bundles.sha256(paper), files(bag)], before)

    @unittest.skipIf(not shutil.which("minisign"), "minisign is not installed")
    def test_an_attestation_is_signed_and_minisign_itself_says_so(self):
        key, path = self.dir / "key", self.dir / "attestation.json"
        subprocess.run(["minisign", "-G", "-W", "-p", f"{key}.pub", "-s", key], check=True, capture_output=True)
        self.assertEqual(tare("verify", self.packed, "--attestation", path, "--sign", key).returncode, 0)
        subprocess.run(["minisign", "-V", "-p", f"{key}.pub", "-m", path], check=True, capture_output=True)
        done = tare("verify", self.packed, "--sign", key)
        self.assertEqual((done.returncode, done.stderr.count("\n")), (2, 1))

    # https://developers.zenodo.org, "Deposit metadata"
    def test_what_zenodo_is_told(self):
        said = json.loads((self.root / ".zenodo.json").read_text())
        self.assertEqual((said["upload_type"], said["license"], said["access_right"]), ("dataset", "CC-BY-4.0", "open"))
        self.assertEqual(said["creators"], [{"name": "Doe, Jane", "orcid": "0000-0002-1825-0097"}, {"name": "A Group"}])

    # RFC 8493, sections 2.1 to 2.2
    def test_the_bag(self):
        bag = self.root.parent
        self.assertEqual((bag / "bagit.txt").read_text(), "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        for manifest, named in (("manifest-sha256.txt", lambda f: f.startswith("data/")),
                                ("tagmanifest-sha256.txt", lambda f: not f.startswith(("data/", "tagmanifest")))):
            lines = [re.fullmatch(r"([0-9a-f]{64})  (\S+)", line).groups() for line in (bag / manifest).read_text().splitlines()]
            self.assertEqual([path for _, path in lines], [f for f in files(bag) if named(f)])
            for digest, path in lines:
                self.assertEqual(digest, bundles.sha256(bag / path))
        self.assertRegex((bag / "bag-info.txt").read_text(), r"(?m)^Payload-Oxum: \d+\.\d+$")

    def test_an_author_that_is_none_is_refused(self):
        for author, fault in (("Doe, Jane <0000-0002-1825-0098>", "is its last digit right?"), ("Doe,", "is missing"),
                              ("Doe, Jane <jane", "does not end with '>'"), ("Doe, Jane <jane>", "neither an ORCID iD")):
            done = tare("pack", self.folder, "-o", self.dir / "x.tar", "--author", author)
            self.assertEqual(done.returncode, 2, author)
            self.assertIn(fault, done.stderr)
            self.assertFalse((self.dir / "x.tar").exists())


if __name__ == "__main__":
    unittest.main()
