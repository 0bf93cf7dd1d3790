"""A plan as a job array on a real Slurm of two nodes, one of which is lost in the middle."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import rig
from rig import LiveTest, setUpModule  # noqa: F401

PATIENCE_S = 420  # Slurm holds a requeued job back for up to two minutes
NEEDED = ("munged", "slurmctld", "slurmd", "sbatch")


class Slurm(LiveTest):
    @classmethod
    def setUpClass(cls):
        if lacking := [name for name in NEEDED if not shutil.which(name)]:
            raise unittest.SkipTest(f"no {', '.join(lacking)} here: scripts/setup slurm installs them")
        if rig.EMULATED:
            raise unittest.SkipTest("Slurm's own timeouts are too short for emulated time: run on a host")
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.cluster = Path(tempfile.mkdtemp(dir=rig.WORK, prefix="s"))
        self.out = self.dir / "quick"
        self.addCleanup(shutil.rmtree, self.cluster, True)

    def begin(self, *words: object) -> subprocess.Popen:
        """tare matrix in a cluster that ends with it."""
        script = rig.ROOT / "scripts" / "slurm" / "cluster"
        words = [script, "--dir", self.cluster, "--", rig.TARE, "matrix", *words, "--out", self.out]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running = subprocess.Popen([str(w) for w in words], env=rig.environment(), text=True, **pipes)
        self.addCleanup(self.abandon, running)
        return running

    @staticmethod
    def abandon(running: subprocess.Popen) -> None:
        if running.poll() is None:
            running.terminate()
            running.wait(60)
        running.stdout.close(), running.stderr.close()

    def finish(self, running: subprocess.Popen) -> rig.Done:
        out, err = running.communicate(timeout=PATIENCE_S)
        return rig.Done(running.returncode, out, err, self.dir / "none")

    def records(self) -> list[dict]:
        return [json.loads(path.read_text()) for path in self.out.glob("*.json")]

    def daemon(self, node: str) -> int:
        return int((self.cluster / f"{node}.pid").read_text())

    def jobs_on(self, node: str) -> list[int]:
        """What Slurm started there: each job's script, which is tare."""
        return [pid for pid in rig.pids_with(b"SLURMD_NODENAME=%b" % node.encode())
                if f"SLURM_CONF={self.cluster}" in rig.read(f"/proc/{pid}/environ")]

    def catch(self, node: str) -> list[int]:
        """Its jobs, stopped, one of them in the middle: it has a workload, and so has not written its record."""
        caught = []
        for pid in self.jobs_on(node):
            try:
                os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:
                continue
            if rig.wait_for(lambda: self.state_of(pid) in ("T", "Z", ""), rig.SOON_S) and self.state_of(pid) == "T":
                caught.append(pid)
        if any(rig.children_of(pid) for pid in caught):
            return caught
        for pid in caught:
            os.kill(pid, signal.SIGCONT)
        return []

    @staticmethod
    def state_of(pid: int) -> str:
        stat = rig.read(f"/proc/{pid}/stat") if os.path.exists(f"/proc/{pid}") else ""
        return stat.rpartition(")")[2].strip()[:1]

    def lose(self, node: str, jobs: list[int]) -> None:
        """As a machine is lost: at once, with everybody on it. A job outlives its slurmd, below a slurmstepd."""
        parents = {rig.parent_of(pid) for pid in jobs}
        steps = [pid for pid in parents if rig.read(f"/proc/{pid}/comm").startswith("slurmstepd")]
        for pid in [self.daemon(node), *steps, *jobs]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def in_the_middle_on(self, node: str) -> list[int]:
        return self.catch(node) if len(list(self.out.glob("*.json"))) >= 6 else []

    def test_a_lost_node_leaves_the_records_complete(self):
        running = self.begin("quick", "--engine", "slurm", "--iterations", 4, "--warmup", 0, "--hold-ms", 100)
        caught = []
        rig.wait_for(lambda: caught.extend(self.in_the_middle_on("n1")) or caught or running.poll() is not None, PATIENCE_S)
        self.assertIsNone(running.poll(), "it ended before a node could be lost")
        self.lose("n1", caught)
        done = self.finish(running)
        subprocess.run([rig.TARE, "clean"], env=rig.environment(), capture_output=True)
        self.assertEqual(done.status, 0, done)
        plans = [r["plan"] for r in self.records()]
        cells = {p["cell"] for p in plans}
        self.assertEqual(len(cells), 7)
        self.assertEqual(Counter((p["cell"], p["block"]) for p in plans),
                         Counter((cell, block) for cell in cells for block in range(1, 6)))
        self.assertEqual({p["node"] for p in plans}, {"n1", "n2"})
        self.assertTrue(any(int(p["slurm"].get("restarts", 0)) > 0 for p in plans), "no job was requeued")
        self.assertEqual({r["termination"]["reason"] for r in self.records()}, {"ok"})

    def test_commands_are_cells_there_too(self):
        (plan := self.dir / "any.yml").write_text("schema: tare.plan/1\nname: any\ninvocations: 2\ncells:\n"
                                                  "  - {id: a, command: [sh, -c, 'exit 0']}\n  - {id: b, command: [sleep, 0.01]}\n")
        done = self.finish(self.begin(plan, "--engine", "slurm"))
        self.assertEqual(done.status, 0, done)
        self.assertEqual(Counter((r["plan"]["cell"], r["plan"]["block"]) for r in self.records()),
                         Counter((cell, block) for cell in "ab" for block in (1, 2)))
        self.assertEqual({r["plan"]["engine"] for r in self.records()}, {"slurm"})

    def test_a_tare_that_is_killed_joins_its_jobs_again(self):
        script = (f"'{rig.TARE}' matrix seed-short --engine slurm --runtime native --out '{self.out}' & "
                  f"while ! [ -s '{self.out}/slurm/jobs' ]; do sleep 0.1; done; kill -9 $!; "
                  f"exec '{rig.TARE}' matrix seed-short --engine slurm --runtime native --out '{self.out}'")
        words = [rig.ROOT / "scripts/slurm/cluster", "--dir", self.cluster, "--", "sh", "-c", script]
        done = subprocess.run([str(w) for w in words], env=rig.environment(), capture_output=True, text=True,
                              timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("joining the jobs that are there: 1", done.stderr)
        self.assertEqual(len(self.records()), 4)
        self.assertEqual({r["plan"]["slurm"]["array_job_id"] for r in self.records()}, {"1"})


class NoSlurm(LiveTest):
    def test_without_slurm_it_says_so_and_what_to_do(self):
        env = rig.environment(PATH="/nowhere")
        words = [rig.TARE, "matrix", "seed-short", "--engine", "slurm", "--runtime", "native", "--out", self.dir / "o"]
        done = subprocess.run([str(w) for w in words], env=env, capture_output=True, text=True)
        self.assertEqual(done.returncode, 3, done)
        self.assertRegex(done.stderr, r"\Atare: matrix: sbatch: .*\(--engine local runs the plan here\)\n\Z")

    def test_a_dry_run_prints_the_batch_script(self):
        words = [rig.TARE, "matrix", "seed", "--engine", "slurm", "--dry-run", "--sbatch=--account=x", "--out", "o"]
        done = subprocess.run(words, env=rig.environment(), capture_output=True, text=True, cwd=self.dir)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("#SBATCH --array=0-19\n", done.stdout)
        self.assertIn("#SBATCH --account=x\n", done.stdout)
        self.assertRegex(done.stdout, rf"exec '?{rig.TARE}'? matrix --task \$SLURM_ARRAY_TASK_ID '?{self.dir}/o'?\n\Z")
        self.assertFalse((self.dir / "o").exists())
