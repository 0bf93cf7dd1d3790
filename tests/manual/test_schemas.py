#!/usr/bin/env python3
"""The JSON Schemas of plans, scenarios, claims, records and what is printed as JSON: every file that ships and all that is
made here holds to them, they have the keys that the program's readers take, and they refuse what those refuse.

Debian's python3-jsonschema and python3-yaml judge (scripts/setup test installs them)."""

import copy
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import jsonschema
import yaml

ROOT = Path(__file__).resolve().parents[2]
TARE = ROOT / "build/tare"
SCHEMA = {path.name.removeprefix("tare-").removesuffix(".schema.json"): path for path in ROOT.glob("runner/*/tare-*.schema.json")}
INSIDE = {"pack", "environments"}  # files of a bundle that tare alone reads
PLANS = sorted(path for path in ROOT.glob("runner/plans/*.yml") if not path.name.endswith(".claims.yml"))
CLAIMS = sorted(ROOT.glob("runner/plans/*.claims.yml"))
SCENARIOS = sorted(ROOT.glob("runner/workloads/*/scenario.yml"))


class Yaml12(yaml.SafeLoader):
    """YAML 1.2's core schema, as editors and tare have it: `off` is a word, and no boolean."""

    yaml_implicit_resolvers = {}


for tag, pattern, first in (
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))
Yaml12.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))  # 007 is 7


def schema(name: str) -> dict:
    return json.loads(SCHEMA[name].read_text())


def faults(name: str, document) -> list[str]:
    """What the schema has against the document, a line each."""
    found = jsonschema.Draft7Validator(schema(name)).iter_errors(document)
    return [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in found]


def tare(*words, **more) -> subprocess.CompletedProcess:
    return subprocess.run([TARE, *words], capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL, **more)


def fill(pattern: str, text: str) -> str:
    return pattern.replace("HERE", text)


class Schemas(unittest.TestCase):
    def test_each_is_a_schema(self):
        for name in SCHEMA:
            jsonschema.Draft7Validator.check_schema(schema(name))

    def test_each_that_the_program_names_is_there(self):
        named: dict[str, int] = {}
        for source in ROOT.glob("runner/**/*.[ch]"):
            for name, version in re.findall(r'"tare\.([a-z-]+)/([0-9]+)"', source.read_text()):
                named[name] = max(int(version), named.get(name, 0))
        self.assertGreater(len(named), 12)
        titles = {schema(name)["title"] for name in SCHEMA}
        self.assertEqual({f"tare.{name}/{version}" for name, version in named.items() if name not in INSIDE}, titles)

    def test_what_ships_holds_to_them(self):
        self.assertGreater(len(PLANS), 4)
        self.assertGreater(len(SCENARIOS), 3)
        for name, files in (("plan", PLANS), ("claims", CLAIMS), ("scenario", SCENARIOS)):
            for file in files:
                self.assertEqual(faults(name, yaml.load(file.read_text(), Yaml12)), [], file)

    def test_what_ships_names_its_schema_for_editors(self):
        for name, files in (("plan", PLANS), ("claims", CLAIMS), ("scenario", SCENARIOS)):
            for file in files:
                named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text())
                self.assertTrue(named, file)
                self.assertEqual((file.parent / named[1]).resolve(), SCHEMA[name], file)

    def test_installed_files_name_the_installed_schemas(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["make", "-C", ROOT, "install", f"DESTDIR={folder}", "PREFIX=/opt/t"], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            installed = [*Path(folder, "opt/t/share/tare/plans").glob("*.yml"), *Path(folder, "opt/t/libexec/tare/workloads").glob("*/scenario.yml")]
            self.assertEqual(len(installed), len(PLANS) + len(CLAIMS) + len(SCENARIOS))
            for file in installed:
                named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", file.read_text())
                self.assertTrue(Path(folder + named[1]).is_file(), f"{file}: {named[1]}")
            gone = subprocess.run(["make", "-C", ROOT, "uninstall", f"DESTDIR={folder}", "PREFIX=/opt/t"], capture_output=True, text=True, check=False)
            self.assertEqual(gone.returncode, 0, gone.stderr)
            self.assertEqual([str(path) for path in Path(folder).rglob("*") if not path.is_dir()], [])


class Reader(unittest.TestCase):
    """What the program says of a file, beside what its schema says."""

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.folder = Path(cls.place.name)
        (cls.folder / "tiny.yml").write_text(fill(PLAN, "- {mode: threads}\n  - {mode: processes}"))
        done = tare("matrix", cls.folder / "tiny.yml", "--out", cls.folder / "tiny", "--quiet")
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def said(self, name: str, text: str) -> subprocess.CompletedProcess:
        """Hands the text to the reader of its kind."""
        if name == "scenario":
            file = self.folder / "scenario.yml"
            file.write_text(text)
            return tare("run", file.parent, "--help")
        file = self.folder / f"said.{name}"
        file.write_text(text)
        if name == "plan":
            return tare("matrix", file, "--dry-run", "--quiet", "--out", self.folder / "none")
        if name == "record":
            return tare("compare", file, file, "--steady", "--noise-floor", "none")
        return tare("pack", self.folder / "tiny", "--claims", file, "-o", self.folder / "tiny.tar", "--quiet")


PLAN = """schema: tare.plan/1
name: tiny
invocations: 1
defaults: {scenario: scenario1, runtime: native, iterations: 20, workers: 2}
cells:
  HERE
"""
SCENARIO = """schema: tare.scenario/1
name: mine
summary: a line
modes: [threads, processes]
profiles: {overhead: {iterations: 3}}
commands: {native: ["{dir}/mine"]}
HERE
"""
CLAIM = """schema: tare.claims/1
claims:
  - {id: C1, text: a line, HERE}
"""
KNOB = "knobs: [{name: k, help: a line, HERE}]"


def properties(node: dict) -> set:
    return set(node["properties"])


class Keys(Reader):
    """The reader lists the keys that it takes when it is given another; the schema has the same."""

    def assert_keys(self, name: str, text: str, described: set):
        said = self.said(name, text)
        self.assertEqual(said.returncode, 2, said.stderr)
        allowed = re.search(r"is not a key here.* is allowed is (.*)", said.stderr)
        self.assertTrue(allowed, said.stderr)
        self.assertEqual(set(allowed[1].split(", ")), described, text)

    def test_of_a_plan(self):
        plan = schema("plan")
        entry = plan["definitions"]["entry"]
        options = properties(entry) - {"id", "each"}
        # The scenario's knobs are keys here too; what the schema has of them is a pattern.
        knobs = {"work-iters", "hold-ms", "lifecycle", "main-imports", "preload", "gc-freeze", "lazy-imports"}
        self.assert_keys("plan", "schema: tare.plan/1\nno-key: 1\n", properties(plan))
        self.assert_keys("plan", fill(PLAN, "- {no-key: 1}"), properties(entry) | knobs)
        self.assert_keys("plan", fill(PLAN, "- each: {no-key: [1]}"), properties(entry["properties"]["each"]) | knobs)
        self.assert_keys("plan", "schema: tare.plan/1\nname: a\ndefaults: {no-key: 1}\ncells: [{mode: threads}]\n", options)
        self.assertEqual(properties(entry["properties"]["each"]), options)
        self.assertEqual(set(plan["definitions"]["option"]), options)

    def test_of_a_scenario(self):
        scenario = schema("scenario")
        parts = scenario["definitions"]
        whole = fill(SCENARIO, "")
        self.assert_keys("scenario", whole + "no-key: 1\n", properties(scenario))
        self.assert_keys("scenario", whole.replace("{overhead", "{no-key: {}, overhead"), properties(scenario["properties"]["profiles"]))
        self.assert_keys("scenario", whole.replace("{iterations", "{no-key: 1, iterations"), properties(parts["profile"]))
        self.assert_keys("scenario", whole.replace("{native", "{no-key: [a], native"), properties(scenario["properties"]["commands"]))
        self.assert_keys("scenario", fill(SCENARIO, "knobs: [{no-key: 1}]"), properties(parts["knob"]))
        self.assert_keys("scenario", fill(SCENARIO, "figures: [{no-key: 1}]"), properties(parts["figure"]))

    def test_of_claims(self):
        claims = schema("claims")
        claim = claims["definitions"]["claim"]
        self.assert_keys("claims", "schema: tare.claims/1\nno-key: 1\n", properties(claims))
        self.assert_keys("claims", fill(CLAIM, "no-key: 1"), properties(claim))
        for kind in ("ratio", "order", "scaling", "expect"):
            self.assert_keys("claims", fill(CLAIM, kind + ": {no-key: 1}"), properties(claim["properties"][kind]))
        for kind in ("bound", "value"):
            self.assert_keys("claims", fill(CLAIM, kind + ": {no-key: 1}"), properties(claims["definitions"]["one"]))


class Agreement(Reader):
    """One table a kind: what is good to both, and what is bad to both. What a schema cannot say (two cells of one id, a
    knob that the scenario lacks, a name that is there already, min above max) is the reader's alone."""

    def judge(self, name: str, cases: dict[str, list[str]], pattern: str):
        for verdict, texts in cases.items():
            for text in texts:
                with self.subTest(verdict=verdict, text=text):
                    whole = fill(pattern, text)
                    reader = self.said(name, whole)
                    against = faults(name, yaml.load(whole, Yaml12))
                    if verdict == "good":
                        self.assertEqual((reader.returncode, against), (0, []), reader.stderr)
                    else:
                        self.assertEqual(reader.returncode, 2, f"the reader takes it: {reader.stderr}")
                        self.assertTrue(against, "the schema takes it")

    def test_of_cells(self):
        self.judge("plan", {
            "good": [
                "- {mode: threads}", "- {mode: 'processes', mp-start: spawn}", "- {workers: '4'}", "- {workers: +4}",
                "- {isolation: off, confine: off}", "- {mem-sample: true}", "- {mem-sample: 'false'}", "- {cpus: 0}", "- {cpus: x1}",
                "- {cpus: auto}", "- {memory-max: 512M}", "- {memory-max: 1048576}", "- {memory-max: 64MiB}", "- {timeout: 2.5}",
                "- {timeout: '90'}", "- {stall: 0}", "- {user: 65534}", "- {user: '1000:1000'}", "- {env: A=b}", "- {env: 'A='}",
                "- {allow: io_uring}", "- {network: none}", "- {hold-ms: 5, profile: memory}", "- {id: a-name}",
                "- each: {mode: [threads, processes], workers: [1, '2']}", "- {id: 8, mode: threads}",
            ],
            "bad": [
                "- {mode: thread}", "- {mode: [threads]}", "- {mode: ''}", "- {mode: {a: b}}", "- {mp-start: vfork}", "- {workers: 0}",
                "- {workers: 4097}", "- {workers: 1.5}", "- {workers: two}", "- {workers: true}", "- {iterations: 10000001}", "- {warmup: -1}",
                "- {mem-sample: yes}", "- {mem-sample: 1}", "- {profile: time}", "- {cpus: x0}", "- {cpus: 0-}", "- {cpus: all}",
                "- {smt: off}", "- {numa: 1024}", "- {partition: full}", "- {memory-max: 5}", "- {memory-max: 512 M}", "- {memory-max: -1}",
                "- {pids-max: 3}", "- {tmp-size: 1}", "- {isolation: none}", "- {confine: none}", "- {network: bridge}", "- {allow: bpf}",
                "- {env: A}", "- {env: =b}", "- {user: root}", "- {user: '1:'}", "- {user: -1}", "- {timeout: 0}", "- {timeout: 604801}",
                "- {timeout: soon}", "- {stall: -1}", "- {Mode: threads}", "- {work_iters: 1}", "- each: {mode: threads}", "- each: {mode: []}",
                "- each: {workers: [0]}", "- each: [a]", "- {id: .hidden}", "- {id: -dash}", "- {id: a b}", "- threads", "- []",
                "- {id: " + "a" * 128 + "}",
            ],
        }, PLAN)

    def test_of_plans(self):
        rest = "schema: tare.plan/1\nHERE\ndefaults: {scenario: scenario1, runtime: native}\ncells: [{mode: threads}]\n"
        self.judge("plan", {
            "good": [
                "name: a", "name: a\nsummary: a line", "name: 2026", "name: a\nseed: 0", "name: a\ninvocations: '3'", "name: a\norder: listed",
                "name: a\nuntil-precise: 2%", "name: a\nuntil-precise: 0.02", "name: a\nuntil-precise: .5\nmax-invocations: 9",
                "name: a\nexclude: []",
            ],
            "bad": [
                "", "name: ''", "name: a/b", "name: .a", "name: " + "a" * 64, "name: [a]", "name: a\nno-key: 1", "name: a\nseed: -1",
                "name: a\nseed: 9007199254740992", "name: a\nseed: many", "name: a\ninvocations: 0", "name: a\ninvocations: 100001",
                "name: a\ninvocations: 2.5", "name: a\norder: random", "name: a\nuntil-precise: 0", "name: a\nuntil-precise: 1",
                "name: a\nuntil-precise: fine", "name: a\nmax-invocations: 0", "name: a\nexclude: {}", "name: a\nexclude: [{no_key: 1}]",
                "name: a\nsummary: [a]", "name: a\nsummary: ''",
            ],
        }, rest)
        self.judge("plan", {"bad": [
            "schema: tare.plan/2\nname: a\ncells: [{scenario: scenario1}]", "name: a\ncells: [{scenario: scenario1}]",
            "schema: tare.plan/1\nname: a", "schema: tare.plan/1\nname: a\ncells: []", "schema: tare.plan/1\nname: a\ncells: {scenario: scenario1}",
            "schema: tare.plan/1\nname: a\ndefaults: []\ncells: [{scenario: scenario1}]",
            "schema: tare.plan/1\nname: a\ndefaults: {id: a}\ncells: [{scenario: scenario1}]",
            "schema: tare.plan/1\nname: a\ndefaults: {each: {mode: [threads]}}\ncells: [{scenario: scenario1}]",
        ]}, "HERE")

    def test_of_scenarios(self):
        self.judge("scenario", {
            "good": [
                "", "mode: processes", "knobs: []", "figures: []", fill(KNOB, "type: integer, min: 0, max: '9', default: 1"),
                fill(KNOB, "type: real, min: 0.5, max: 1e3, default: 2, unit: ms, default-memory: 3"),
                fill(KNOB, "type: choice, choices: [a, 2], default: a, modes: [threads], profiles: [memory], runtimes: [native]"),
                "figures: [{name: f_1, unit: 1/s, kind: rate, better: more, title: a, help: b}]", "figures: [{name: f}]",
            ],
            "bad": [
                "no-key: 1", "mode: fibers", "knobs: {}", "knobs: [k]", fill(KNOB, "default: 1"), fill(KNOB, "type: text, default: 1"),
                fill(KNOB, "type: integer, min: 0, default: 1"), fill(KNOB, "type: integer, min: 0, max: 9"),
                fill(KNOB, "type: integer, min: low, max: 9, default: 1"), fill(KNOB, "type: integer, min: 0, max: 9, default: one"),
                fill(KNOB, "type: integer, min: 0, max: 9, default: 1, choices: [1]"), fill(KNOB, "type: choice, default: a"),
                fill(KNOB, "type: choice, choices: [], default: a"), fill(KNOB, "type: choice, choices: [a], default: a, min: 0"),
                fill(KNOB, "type: choice, choices: [a], default: a, modes: [fibers]"),
                fill(KNOB, "type: choice, choices: [a], default: a, profiles: [time]"),
                fill(KNOB, "type: choice, choices: [a], default: a, runtimes: [java]"),
                fill(KNOB, "type: choice, choices: [a], default: a, no-key: 1"),
                fill(KNOB, "type: integer, min: 0, max: 9, default: 1").replace("name: k", "name: K"),
                fill(KNOB, "type: integer, min: 0, max: 9, default: 1").replace("name: k", "name: a_b"),
                fill(KNOB, "type: integer, min: 0, max: 9, default: 1").replace("name: k", "name: " + "k" * 32),
                fill(KNOB, "type: integer, min: 0, max: 9, default: 1").replace("a line", "''"),
                "figures: [{unit: s}]", "figures: [{name: F}]", "figures: [{name: a-b}]", "figures: [{name: f, kind: size}]",
                "figures: [{name: f, better: high}]", "figures: [{name: f, no-key: 1}]",
            ],
        }, SCENARIO)
        whole = fill(SCENARIO, "")
        bad = [
            whole.replace("name: mine", "name: Mine"), whole.replace("name: mine\n", ""), whole.replace("summary: a line\n", ""),
            whole.replace("summary: a line", r'summary: "two\nlines"'), whole.replace("a line", "a" * 240), whole.replace("/1", "/2"),
            whole.replace("[threads, processes]", "[]"), whole.replace("[threads, processes]", "threads"),
            whole.replace("{overhead: {iterations: 3}}", "{}"), whole.replace("overhead", "time"), whole.replace("iterations: 3", "iterations: 0"),
            whole.replace("iterations: 3", "mem-sample: maybe"), whole.replace("iterations: 3", "timeout: 0"),
            whole.replace("iterations: 3", "memory-max: 1000"), whole.replace("iterations: 3", "workers: 4097"),
            whole.replace('{native: ["{dir}/mine"]}', "{}"), whole.replace('["{dir}/mine"]', "[]"), whole.replace("{dir}", "{home}"),
            whole.replace('native: ["{dir}/mine"]', 'python: ["{dir}/mine"]'), whole.replace('["{dir}/mine"]', '["{python}"]'),
            whole.replace('native: ["{dir}/mine"]', 'python: ["{python}", "{python}"]'),
        ]
        self.assertNotIn(whole, bad)
        self.judge("scenario", {"bad": bad}, "HERE")

    def test_of_claims(self):
        kinds = {
            "ratio": "{of: scenario1-threads-native, to: scenario1-processes-native, figure: avg_iter_s}",
            "order": "{cells: [scenario1-threads-native, scenario1-processes-native], figure: avg_iter_s}",
            "bound": "{of: scenario1-threads-native, figure: avg_iter_s}",
            "scaling": "{cells: [scenario1-threads-native, scenario1-processes-native], by: workers, figure: avg_iter_s}",
            "value": "{of: scenario1-threads-native, figure: avg_iter_s}",
        }
        expect = ", expect: {min: 1.5}"
        self.judge("claims", {
            "good": [f"{kind}: {said}{'' if kind == 'order' else expect}" for kind, said in kinds.items()] + [
                f"bound: {kinds['bound']}, expect: {{max: '2e3'}}, tolerance: 0.1", f"order: {kinds['order']}, expect: {{}}"],
            "bad": [
                "expect: {min: 1}", f"bound: {kinds['bound']}", f"bound: {kinds['bound']}, expect: {{}}", f"order: {kinds['order']}{expect}",
                f"bound: {kinds['bound']}, value: {kinds['value']}{expect}", f"ratio: {kinds['ratio']}, order: {kinds['order']}{expect}",
                f"bound: {kinds['bound']}, expect: {{min: much}}", f"bound: {kinds['bound']}, expect: {{no-key: 1}}",
                f"bound: {kinds['bound']}{expect}, tolerance: 11", f"bound: {kinds['bound']}{expect}, tolerance: -1",
                f"bound: {kinds['bound']}{expect}, no-key: 1", "bound: {of: a}" + expect, "ratio: {of: a, figure: avg_iter_s}" + expect,
                "order: {cells: [a], figure: avg_iter_s}", "scaling: {cells: [a, b], figure: avg_iter_s}" + expect, "bound: []" + expect,
            ],
        }, CLAIM)
        good = fill(CLAIM, f"order: {kinds['order']}")
        self.judge("claims", {"good": ["schema: tare.claims/1\nclaims: []\n"], "bad": [
            "schema: tare.claims/1\n", "schema: tare.claims/2\nclaims: []\n", "schema: tare.claims/1\nclaims: {}\n",
            good.replace("C1", "'C 1'"), good.replace("C1", "C" * 41), good.replace("id: C1, ", ""), good.replace("text: a line, ", ""),
            good.replace("a line", "''"), good.replace("a line", "a" * 401),
        ]}, "HERE")

    def test_of_records(self):
        made = json.loads(next(self.folder.glob("tiny/0001-*.json")).read_text())

        def changed(path: str, value=None, drop=False) -> dict:
            record = copy.deepcopy(made)
            *way, last = path.split("/")
            at = record
            for step in way:
                at = at[step]
            if drop:
                del at[last]
            else:
                at[last] = value
            return record

        good = [made, changed("a-member-of-a-later-version", 1), changed("memory", None), changed("timing", drop=True)]
        bad = [changed(key, drop=True) for key in ("schema", "id", "scenario", "host", "result", "termination")]
        bad += [changed(path, value) for path, value in (
            ("schema", "tare.record/2"), ("id", ""), ("id", 5), ("scenario", None), ("scenario", []), ("host", "here"), ("result", 1),
            ("termination", None), ("termination/reason", 1), ("isolation", []), ("isolation/grade", 3), ("plan/block", 0),
            ("plan/block", "1"), ("plan/cell", 1), ("plan/label", 1), ("plan/node", 1), ("result/avg_iter_s", "fast"),
            ("result/p95_iter_s", True), ("result/figures", {"f": "x"}), ("memory/parent_and_workers", {"rss": "x"}),
            ("memory/slice", {"peak": True}), ("memory/all_pids", {"pss": {"min": 1}}), ("cpu/usage_usec", "x"), ("cpu", []),
            ("iterations/start_ns", "x"), ("iterations/end_ns", [1.5] * 20), ("iterations", []), ("tool", 1), ("started_at", 1),
        )]
        for record, is_good in [(one, True) for one in good] + [(one, False) for one in bad]:
            said = self.said("record", json.dumps(record))
            told = next((key for key in record if record.get(key) != made.get(key)), "")
            with self.subTest(key=told, value=str(record.get(told))[:60]):
                self.assertEqual((said.returncode != 2, not faults("record", record)), (is_good, is_good), said.stderr)


class Records(Reader):
    """Records of each kind, made here."""

    # What may be null for itself: it says that there is none.
    BARE = {"plan", "trouble", "detail", "reason", "provenance_reason", "cpus_reason", "samples", "weighted_by"}

    def undescribed(self, node: dict, value, at: str, whole: dict) -> list[str]:
        """Members that the schema knows nothing of, and nulls without a reason."""
        while "$ref" in node:
            node = whole["definitions"][node["$ref"].rpartition("/")[2]]
        found = []
        if isinstance(value, list) and "items" in node:
            for item in value[:50]:
                found += self.undescribed(node["items"], item, at + "[]", whole)
        if not isinstance(value, dict):
            return found
        for key, inner in value.items():
            if key.endswith("_reason") and (key[:-7] in value):
                continue
            if inner is None and key not in self.BARE and not isinstance(value.get(key + "_reason"), str):
                found.append(f"{at}/{key}: null without a reason")
            patterns = [of for pattern, of in node.get("patternProperties", {}).items() if re.search(pattern, key)]
            inside = node.get("properties", {}).get(key) or (patterns or [node.get("additionalProperties")])[0]
            if inside is None:
                found.append(f"{at}/{key}: not described")
            else:
                found += self.undescribed(inside, inner, f"{at}/{key}", whole)
        return found

    def assert_holds(self, *files: Path):
        self.assertTrue(files)
        for file in files:
            record = json.loads(file.read_text())
            self.assertEqual(faults("record", record), [], file)
            self.assertEqual(self.undescribed(schema("record"), record, "", schema("record")), [], file)
            of_growth = set() if record["scenario"].get("profile") == "growth" else {"growth"}
            absent = properties(schema("record")) - set(record) - {"node", "image_reason"} - of_growth
            self.assertEqual(absent, set(), f"{file}: sections that tare-record.schema.json describes")

    def made(self, *words, ends="ok") -> list[Path]:
        out = Path(tempfile.mkdtemp(dir=self.folder))
        done = tare(*words[:1], "--out", out, "--quiet", *words[1:])
        for file in out.rglob("*.json"):
            self.assertEqual(json.loads(file.read_text())["termination"]["reason"], ends, done.stderr)
        return sorted(out.rglob("*.json"))

    def test_of_runs(self):
        self.assert_holds(*self.made("run", "scenario1", "--runtime", "native", "--iterations", "20", "--workers", "2"))
        self.assert_holds(*self.made("run", "scenario1", "--runtime", "native", "--mode", "processes", "--profile", "memory", "--iterations", "1",
                                     "--workers", "2", "--hold-ms", "100"))
        self.assert_holds(*self.made("run", "scenario3", "--runtime", "native", "--iterations", "1", "--duration-ms", "50"))
        self.assert_holds(*self.made("run", "scenario2", "--runtime", "native", "--iterations", "1", "--duration-ms", "50", "--isolation", "off",
                                     "--confine", "off", "--timeout", "60", "--mem-sample"))

    def test_of_a_scenario_of_ones_own(self):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "scenario.yml").write_text(fill(SCENARIO, fill(KNOB, "type: real, min: 0, max: 1, default: 0.5")))
        (folder / "mine").write_text("#!/bin/sh\nexit 1\n")
        (folder / "mine").chmod(0o755)
        self.assert_holds(*self.made("run", folder, "--runtime", "native", ends="workload-error"))

    def test_of_commands(self):
        self.assert_holds(*self.made("exec", "--repeat", "2", "--mem-sample", "--prepare", "true", "--", "sleep", "0.1"))
        self.assert_holds(*self.made("exec", "--", "unshare", "--net", "true", ends="workload-error"))

    def test_of_growth(self):
        self.assert_holds(*self.made("run", "churn", "--iterations", "8", "--warmup", "1", "--until-slope", "1%/1000"))

    def test_of_what_failed(self):
        self.assert_holds(*self.made("exec", "--", "false", ends="workload-error"))
        self.assert_holds(*self.made("exec", "--timeout", "0.2", "--", "sleep", "9", ends="timeout"))
        self.assert_holds(*self.made("exec", "--", "sh", "-c", "kill -9 $$", ends="signal"))
        self.assert_holds(*self.made("exec", "--confine", "light", "--", "sh", "-c", "sh -c 'kill -9 $$'; exit 3", ends="workload-error"))

    def test_of_a_plan_and_of_its_reproduction(self):
        self.assert_holds(*sorted(self.folder.glob("tiny/*.json")))
        self.assert_holds(*self.made("matrix", self.folder / "tiny.yml", "--aa"))
        bundle = self.folder / "whole.tar"
        packed = tare("pack", self.folder / "tiny", "-o", bundle, "--quiet")
        self.assertEqual(packed.returncode, 0, packed.stderr)
        again = tare("reproduce", bundle, "--out", self.folder / "again", "--quiet")
        self.assertIn(again.returncode, (0, 1), again.stderr)
        self.assert_holds(*sorted(path for path in self.folder.glob("again/**/*.json") if path.name != "reproduction.json"))

    def test_of_scale_and_of_its_why(self):
        quick = ["--workers", "1,2", "--iterations", "2", "--invocations", "1", "--modes", "threads,processes", "--quiet"]
        done = tare("scale", "scenario4", *quick, "--why", "--json", self.folder / "scale.json")
        self.assertIn(done.returncode, (0, 3), done.stderr)  # 3: this user may not trace
        found = json.loads((self.folder / "scale.json").read_text())
        self.assertEqual(faults("scale", found), [])
        self.assertEqual(self.undescribed(schema("scale"), {**found, "why": None, "why_reason": ""}, "", schema("scale")), [])
        for key, value in (("schema", "tare.scale/2"), ("confidence", 95), ("sweeps", {}), ("sweeps", [{"scenario": "a"}]), ("why", {})):
            self.assertNotEqual(faults("scale", {**found, key: value}), [], key)
        why = found["why"]
        if done.returncode == 3:
            self.assertIsNone(why)
            self.skipTest(found["why_reason"])
        self.assertEqual(faults("why", why), [])
        self.assertEqual(self.undescribed(schema("why"), why, "", schema("why")), [])
        for key, value in (("schema", "tare.why/2"), ("workers", -1), ("times", {}), ("flame", {"ns": 1}), ("causes", [{"id": "gil"}])):
            self.assertNotEqual(faults("why", {**why, key: value}), [], key)


class Printed(Reader):
    """What commands print and write as JSON, made here. The schemas have every member of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("before", "after"):
            done = tare("exec", "--quiet", "--repeat", "6", "--out", cls.folder / name, "--", "true")
            if done.returncode != 0:
                raise AssertionError(done.stderr)

    def unreasoned(self, whole: dict, node: dict, value, at: str = "") -> list[str]:
        """Nulls without the reason that the schema has a member for."""
        while "$ref" in node:
            node = whole["definitions"][node["$ref"].rpartition("/")[2]]
        if isinstance(value, list):
            return [fault for i, item in enumerate(value) for fault in self.unreasoned(whole, node.get("items", {}), item, f"{at}[{i}]")]
        members = node.get("properties", {})
        if not isinstance(value, dict):
            return []
        found = [f"{at}.{key}" for key in members if f"{key}_reason" in members and value.get(key) is None and not value.get(f"{key}_reason")]
        return found + [fault for key, inner in value.items() for fault in self.unreasoned(whole, members.get(key, {}), inner, f"{at}.{key}")]

    def assert_holds(self, name: str, text: str) -> dict:
        document = json.loads(text)
        self.assertEqual(faults(name, document), [])
        self.assertEqual(self.unreasoned(schema(name), schema(name), document), [])
        return document

    def assert_prints(self, name: str, *words, status=(0,)) -> dict:
        done = tare(*words)
        self.assertIn(done.returncode, status, done.stderr)
        return self.assert_holds(name, done.stdout)

    def test_of_exec(self):
        for more in (["--", "true"], ["--repeat", "6", "--parameter", "n=1,2", "--cpu-max", "400%", "--", "sleep", "0.00{n}"],
                     ["--repeat", "2", "--ignore-failure", "--name", "a", "--", "false", "--", "true"]):
            file = self.folder / "commands.json"
            done = tare("exec", "--quiet", "--export", file, *more)
            if done.returncode == 3 and "--cpu-max" in more:  # this host has no cpu controller
                done = tare("exec", "--quiet", "--export", file, *(word for word in more if word not in ("--cpu-max", "400%")))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assert_holds("exec", file.read_text())

    def test_of_compare(self):
        both = self.folder / "before", self.folder / "after"
        rows = self.assert_prints("compare", "compare", "--format", "json", "--noise-floor", "none", *both)["rows"]
        self.assertEqual(len(rows), 1)
        again = self.folder / "again"
        again.mkdir()
        for path in (self.folder / "tiny").glob("*.json"):
            record = json.loads(path.read_text())
            (again / path.name).write_text(json.dumps(record | {"id": record["id"] + "-again"}))
        self.assert_prints("compare", "compare", "--format", "json", "--steady", "--fail-if", "slower:99%", self.folder / "tiny", again,
                           status=(1,))  # one invocation a side cannot be judged

    def test_of_noise(self):
        file = self.folder / "noise.json"
        done = tare("compare", "--noise", "--noise-floor", file, self.folder / "before", self.folder / "after")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_holds("noise", file.read_text())
        self.assert_prints("compare", "compare", "--format", "json", "--noise-floor", file, self.folder / "before", self.folder / "after")

    def test_of_reports_and_sizes(self):
        for folder in ("tiny", "before"):
            self.assert_prints("report", "report", "--format", "json", self.folder / folder)
            self.assert_prints("plan-size", "plan-size", "--format", "json", self.folder / folder)

    def test_of_the_host(self):
        self.assert_prints("doctor", "doctor", "--json", status=(0, 3))

    def test_of_bundles(self):
        claims = self.folder / "some.claims"
        claims.write_text(fill(CLAIM, "order: {cells: [scenario1-threads-native, scenario1-processes-native], figure: avg_iter_s}"))
        bundle = self.folder / "claimed.tar"
        packed = tare("pack", self.folder / "tiny", "-o", bundle, "--claims", claims, "--quiet")
        self.assertEqual(packed.returncode, 0, packed.stderr)
        self.assert_prints("verification", "verify", "--json", bundle)
        again = tare("reproduce", "--smoke", "--json", bundle, "--out", self.folder / "run-again")
        self.assertIn(again.returncode, (0, 1), again.stderr)
        self.assert_holds("reproduction", again.stdout)
        self.assert_holds("reproduction", (self.folder / "run-again/reproduction.json").read_text())
        with open(bundle, "r+b") as file:
            file.seek(4096)
            file.write(b"changed")
        self.assert_prints("verification", "verify", "--json", bundle, status=(1,))


if __name__ == "__main__":
    unittest.main()
