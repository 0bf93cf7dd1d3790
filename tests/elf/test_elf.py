#!/usr/bin/env python3
"""How the programs were linked and compiled, read back from their ELF files."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
PROGRAMS = ("tare", "tare-artefact", "tare-scope")
# What the compiler is told of branches, as the objects say it: the property, and what has to be in it.
BRANCHES = {"X86-64": ("x86 feature", ("IBT", "SHSTK")), "AArch64": ("AArch64 feature", ("BTI", "PAC"))}


def readelf(path: Path, *options: str) -> str:
    done = subprocess.run(["readelf", "-W", *options, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip(), f"readelf said nothing of {path}"
    return done.stdout


def machine(path: Path) -> str:
    return re.search(r"Machine:\s+(.*)", readelf(path, "-h"))[1]


class Elf(unittest.TestCase):
    def each(self):
        for name in PROGRAMS:
            with self.subTest(program=name):
                yield BUILD / name

    def segments(self, path: Path) -> dict[str, str]:
        """The permissions by the segment's type; of LOAD, all of them."""
        rows = re.findall(r"^  (\w+) +0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ ([RWE ]{3}) 0x", readelf(path, "-l"), re.M)
        self.assertIn("LOAD", dict(rows))
        found = {}
        for kind, permissions in rows:
            found[kind] = found.get(kind, "") + permissions.strip() + " "
        return found

    def test_the_relocated_is_read_only_and_bound_at_the_start(self):
        for path in self.each():
            self.assertIn("GNU_RELRO", self.segments(path))
            if dynamic := self.loads(path):
                self.assertRegex(dynamic, r"BIND_NOW|FLAGS_1.*NOW")

    def loads(self, path: Path) -> str:
        """What the loader is told; "" of a static program, which has none."""
        return readelf(path, "-d") if "INTERP" in self.segments(path) else ""

    def test_tare_loads_nothing_where_its_libraries_have_archives(self):
        """Loading and binding cost as much as starting `true`. Not where the distribution's libcgroup asks systemd."""
        for line in self.loads(BUILD / "tare").splitlines():
            needed = re.search(r"NEEDED.*\[(.*?)\]", line)
            if needed and needed[1].startswith(("libcgroup", "libcrypto")):
                self.skipTest(f"{needed[1]} has no archive that stands alone here")
        self.assertEqual(self.loads(BUILD / "tare"), "")

    def test_our_own_code_asks_the_c_library_for_nothing_that_it_loads_at_run_time(self):
        """A static program could load it from the C library alone that it was linked with."""
        accounts, names = r"get(?:pw|gr)(?:nam|uid|gid|ent)(?:_r)?", r"getaddrinfo|gethostby\w+|getserv\w+|getproto\w+|getnet\w+"
        loading = re.compile(rf"UND (dlopen|dlsym|iconv_open|{accounts}|{names})$", re.M)
        for path in self.objects():
            found = set(loading.findall(readelf(path, "-s")))
            self.assertEqual(found, set(), path)

    def test_neither_the_stack_nor_anything_that_is_written_can_be_executed(self):
        for path in self.each():
            segments = self.segments(path)
            self.assertEqual(segments["GNU_STACK"].split(), ["RW"])
            for permissions in segments["LOAD"].split():
                self.assertFalse({"W", "E"} <= set(permissions), segments["LOAD"])

    def test_stacks_are_guarded_and_the_c_library_checks_sizes(self):
        """Read from our own objects: a library in the program could have brought the symbols."""
        guarded = checked = 0
        for path in self.objects():
            wanted = set(re.findall(r"UND (\w+)", readelf(path, "-s")))
            guarded += "__stack_chk_fail" in wanted
            checked += any(name.endswith("_chk") for name in wanted)
        self.assertGreater(guarded, 60)
        self.assertGreater(checked, 20)

    def objects(self) -> list[Path]:
        found = [o for top in ("runner", "cgroups") for o in sorted((BUILD / top).rglob("*.o"))]
        self.assertGreater(len(found), 100)
        return found

    def test_branches_land_where_they_may_in_every_object(self):
        kind = machine(BUILD / "tare")
        if not any(word in kind for word in BRANCHES):
            self.skipTest(f"compilers have no such protection for {kind}")
        label, wanted = next(BRANCHES[word] for word in BRANCHES if word in kind)
        for path in self.objects():
            found = re.search(rf"{label}:(.*)", readelf(path, "-n"))
            self.assertIsNotNone(found, path)
            for word in wanted:
                self.assertIn(word, found[1], path)

    def test_what_reads_bundles_is_position_independent(self):
        text = readelf(BUILD / "tare-artefact", "-h")
        self.assertRegex(text, r"Type:\s+DYN")
        self.assertNotIn("TEXTREL", readelf(BUILD / "tare-artefact", "-d"))

    def test_the_release_has_no_fail_points(self):
        for path in self.each():
            self.assertNotIn(b"TARE_FAIL_POINT", path.read_bytes())


if __name__ == "__main__":
    if not all((BUILD / name).exists() for name in PROGRAMS):
        sys.exit("build/tare is missing: make build")
    unittest.main()
