"""The crate against the words of RO-Crate 1.1 and Process Run Crate 0.5, and what else is written for machines: CITATION.cff
(1.2.0), CycloneDX 1.5, Zenodo's metadata, BagIt (RFC 8493). Written from the specifications; nothing of tare's is used."""

import datetime
import json
import re
import unittest

import bundles
from bundles import BundleTest, files, tare

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"


def references(value):
    """Every {"@id": ...} in a property's value."""
    if isinstance(value, dict):
        return [value["@id"]]
    return [i for one in value for i in references(one)] if isinstance(value, list) else []


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

    # RO-Crate 1.1, "RO-Crate Metadata File"
    def test_it_is_flattened_json_ld_with_both_contexts(self):
        self.assertEqual(set(self.document), {"@context", "@graph"})
        self.assertEqual(self.document["@context"][0], "https://w3id.org/ro/crate/1.1/context")
        self.assertIn("https://w3id.org/ro/terms/workflow-run/context", self.document["@context"])
        for entity in self.graph:
            self.assertIn("@id", entity)
            self.assertIn("@type", entity)
            for key, value in entity.items():  # flattened: what is inside is a reference alone
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, dict):
                        self.assertEqual(set(one), {"@id"}, (entity["@id"], key))

    def test_no_id_is_there_twice_and_each_is_a_uri_reference(self):
        self.assertEqual(len(self.by_id), len(self.graph))
        for name in self.by_id:
            self.assertRegex(name, r"^[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+$")

    def test_references_inside_lead_somewhere(self):
        for entity in self.graph:
            for key, value in entity.items():
                for target in references(value):
                    if not target.startswith(("http://schema.org/", "https://w3id.org/ro/")):
                        self.assertIn(target, self.by_id, (entity["@id"], key))

    # "RO-Crate Metadata File Descriptor", "Root Data Entity"
    def test_the_descriptor(self):
        descriptor = self.by_id["ro-crate-metadata.json"]
        self.assertEqual(self.types(descriptor), ["CreativeWork"])
        self.assertEqual(descriptor["about"], {"@id": "./"})
        self.assertEqual(descriptor["conformsTo"], {"@id": "https://w3id.org/ro/crate/1.1"})

    def test_the_root(self):
        root = self.by_id["./"]
        self.assertIn("Dataset", self.types(root))
        self.assertTrue(root["name"] and root["description"])
        datetime.date.fromisoformat(root["datePublished"])
        self.assertEqual(self.types(self.by_id[root["license"]["@id"]]), ["CreativeWork"])
        self.assertIn("CC-BY-4.0", root["license"]["@id"])
        for author in references(root["author"]):
            self.assertTrue({"Person", "Organization"} & set(self.types(self.by_id[author])))
            self.assertTrue(self.by_id[author]["name"])

    # "Data Entities": files of the payload, which SHOULD be in hasPart, linked from the root
    def test_every_file_is_a_part_and_every_part_a_file(self):
        parts = references(self.by_id["./"]["hasPart"])
        there = [f for f in files(self.root) if f != "ro-crate-metadata.json"]
        self.assertEqual(sorted(parts), there)
        for part in parts:
            entity = self.by_id[part]
            self.assertIn("File", self.types(entity))
            self.assertEqual(entity["contentSize"], str((self.root / part).stat().st_size))
            self.assertEqual(entity["sha256"], bundles.sha256(self.root / part))
            self.assertRegex(entity["encodingFormat"], r"^\w+/[\w.+-]+$")

    # Process Run Crate 0.5, the table "Requirements"
    def test_the_root_conforms_to_the_profile(self):
        self.assertIn(PROFILE, references(self.by_id["./"]["conformsTo"]))
        self.assertIn("CreativeWork", self.types(self.by_id[PROFILE]))
        self.assertEqual(self.by_id[PROFILE]["version"], "0.5")

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

    # https://cyclonedx.org/schema/bom-1.5.schema.json: required keys, unique bom-refs
    def test_the_list_of_components(self):
        bom = json.loads((self.root / "env/sbom.cdx.json").read_text())
        self.assertEqual((bom["bomFormat"], bom["specVersion"], bom["version"]), ("CycloneDX", "1.5", 1))
        allowed = {"application", "framework", "library", "container", "platform", "operating-system", "device",
                   "device-driver", "firmware", "file", "machine-learning-model", "data"}
        for component in bom["components"]:
            self.assertIn(component["type"], allowed)
            self.assertTrue(component["name"])
        self.assertEqual(len({c["bom-ref"] for c in bom["components"]}), len(bom["components"]))
        python = [c for c in bom["components"] if c["name"] == "cpython"]
        self.assertEqual([(c["version"], c["hashes"][0]["alg"]) for c in python], [("3.14.6", "SHA-256")])
        self.assertIn("none are listed", bom["metadata"]["properties"][0]["value"])

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
