"""Plans: whatever ends `tare matrix`, the same command goes on, and what is there in the end is each invocation once."""

import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter

import rig
from rig import LiveTest, setUpModule  # noqa: F401

PLAN = """schema: tare.plan/1
name: tiny
seed: 7
invocations: {invocations}
defaults: {{scenario: scenario1, runtime: native, iterations: 2, warmup: 0, work-iters: 1000}}
cells:
  - each: {{mode: [threads, processes], workers: [1, 2]}}
"""
CELLS = 4


class Matrix(LiveTest):
    def setUp(self):
        super().setUp()
        self.plan = self.dir / "tiny.yml"
        self.out = self.dir / "out"
        self.write_plan(2)

    def write_plan(self, invocations: int, more: str = "") -> None:
        self.plan.write_text(PLAN.format(invocations=invocations) + more)

    def begin(self, *options: object, plan=None, fault: str = "", **environment: str) -> subprocess.Popen:
        words = [rig.TARE, "matrix", plan or self.plan, "--out", self.out, *options]
        env = rig.environment(**environment, **({"TARE_FAULT": fault} if fault else {}))
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running = subprocess.Popen([str(word) for word in words], env=env, text=True, **pipes)
        self.addCleanup(self.abandon, running)
        return running

    @staticmethod
    def abandon(running: subprocess.Popen) -> None:
        if running.poll() is None:
            running.terminate()
            running.wait(rig.PATIENCE_S)
        running.stdout.close(), running.stderr.close()

    def finish(self, running: subprocess.Popen) -> rig.Done:
        out, err = running.communicate(timeout=4 * rig.PATIENCE_S)
        return rig.Done(running.returncode, out, err, self.dir / "none")

    def run_plan(self, *options: object, fault: str = "", **environment: str) -> rig.Done:
        return self.finish(self.begin(*options, fault=fault, **environment))

    def names(self) -> list[str]:
        return sorted(path.name for path in self.out.glob("*.json")) if self.out.exists() else []

    def records(self) -> list[dict]:
        return [json.loads((self.out / name).read_text()) for name in self.names()]

    def assert_complete(self, invocations: int, labels=(None,)) -> None:
        """Every cell once in every block, in the dry run's order, and nothing half-written."""
        done = Counter((r["plan"]["cell"], r["plan"]["block"], r["plan"]["label"]) for r in self.records())
        cells = {f"scenario1-{mode}-native-workers={n}" for mode in ("threads", "processes") for n in (1, 2)}
        wanted = {(cell, block + 1, label) for cell in cells for block in range(invocations) for label in labels}
        self.assertEqual(done, Counter(wanted))
        self.assertEqual([p.name for p in self.out.rglob(".tare-*")], [])
        for record in self.records():
            self.assertEqual(record["termination"]["reason"], "ok")
            self.assertEqual(len(record["iterations"]["start_ns"]), 2)
            self.assertEqual(record["plan"]["seed"], 7)

    def order(self) -> list[tuple[int, str]]:
        shown = self.run_plan("--dry-run").out
        return [(int(block), cell) for block, cell in re.findall(r"^ *\d+  block (\d+) +(\S+)", shown, re.M)]


class Resumed(Matrix):
    def clean(self) -> None:
        """What was killed holds its locks until it is gone: it may take a second look."""
        said = []

        def is_clean() -> bool:
            done = subprocess.run([rig.TARE, "clean"], env=rig.environment(), capture_output=True, text=True)
            said.append(f"exit {done.returncode}\n{done.stdout}{done.stderr}")
            return not list(rig.TMP.iterdir())

        self.assertTrue(rig.wait_for(is_clean, rig.SOON_S), f"tare clean, {len(said)} times, at last: {said[-1]}")

    def test_killed_ten_times_at_any_point_it_is_complete_in_the_end(self):
        self.addCleanup(self.clean)
        seed = int(time.time())
        chance = random.Random(seed)
        invocations = 12 if rig.EMULATED else 60  # more than ten short lives can do
        self.write_plan(invocations)
        for _ in range(10):
            before = len(self.names())
            running = self.begin()
            wanted = before + chance.randint(0, 3)
            rig.wait_for(lambda: len(self.names()) >= wanted or running.poll() is not None)
            time.sleep(chance.uniform(0, 0.15))
            running.kill()
            ended = running.wait(rig.PATIENCE_S)
            self.assertEqual(ended, -signal.SIGKILL, f"it had ended: seed {seed}: {'' if ended < 0 else self.finish(running)}")
            for record in self.records():  # each is whole JSON
                self.assertEqual(record["schema"], "tare.record/1")
            self.assertTrue(rig.wait_for(lambda: not rig.workload_pids(), rig.SOON_S) or not rig.workload_pids())
        self.assertLess(len(self.names()), invocations * CELLS)
        kept = {name: (self.out / name).stat().st_mtime_ns for name in self.names()}
        done = self.run_plan()
        self.assertEqual(done.status, 0, f"seed {seed}\n{done}")
        self.assert_complete(invocations)
        for name, mtime in kept.items():
            self.assertEqual((self.out / name).stat().st_mtime_ns, mtime, f"{name} was run again")
        positions = {(r["plan"]["block"], r["plan"]["position"]): r["plan"]["cell"] for r in self.records()}
        self.assertEqual([(block, positions[block, p]) for block in range(1, invocations + 1) for p in range(1, 5)],
                         self.order())

    def test_what_is_done_is_not_run_again(self):
        self.assertEqual(self.run_plan().status, 0)
        self.assert_complete(2)
        before = {name: (self.out / name).read_bytes() for name in self.names()}
        done = self.run_plan()
        self.assertEqual(done.status, 0)
        self.assertIn("all 8 invocations are in", done.err)
        self.assertEqual({name: (self.out / name).read_bytes() for name in self.names()}, before)
        self.assertIn("threads, native, workers 2", done.out)

    def test_more_invocations_are_added(self):
        self.run_plan()
        done = self.finish(self.begin("--invocations", 5))
        self.assertEqual(done.status, 0, done)
        self.assert_complete(5)
        self.assertIn("95% interval", done.out)

    def test_a_folder_goes_on_with_its_own_plan_and_options(self):
        self.run_plan("--iterations", "2")
        (self.out / self.names()[0]).unlink()
        words = [rig.TARE, "matrix", str(self.out)]
        done = subprocess.run(words, env=rig.environment(), capture_output=True, text=True, timeout=rig.PATIENCE_S)
        self.assertEqual(done.returncode, 0, done)
        self.assert_complete(2)

    def test_a_plan_that_came_with_tare_goes_before_a_folder_of_its_name(self):
        for plan in ("seed-short", "seed-short", "./seed-short"):
            to = [] if "/" in plan else ["--out", "seed-short", "--runtime", "native", "--hold-ms", "1"]
            done = subprocess.run([rig.TARE, "matrix", plan, *to], env=rig.environment(), capture_output=True, text=True,
                                  cwd=self.dir, timeout=rig.PATIENCE_S)
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(len(list((self.dir / "seed-short").glob("*.json"))), 4)

    def test_a_record_with_a_byte_order_mark_counts(self):
        self.run_plan()
        path = self.out / self.names()[0]
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        done = self.run_plan()
        self.assertEqual(done.status, 0, done)
        self.assertIn("all 8 invocations are in", done.err)
        self.assertEqual((len(self.names()), list(self.out.glob("aside/*"))), (8, []))

    def test_a_truncated_record_is_named_kept_aside_and_run_again(self):
        self.run_plan()
        name = self.names()[3]
        whole = (self.out / name).read_bytes()
        (self.out / name).write_bytes(whole[: len(whole) // 2])
        done = self.run_plan()
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.err, rf"\Atare: matrix: '[^']*{re.escape(name)}': it is no whole record \(line \d+: .*\): "
                         rf"kept as aside/{re.escape(name)}.1, and run again\n\Z")
        self.assertEqual((self.out / "aside" / f"{name}.1").read_bytes(), whole[: len(whole) // 2])
        self.assert_complete(2)

    def test_an_interrupted_one_is_kept_aside_and_run_again(self):
        self.write_plan(2, "  - {mode: threads, profile: memory, hold-ms: 600000}\n")
        running = self.begin("--seed", "7")
        rig.wait_for(lambda: rig.workload_pids() and len(self.names()) > 0)
        held = lambda: any(b"600000" in rig.Path(f"/proc/{p}/cmdline").read_bytes() for p in rig.workload_pids())
        self.assertTrue(rig.wait_for(lambda: self.quietly(held)))
        running.send_signal(signal.SIGINT)
        done = self.finish(running)
        self.assertEqual(done.status, 130, done)
        self.assertIn(f"interrupted: {len(self.names())} invocation", done.err)
        aside = list((self.out / "aside").iterdir())
        self.assertEqual(len(aside), 1)
        self.assertEqual(json.loads(aside[0].read_text())["termination"]["reason"], "interrupted")
        self.assertNotIn("interrupted", [r["termination"]["reason"] for r in self.records()])

    @staticmethod
    def quietly(what):
        try:
            return what()
        except OSError:
            return False


class OneFolder(Matrix):
    def test_two_at_once_are_not(self):
        self.write_plan(2, "  - {mode: threads, profile: memory, hold-ms: 600000}\n")
        running = self.begin()
        self.assertTrue(rig.wait_for(lambda: rig.workload_pids()))
        done = self.run_plan()
        self.assert_refused(done, 2, rf"another tare matrix is at work in it: pid {running.pid} on ")

    def test_another_plan_is_refused_and_nothing_is_lost(self):
        self.run_plan()
        before = {p: p.read_bytes() for p in self.out.iterdir()}
        self.write_plan(3)
        self.assert_refused(self.run_plan(), 2, r"holds the plan 'tiny' \(SHA-256 [0-9a-f]{12}\.\.\.\)")
        self.write_plan(2)
        self.assert_refused(self.run_plan("--workers", "3"), 2, "with no options of cells, and this is it with --workers 3")
        self.assert_refused(self.run_plan("--aa"), 2, "without --aa, and this is it with")
        self.assert_refused(self.run_plan("--seed", "8"), 2, "with the seed 7, and this is it with 8")
        self.assertEqual({p: p.read_bytes() for p in self.out.iterdir() if p.name != ".lock"},
                         {p: b for p, b in before.items() if p.name != ".lock"})

    def test_a_record_of_a_newer_schema_is_refused(self):
        self.run_plan()
        name = self.names()[0]
        newer = (self.out / name).read_text().replace("tare.record/1", "tare.record/2")
        (self.out / name).write_text(newer)
        self.assert_refused(self.run_plan(), 2, rf"{re.escape(name)}': line \d+: its schema is \"tare.record/2\"")
        self.assertEqual((self.out / name).read_text(), newer)

    def test_a_changed_copy_of_the_plan_is_refused(self):
        self.run_plan()
        with open(self.out / "plan.yml", "a") as copy:
            copy.write("# changed\n")
        self.assert_refused(self.run_plan(), 2, "plan.yml' is another plan, or was changed")


class Refused(Matrix):
    """What cannot be run here leaves its folder to the plan that can."""

    def assert_nothing_made(self, status: int, why: str, *options: object) -> None:
        for more in ((), ("--dry-run",)):
            self.assert_refused(self.run_plan(*options, *more), status, why)
            self.assertFalse(self.out.exists(), more)

    def test_cpus_that_are_not_there(self):
        self.assert_nothing_made(2, "CPU [0-9]+ does not exist", "--cpus", "0-4095")

    def test_a_runtime_that_is_none(self):
        self.assert_nothing_made(2, "'/bin/true': it does not answer in confinement as a Python interpreter", "--runtime", "/bin/true")

    @rig.needs_lack
    def test_a_full_slice_that_is_not_to_be_had(self):
        self.assert_nothing_made(3, "--isolation strict: no [a-z]+ controller", "--isolation", "strict")

    def test_a_cluster_without_slurm(self):
        commands = self.dir / "bin"
        commands.mkdir()
        words = [rig.TARE, "matrix", self.plan, "--out", self.out, "--engine", "slurm"]
        none = "tare: matrix: sbatch: not found on PATH (--engine local runs the plan here)\n"
        for more, came in ((["--dry-run"], (0, "")), ([], (3, none))):
            done = subprocess.run([*words, *more], env=rig.environment(PATH=str(commands)), capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), came)
            self.assertFalse(self.out.exists(), more)

    def test_what_is_no_plan(self):
        folder = self.dir / "folder"
        folder.mkdir()
        (folder / "plan.yml").write_bytes(self.plan.read_bytes())
        for named, said in ((str(folder), f"'{folder}' holds no plan (it has no plan.lock)"),
                            ("folder", "'folder' holds no plan (it has no plan.lock)"),
                            ("/", "'/' holds no plan (it has no plan.lock)"),
                            ("", "the plan's name is empty ('tare matrix' lists those that there are)")):
            done = subprocess.run([rig.TARE, "matrix", named], env=rig.environment(), capture_output=True, text=True,
                                  cwd=self.dir)
            self.assertEqual((done.returncode, done.stderr), (2, f"tare: matrix: {said}\n"))

    def test_no_folder_is_left_that_was_made_on_the_way(self):
        self.out = self.dir / "a" / "b"
        self.assert_refused(self.run_plan("--env", "A=1\n2"), 2, "a value of one line")
        self.assertFalse((self.dir / "a").exists())

    def test_the_corrected_plan_takes_the_folder(self):
        self.assertEqual(self.run_plan("--invocations", 1).status, 0)
        for record in self.names():
            (self.out / record).unlink()
        self.write_plan(2)
        self.assertEqual(self.run_plan("--warmup", 1).status, 0)
        self.assert_complete(2)

    def test_what_is_complete_needs_nothing_of_the_host(self):
        self.plan.write_text(PLAN.format(invocations=1).replace("runtime: native", f"runtime: {rig.WRAPPER}"))
        done = self.run_plan()
        self.assertEqual(done.status, 0, done)
        moved = rig.WRAPPER.rename(self.dir / "elsewhere")
        self.addCleanup(moved.rename, rig.WRAPPER)
        self.assertEqual(self.run_plan().status, 0)
        self.assertEqual(self.run_plan("--dry-run").status, 0)
        self.assertEqual(self.run_plan("--invocations", 2).status, 2)


LACKING = """schema: tare.plan/1
name: lacking
invocations: 1
defaults: {scenario: scenario1, mode: threads, runtime: "3.14", iterations: 2, warmup: 0, workers: 2, work-iters: 1000}
cells:
  - {id: can, gil: on}
  - {id: cannot, gil: off}
"""

SBATCH = """#!/bin/sh
tasks=$(sed -n 's/^#SBATCH --array=//p' "$2")
echo "$tasks" >>{calls}
for range in $(echo "$tasks" | tr , ' '); do
    for task in $(seq "${{range%-*}}" "${{range#*-}}"); do SLURM_ARRAY_TASK_ID=$task sh "$2" >/dev/null 2>&1; done
done
echo 7
"""


@rig.once_is_enough
class LeftOut(Matrix):
    """A cell that asks for what its interpreter has not: here a GIL build without its GIL."""

    def test_the_others_are_run_the_reason_is_in_the_table_and_the_status_is_3(self):
        self.plan.write_text(LACKING)
        for again in (False, True):
            done = self.run_plan()
            self.assertEqual(done.status, 3, done)
            self.assertEqual(self.names(), ["0001-can.json"])
            self.assertRegex(done.out, r"\* not run: cannot: --gil off:\s+'\S+' is a\s+GIL\s+build")
            self.assertIn("1 of 2 cells were not run", done.err)
            self.assertEqual("nothing was run" in done.err, again, done)
        done = self.run_plan("--dry-run")
        self.assertRegex(done.out, r"cannot +not run\n")
        self.assertIn("0 of 2 invocations to run", done.out)

    def test_what_only_newer_versions_have_leaves_out_its_cell_alone_wherever_it_stands(self):
        cells = [f'  - {{id: is-{value}, lazy-imports: "{value}"}}\n' for value in ("no", "yes")]
        for order in (cells, cells[::-1]):
            self.plan.write_text(LACKING[: LACKING.index("  - {id")] + "".join(order))
            done = self.run_plan("--dry-run")
            self.assertEqual(done.status, 0, done)
            self.assertRegex(done.out, r"is-yes +not run\n")
            self.assertNotRegex(done.out, r"is-no +not run\n")

    def test_what_a_clusters_node_cannot_run_is_left_out_there_too_and_asked_for_again_with_retry_alone(self):
        """By commands that stand for Slurm's: jobs are run at once, one after the other."""
        tools, calls = self.dir / "tools", self.dir / "calls"
        tools.mkdir()
        for name, script in (("sbatch", SBATCH.format(calls=calls)), ("squeue", "#!/bin/sh\n"), ("scontrol", "#!/bin/sh\n")):
            (tools / name).write_text(script)
            (tools / name).chmod(0o755)
        self.plan.write_text(LACKING.replace("cells:", "order: listed\ncells:"))
        path = f"{tools}:{os.environ['PATH']}"
        for options, submitted in (((), ["0-1"]), ((), []), (("--retry",), ["1"])):
            calls.write_text("")
            done = self.run_plan("--engine", "slurm", *options, PATH=path)
            self.assertEqual(done.status, 3, done)
            self.assertRegex(done.out, r"\* not run: cannot: --gil off:\s+'\S+' is a\s+GIL\s+build")
            self.assertIn("1 of 2 cells were not run", done.err)
            self.assertEqual(self.names(), ["0001-can.json"])
            self.assertEqual(calls.read_text().split(), submitted)
        self.assertRegex(self.run_plan("--engine", "slurm", "--dry-run", PATH=path).out, r"cannot +not run\n")

    def test_where_none_is_left_the_plan_is_refused_and_leaves_no_folder(self):
        self.plan.write_text(LACKING.replace("  - {id: can, gil: on}\n", ""))
        done = self.run_plan()
        self.assertEqual(done.status, 2, done)
        self.assertIn("cell 'cannot': --gil off: '", done.err)
        self.assertFalse(self.out.exists())


class Compared(Matrix):
    def compare(self, *options: str) -> subprocess.CompletedProcess:
        return subprocess.run([rig.TARE, "compare", self.out, self.out, *options], env=rig.environment(), text=True,
                              capture_output=True, timeout=rig.PATIENCE_S)

    def test_across_a_key_that_no_cell_has(self):
        self.run_plan("--invocations", 1)
        for keys, named in (("bogus", "bogus"), ("runtime,bogu", "bogu"), ("runtime,", "")):
            done = self.compare("--across", keys)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            found = re.fullmatch(rf"tare: compare: --across '{named}': what is allowed is (.*)\n", done.stderr)
            allowed = found.group(1).split(", ")
            self.assertEqual(allowed, sorted(set(allowed)))
            self.assertLessEqual({"mode", "name", "profile", "runtime", "workers"}, set(allowed))
        self.assertEqual(self.compare("--across", "runtime,profile").returncode, 0)

    def test_between_two_values_of_a_key_of_one_folder(self):
        self.run_plan("--invocations", 1)
        for words, why in (
            (("profile=overhead",), r"--between 'profile=overhead': what is allowed is KEY=A,B, as .*"),
            (("bogus=a,b",), r"--between 'bogus': what is allowed is .*mode.*"),
            (("profile=overhead,bogus",), r"--between '.*': '.*' has no cell with profile=bogus"),
            (("mode=threads,threads",), r"--between '.*': the two values are one"),
            (("profile=overhead,memory", self.out), r"--between '.*' is of one folder, and goes without --noise; two are named"),
            (("profile=overhead,memory", "--noise"), r"--between '.*' is of one folder, and goes without --noise"),
        ):
            done = subprocess.run([rig.TARE, "compare", self.out, "--between", *words], env=rig.environment(), text=True,
                                  capture_output=True, timeout=rig.PATIENCE_S)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, rf"\Atare: compare: {why}\n\Z")

    def test_the_list_of_commands_says_what_a_report_is(self):
        done = subprocess.run([rig.TARE, "--help"], env=rig.environment(), capture_output=True, text=True)
        self.assertRegex(done.stdout, r"(?m)^  tare report +DIR +.*HTML.*paper")

    def test_the_help_names_the_figures_that_the_error_lists(self):
        self.run_plan("--invocations", 1)
        said = self.compare("--figure", "bogus").stderr.strip().partition("what is allowed is ")[2].split(", ")
        result = self.records()[0]["result"]
        for command in ("compare", "plan-size"):
            text = subprocess.run([rig.TARE, command, "--help"], env=rig.environment(), capture_output=True, text=True)
            named = " ".join(text.stdout.split()).partition("--figure NAME")[2].partition(": ")[2]
            named = named.partition(", with --counters")[0]
            self.assertCountEqual(named.split(", "), [f for f in said if f in named.split(", ") or f not in result])


class Ended(Matrix):
    def test_failed_cells_stay_with_their_reason_and_the_rest_goes_on(self):
        self.write_plan(2, "  - {id: slow, mode: threads, profile: memory, hold-ms: 600000, timeout: 0.2}\n")
        done = self.run_plan()
        self.assertEqual(done.status, 4, done)
        self.assertIn("2 of 10 invocations did not end well", done.err)
        self.assertEqual(len(self.names()), 10)
        reasons = Counter(r["termination"]["reason"] for r in self.records())
        self.assertEqual(reasons, Counter(ok=8, timeout=2))
        self.assertIn("threads, native memory: timeout:", done.out)
        again = self.run_plan()
        self.assertEqual((again.status, len(list(self.out.glob("aside/*")))), (4, 0))
        self.assertEqual(self.run_plan("--retry").status, 4)
        self.assertEqual(len(list(self.out.glob("aside/*"))), 2)

    def test_a_and_a_are_run_in_one_order(self):
        done = self.run_plan("--aa")
        self.assertEqual(done.status, 0, done)
        self.assert_complete(2, labels=("A", "A'"))
        self.assertIn("half A'", done.out)

    def test_until_precise_adds_whole_blocks_up_to_the_cap(self):
        done = self.run_plan("--until-precise", "0.0001%", "--max-invocations", 6)
        self.assertEqual(done.status, 0, done)
        self.assert_complete(6)

    def test_until_precise_ends_when_it_is(self):
        done = self.run_plan("--until-precise", "0.99", "--invocations", "5", "--max-invocations", 30)
        self.assertEqual(done.status, 0, done)
        blocks = max(r["plan"]["block"] for r in self.records())
        self.assertGreaterEqual(blocks, 5)
        self.assert_complete(blocks)

    def test_a_dry_run_makes_nothing_and_tells_what_is_left(self):
        done = self.run_plan("--dry-run")
        self.assertEqual(done.status, 0, done)
        self.assertFalse(self.out.exists())
        self.assertIn("8 of 8 invocations to run, time: unknown", done.out)
        self.run_plan("--invocations", "1")
        self.assertRegex(self.run_plan("--dry-run").out, r"4 of 8 invocations to run, time: about ")


class Commands(Matrix):
    """Cells that are commands."""

    def write_commands(self, *commands: list[str], more: str = "") -> None:
        cells = "".join(f"  - command: {json.dumps([str(word) for word in words])}\n" for words in commands)
        self.plan.write_text(f"schema: tare.plan/1\nname: any\ninvocations: 2\n{more}cells:\n{cells}")

    def test_any_program_is_a_cell(self):
        self.write_commands(["sleep", 0.01], ["sleep", 0.05])
        done = self.run_plan()
        self.assertEqual(done.status, 0, done)
        self.assertRegex(done.out, r"(?m)^sleep 0\.05 +2 ")
        self.assertRegex(done.out, r"(?m)^sleep 0\.05: it takes ")
        records = self.records()
        self.assertEqual(Counter((r["plan"]["cell"], r["plan"]["block"]) for r in records),
                         Counter((f"sleep_{s}", block) for s in ("0.01", "0.05") for block in (1, 2)))
        self.assertEqual({r["scenario"]["name"] for r in records}, {"exec"})
        self.assertEqual({r["scenario"]["cwd"] for r in records}, {os.getcwd()})
        self.assertEqual({r["confinement"]["level"] for r in records}, {"full"})
        compared = subprocess.run([rig.TARE, "compare", self.out, self.out], capture_output=True, text=True, timeout=rig.PATIENCE_S)
        self.assertRegex(compared.stdout, r"(?m)^sleep 0\.01 .* ms ")
        self.assertIn("nothing was run", self.run_plan().err)

    def test_what_it_said_last_is_why_it_failed_and_nothing_reaches_the_terminal(self):
        self.write_commands(["sh", "-c", "cat; echo $((7 * 191)); echo why not >&2; exit 3"])
        done = self.run_plan()
        self.assertEqual(done.status, 4, done)
        self.assertEqual({r["termination"]["detail"] for r in self.records()}, {"the command exited with status 3: why not"})
        self.assertNotIn("1337", done.out + done.err)

    def test_a_program_that_is_not_there_is_said_before_anything_runs(self):
        self.write_commands(["true"], ["there-is-no-such"])
        done = self.run_plan()
        self.assert_refused(done, 2, r"matrix: cell 'there-is-no-such': 'there-is-no-such': no such command on PATH")
        self.assertFalse(self.out.exists())

    def test_verbose_tells_a_commands_text(self):
        self.write_commands(["echo", "a b"])
        done = self.run_plan("--verbose")
        self.assertRegex(done.out, r"(?m)^Command: echo 'a b'\nProgram: /\S+/echo$")
        self.assertNotIn("nan", done.out)


class Cpus(Matrix):
    def test_cells_of_other_cpus_get_them_and_the_next_its_own_again(self):
        cpus = sorted(os.sched_getaffinity(0))
        lists = f"[{cpus[0]}, {cpus[-1]}]"
        self.plan.write_text(PLAN.format(invocations=2).replace("workers: [1, 2]", f"cpus: {lists}"))
        done = self.run_plan()
        self.assertEqual(done.status, 0, done)
        for record in self.records():
            self.assertEqual(record["slice"]["cpus_requested"], record["scenario"]["cpus"])
            self.assertEqual(record["slice"]["cpus_effective"], record["scenario"]["cpus"])

    def test_cpus_that_are_not_there_are_refused_before_anything_runs(self):
        self.plan.write_text(PLAN.format(invocations=2).replace("workers: [1, 2]", "cpus: [x1, x4096]"))
        self.assert_refused(self.run_plan(), 2, r"cell 'scenario1-threads-native-cpus=x4096'.*below 'exclude'")
        self.assertEqual(self.names(), [])
