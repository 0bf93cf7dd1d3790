"""Every command that a README shows is run as it is written, with small parameters, or is listed here with the reason
why it cannot be run here and the test that runs it elsewhere."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import rig
from rig import LiveTest, once_is_enough, setUpModule  # noqa: F401

TOP = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    page
    for pattern in ("README.md", "*/README.md", "runner/*/README.md", "tests/*.md", "tests/*/README.md")
    for page in TOP.glob(pattern)
    if page.relative_to(TOP).parts[0] not in ("build", "out")
)
KINDS = ("sh", "text", "yaml", "python")
LOCAL = "it takes an engine, an image or a registry that this host need not have"

# What cannot be run here: the command, as a pattern of all of it; why; the test (or the line of a script) that runs it.
NOT_HERE = [
    (r"make test", "it runs this test", ".ci/run: make test"),
    (r"make (check|coverage|faults|fuzz|build|compile_commands.json|unit T=cells)|UPDATE_GOLDEN=1 make .*",
     "it builds the checkout that these tests are running from", "Makefile: {}:"),
    (r"make reports", "it traces, as root, an interpreter of its own: minutes", "Makefile: {}:"),
    (r"make (deb|test-deb|test-arm64)", "it makes Debian roots from the network and packages in them: minutes", "Makefile: {}:"),
    (r"make B=build/clang CC=clang build", "it builds the checkout that these tests are running from", "scripts/check: clang"),
    (r"make bench.*|scripts/bench .*", "it measures: minutes on a quiet machine", "Makefile: bench:"),
    (r"make run-vm", "it boots a VM", "scripts/test: scripts/vm "),
    (r"make vm-image|scripts/build-vm-image .*", "it builds an image and boots a VM", "test_is_the_same_bits_twice"),
    (r"scripts/vm --image .*", "it boots a VM", "test_is_in_a_full_slice"),
    (r"scripts/vm --memory .*", "it boots a VM", "scripts/test: live/vm-slices --memory 3G"),
    (r"scripts/clean-root .*", "it sets up a Debian root from the network and passes all tests in it", "scripts/test: scripts/test"),
    (r"P=.*|\$P -P .*|python3 tests/artefact/.*", "it runs other tests", "scripts/test: tests/live/test_live.py"),
    (r"scripts/build-image( --variant .*)?|for v in debian.*|scripts/compare-images .*", LOCAL,
     "test_it_is_smaller_than_150_mb_with_both_interpreters"),
    (r"scripts/build-image --base-only .*", "it takes a mirror of Debian and minutes",
     "test_two_builds_of_the_base_are_the_same_bit_by_bit"),
    (r"scripts/update-lock", "it changes the lock", "test_an_update_names_what_changed_and_on_an_unchanged_mirror_changes_nothing"),
    (r"scripts/fetch-debs .*", "it takes a mirror of Debian", "test_fetch_debs_gives_the_packages_debians_names"),
    (r"docker run .*run scenario1.*", LOCAL, "test_threads_on_cpu_1_alone"),
    (r"docker run .*/out.*", LOCAL, "test_records_can_be_written_to_a_volume"),
    (r"scripts/docker-run --cpus .*", LOCAL, "test_each_mode_is_weighed_in_a_container_of_its_own_and_one_table_tells"),
    (r"scripts/docker-run oci:.*", LOCAL, "test_docker_run_says_what_it_would_load"),
    (r"tare pack .* --with-image .*|skopeo copy .*", LOCAL, "test_an_engine_s_archive_keeps_the_image_id_and_its_layers_as_they_are"),
    (r"tare (push|pull) .*docker:.*", LOCAL, "test_a_bundle_and_its_reproduction_go_there_and_come_back"),
    (r"tare reproduce --in-vm .*", "it boots a VM", "test_a_strangers_scenario_runs_confined_in_the_vm_and_leaves_nothing_here"),
    (r"tare matrix .*--engine slurm.*|scripts/slurm/cluster .*", "it takes a cluster", "test_a_lost_node_leaves_the_records_complete"),
    (r"tare tune --cpus .*|tare run .* --tune|tare restore", "it changes the host",
     "test_a_run_is_tuned_and_the_host_is_as_it_was_after"),
    (r"tare clean", "others may be running tare on this host", "test_clean_ends_what_a_killed_run_left_and_leaves_a_living_one_alone"),
    (r"tare .*--isolation strict.*", "this host need not give a full slice", "test_strict_is_full_with_a_partition_and_the_claims_are_given_back"),
    (r"scripts/ci-gate .*", "it takes a repository with a base and a request", "test_a_request_that_is_slower_fails"),
    (r"bencher .*", "it hands figures to a service of others", "tests/manual/test_formats.py: bencher"),
    (r"tare bisect .*", "it takes dozens of runs of each interpreter", "test_interpreters_are_a_list_and_wrappers_are_asked_what_they_are"),
    (r"tare run .* --why", "it takes the right to trace", "test_names_the_lock_that_threads_wait_for_and_leaves_the_timed_run_alone"),
    (r"systemctl start .*", "systemd need not run this host", "tests/live/test_systemd.py: \"systemctl\", \"start\""),
]

# What stands for a command that would take long: what is run in its place is printed by the test where it fails.
SMALLER = [
    (r"^make run$", "scripts/run seed --out out/seed --iterations 2 --invocations 1"),
    (r"^(tare run churn .*)$", r"\1 --iterations 128 --warmup 8"),
    (r"^(tare run ./encode .*)$", r"\1 --iterations 128 --warmup 8"),
    (r"^(tare run (?!.*(--help|scenario[23])).*?)( \| .*)?$", r"\1 --iterations 2 --warmup 0\3"),
    (r"^(tare run scenario[23](?!.*--help).*)$", r"\1 --iterations 1 --warmup 0 --duration-ms 50"),
    (r"^tare matrix contention$", r'tare matrix "$CONTENTION" --out out/contention'),
    (r"^tare pool quick.tar alice.tar .*$", "tare pool quick.tar again.tar -o pool.html --key minisign.pub"),
    (r"^(tare scale .*)$", r"\1 --iterations 1 --invocations 1 --modes threads"),
    (r"^tare matrix quick --out (before|after)$", r'tare matrix "$SMALL" --out \1'),
    (r"^(tare matrix .*)$", r"\1 --iterations 2 --warmup 0 --workers 2"),
    (r"^tare selftest --why\b.*$", "tare selftest --why --only lock,pure"),
    (r"^make ", f"make -C {TOP} "),
    (r"^head -qn1 runner/", f"head -qn1 {TOP}/runner/"),
    (r"^(tare bench .*)$", r"\1 --iterations 1 --warmup 0 --invocations 1"),
    (r"^(tare exec --repeat) [0-9]+ ", r"\1 2 "),
]

# A plan of seconds.
SMALL = """\
schema: tare.plan/1
name: quick
invocations: 5
defaults: {scenario: scenario1, runtime: native, warmup: 0}
cells:
  - {iterations: 8}
  - {profile: memory, iterations: 2, hold-ms: 50}
"""

# One of the plan's patterns.
CONTENTION = """\
schema: tare.plan/1
name: contention
invocations: 5
defaults: {scenario: scenario4, pattern: list, operations: 1000, iterations: 1, workers: 2}
cells: [{each: {sharing: [private, shared]}}]
"""

# What is there before the first command, and what may be its status besides 0: a comparison of two runs of the same may
# come out either way, and a host need not have all that doctor wants.
BEFORE = {
    "README.md": """
        mkdir -p images .venv/bin; ln -s "$TARE_PYTHON_GIL" .venv/bin/python
        mkdir mypkg; printf 'import zlib\n\ndef encode(size: int = 1000):\n    return zlib.compress(bytes(size))\n' | tee work.py >mypkg/work.py
        head -c 1000000 /dev/zero >big.bin; cp /bin/true untrusted""",
    "runner/analysis/README.md": """
        for m in threads processes; do
            tare run scenario1 --mode $m --runtime native --iterations 2 --warmup 0 --json $m.json >threads.txt; done
        for d in before after first second pilot; do tare matrix "$SMALL" --out $d >$d.txt; done
        tare matrix "$CONTENTION" --out out/contention >text""",
    "runner/report/README.md": "tare matrix \"$SMALL\" --out out/quick >text; cp -r out/quick out/bench",
    "runner/launch/README.md": """
        tare matrix "$SMALL" --out out/quick >text
        tare pack out/quick -o quick.tar >text""",
    "runner/bundle/README.md": r"""
        tare matrix "$SMALL" --out out/quick >text
        minisign -G -W -p minisign.pub -s minisign.key >text
        printf '\\documentclass{article}\n\\input{numbers}\n\\begin{document}\nnothing\n\\end{document}\n' >main.tex""",
    "images/README.md": "mkdir out; tare run scenario1 --runtime native --iterations 2 --out out >text",
}
STATUS = [
    (r"tare compare .*--fail-if.*", (0, 1)),
    (r"tare (reproduce|pool) .*", (0, 1)),
    (r"tare doctor.*", (0, 3)),
    (r"tare tune --dry-run", (0, 3)),
    (r"tare selftest --why.*", (0, 1, 3)),
]


def blocks(page: Path) -> list[tuple[str, str]]:
    """What kind each fenced block of the page is, and its text."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.M | re.S)


def commands(page: Path) -> list[str]:
    """Each command of its blocks of sh: a here-document and a loop are one, a comment is none."""
    found, held, until = [], [], None
    for line in "".join(text for kind, text in blocks(page) if kind == "sh").splitlines():
        if not until:
            line = re.sub(r"(^|\s+)# .*$", "", line)
            if not line.strip():
                continue
            here = re.search(r"<<'(\w+)'$", line)
            until = here[1] if here else "done" if re.match(r"for .*do$", line) else None
        elif line == until:
            until = None
        held.append(line)
        if not until:
            found.append("\n".join(held))
            held = []
    assert not held, f"{page}: a command without its end: {held}"
    return found


def not_here(command: str):
    return next((row for row in NOT_HERE if re.fullmatch(row[0], command, re.S)), None)


def smaller(command: str) -> str:
    for pattern, instead in SMALLER:
        if "\n" not in command and re.search(pattern, command):
            command = re.sub(pattern, instead, command)
            break
    return re.sub(r"(?<![\w/.])(scripts|cgroups)/", rf"{TOP}/\1/", command)


def name(page: Path) -> str:
    return str(page.relative_to(TOP))


class Documents(LiveTest):
    def test_every_block_says_of_what_kind_it_is_and_none_is_told_by_blanks(self):
        for page in DOCUMENTS:
            with self.subTest(name(page)):
                text = page.read_text()
                for kind, _ in blocks(page):
                    self.assertIn(kind, KINDS)
                outside = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
                self.assertEqual(re.findall(r"\n\n(    \S.*)", outside), [])
                self.assertNotIn("```", outside)

    def test_the_readme_has_at_most_250_lines_and_2000_words(self):
        text = (TOP / "README.md").read_text()
        self.assertLessEqual(len(text.splitlines()), 250)
        self.assertLessEqual(len(text.split()), 2000)

    def test_every_page_that_a_page_links_to_is_there(self):
        for page in DOCUMENTS:
            for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
                with self.subTest(page=name(page), link=link):
                    self.assertTrue((page.parent / link).exists())

    def test_what_is_not_run_here_is_shown_somewhere_and_run_by_a_test_that_is_there(self):
        shown = [command for page in DOCUMENTS for command in commands(page)]
        tests = "".join(path.read_text() for path in (TOP / "tests").rglob("test_*.py"))
        for pattern, _, proof in NOT_HERE:
            with self.subTest(pattern):
                of_it = [command for command in shown if re.fullmatch(pattern, command, re.S)]
                self.assertTrue(of_it, "no page shows it any more")
                path, _, line = proof.partition(": ")
                if not line:
                    self.assertTrue(f"def {proof}(" in tests, f"there is no test {proof}")
                    continue
                for command in of_it:
                    words = line.format(*re.findall(r"make ([\w.-]+)", command))
                    self.assertTrue(words in (TOP / path).read_text(), f"{path} has no '{words}'")


class Shell(LiveTest):
    def shell(self, script: str):
        build = Path(rig.TARE).resolve().parent
        environment = rig.environment()
        environment["PATH"] = f"{build}:{environment['PATH']}"
        environment["SMALL"] = str(self.dir / "small.yml")
        environment["CONTENTION"] = str(self.dir / "contention.yml")
        (self.dir / "small.yml").write_text(SMALL)
        (self.dir / "contention.yml").write_text(CONTENTION)
        if "scripts/run" in script:
            environment["TARE_CACHE"] = str(rig.CACHE)
        ours, terminal = os.openpty()  # a reader types it
        try:
            return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], text=True, cwd=self.dir, env=environment,
                                  capture_output=True, timeout=900, stdin=terminal)
        finally:
            os.close(ours)
            os.close(terminal)


@once_is_enough
class Commands(Shell):
    """One folder a page: its commands run one after another, in the page's order, and find what those before left."""

    def enter(self, page: str) -> None:
        """A folder of the page's own."""
        self.dir = self.dir.parent / page.replace("/", "-")
        self.dir.mkdir()
        self.addCleanup(shutil.rmtree, self.dir)

    def run_page(self, page: str) -> None:
        if before := BEFORE.get(page):
            done = self.shell(before)
            self.assertEqual(done.returncode, 0, done.stderr)
        for command in commands(TOP / page):
            if not_here(command):
                continue
            script = smaller(command)
            with self.subTest(command=command, script=script):
                done = self.shell(script)
                allowed = next((codes for pattern, codes in STATUS if re.fullmatch(pattern, command)), (0,))
                self.assertIn(done.returncode, allowed, done.stdout[-1000:] + done.stderr[-2000:])

    def test_of_the_readme(self):
        self.run_page("README.md")

    def test_of_the_scenarios(self):
        self.run_page("runner/workloads/README.md")

    def test_of_comparisons(self):
        self.run_page("runner/analysis/README.md")

    def test_of_reports(self):
        self.run_page("runner/report/README.md")

    def test_of_bundles(self):
        for tool in ("minisign", "gnuplot"):
            if not shutil.which(tool):
                self.skipTest(f"{tool} is not installed")
        self.run_page("runner/bundle/README.md")

    def test_of_every_other_page(self):
        own = ("README.md", "workloads", "analysis", "report", "bundle")
        for page in map(name, DOCUMENTS):
            if page != own[0] and Path(page).parent.name not in own[1:]:
                with self.subTest(page):
                    self.enter(page)
                    self.run_page(page)
