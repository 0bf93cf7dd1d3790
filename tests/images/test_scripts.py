"""What the scripts take from whoever calls them and what they refuse, and scripts/docker-run with an engine that is a script.

  python3 tests/images/test_scripts.py -v [CLASS.TEST]...

Builds nothing and needs no engine, no network and no cache.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FOR_USERS = ["bench", "build-deb", "build-image", "build-python", "build-vm-image", "check", "ci-gate", "clean-root", "compare-images", "current-lock", "docker-run",
             "fetch-debs", "run", "setup", "slurm/cluster", "test", "update-lock", "vm"]


def script(name, *words, **environment):
    return subprocess.run([TOP / "scripts" / name, *map(str, words)], env=os.environ | environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60)


class Image(unittest.TestCase):
    """That what the Dockerfile copies is enough to make tare of, without an engine."""

    def test_what_is_copied_makes_tare(self):
        with tempfile.TemporaryDirectory() as there:
            stages = (TOP / "Dockerfile").read_text().split(" AS runtime\n")[0]
            copied = [line.split()[1:-1] for line in stages.splitlines() if line.startswith("COPY ")]
            for name in [name for names in copied for name in names]:
                (Path(there) / name).parent.mkdir(parents=True, exist_ok=True)
                copy = shutil.copytree if (TOP / name).is_dir() else shutil.copy
                copy(TOP / name, Path(there) / name)
            for words in (["build"], ["DESTDIR=stage", "install"]):
                done = subprocess.run(["make", "-C", there, "-n", "COMMIT=none", *words], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""), words)


class ScriptTest(unittest.TestCase):
    def refused(self, done, words, status=2):
        """In one line with these words."""
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(words, done.stderr)


class Options(ScriptTest):
    def test_help_is_the_comment_at_the_head_and_no_more(self):
        for name in FOR_USERS:
            with self.subTest(script=name):
                done = script(name, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                text = (TOP / "scripts" / name).read_text()
                head = [line[1:].removeprefix(" ") for line in text.split("\nset -")[0].splitlines()[1:]]
                self.assertEqual(done.stdout.split(), " ".join(line for line in head if not line.startswith("shellcheck ")).split())
                self.assertEqual([line for line in done.stdout.splitlines() if len(line) > 80 and len(line.split()) > 1], [])

    def test_help_works_from_any_folder(self):
        for name in ("test", "check"):
            done = subprocess.run([f"./{name}", "--help"], cwd=TOP / "scripts", capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_an_unknown_option_is_named_with_those_there_are_whether_or_not_a_word_follows(self):
        for name, first in (("build-image", "--variant"), ("update-lock", "--out"), ("docker-run", "--out"), ("compare-images", "--out"),
                            ("build-vm-image", "--lock"), ("vm", "--image"), ("clean-root", "--suite"), ("slurm/cluster", "--nodes"),
                            ("check", "--help")):
            for words in (["--bogus"], ["--bogus", "x"]):
                with self.subTest(script=name, words=words):
                    self.refused(script(name, *words), f"no option '--bogus'; allowed: {first}")

    def test_a_word_where_none_is_taken_is_no_option_without_its_value(self):
        for name in ("build-image", "update-lock", "build-vm-image", "check"):
            with self.subTest(script=name):
                self.refused(script(name, "stray"), "no option 'stray'; allowed: ")

    def test_an_option_without_its_value_is_still_told_so(self):
        for name, option in (("build-image", "--tag"), ("update-lock", "--suite"), ("docker-run", "--memory"), ("compare-images", "--cells")):
            with self.subTest(script=name):
                self.refused(script(name, option), f"{option}: needs a value")

    def test_a_dash_is_no_name_of_what_is_written(self):
        for name in ("build-deb", "build-image", "ci-gate", "compare-images", "docker-run", "update-lock", "vm"):
            with self.subTest(script=name):
                self.refused(script(name, "--out", "-", "x"), "--out '-': it takes a name")
        self.refused(script("vm", "--console", "-", "x"), "--console '-': it takes a name")
        self.assertFalse(Path("-").exists())

    def test_a_kind_of_tests_waits_for_its_own_programs_and_not_for_what_was_started_beside_it(self):
        functions = subprocess.run(["sed", "-n", "/^run_workload()/,/^}/p; /^workload_name()/,/^}/p", TOP / "scripts/test"],
                                   capture_output=True, text=True, check=True).stdout
        self.assertIn("wait", functions)
        done = subprocess.run(["bash", "-c", functions + """
            run_uncounted() { :; }
            top=.; sleep 60 & beside=$!
            run_workload gil
            kill "$beside" && wait "$beside"; echo "$?" """], cwd=TOP, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30)
        self.assertEqual((done.stdout, done.stderr), ("143\n", ""))


class BuildPython(ScriptTest):
    def build(self, *words, **environment):
        return script("build-python", *words, TARE_CACHE=str(self.cache), **environment)

    def setUp(self):
        self.cache = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_what_cannot_be_built_is_said_before_minutes_go_by(self):
        for words, said in (
            (["--version", "3.11.2"], "--version '3.11.2': what is allowed is 3.14.6, 3.13.5; another one wants a row cpython.other"),
            (["--config", "fast"], "--config 'fast': what is allowed is a list of diag, jit, tail-call, pgo"),
            (["--config"], "--config: needs a value"),
            (["--config", "jit", "ft"], "--config jit: CPython's JIT and free threading exclude each other"),
            (["--config", "tail-call", "--version", "3.13.5"], "--config tail-call: CPython 3.13.5 has no such interpreter"),
            (["--fast"], "'--fast': what is allowed is --version, --config, --print, --help, ft, gil"),
        ):
            with self.subTest(words=words):
                self.refused(self.build(*words), said)

    def test_a_compiler_that_the_configuration_cannot_do_with_is_refused(self):
        old = self.cache / "old-cc"
        old.write_text("#!/bin/sh\ncase $* in *-fsyntax-only*) exit 1 ;; esac\nexec cc \"$@\"\n")
        old.chmod(0o755)
        done = self.build("--config", "tail-call", "gil", CC=str(old))
        self.refused(done, "does not know preserve_none", 3)


ENGINE = """#!/bin/sh
# An engine's command as far as scripts/docker-run takes it; what there is beside it decides what becomes of it.
here=${0%/*}
echo "$*" >>"$here/calls"
case "$1 $2" in
"image inspect") [ ! -e "$here/empty" ] || { echo "Error: No such image" >&2; exit 1; }; echo "sha256:1111" ;;
"version "*) [ ! -e "$here/down" ] || { echo "Client: 20"; echo "Cannot connect to the daemon" >&2; exit 1; } ;;
"run "*)
    case "$*" in *" report "*) echo "a table"; exit ;; esac
    if [ -e "$here/endless" ]; then
        echo $$ >"$here/client"
        until [ -e "$here/stopped" ]; do sleep 0.05; done
        exit 143
    fi
    [ -e "$here/silent" ] || echo "\\"id\\": \\"record-$$\\","
    ;;
"stop "*) [ ! -e "$here/unborn" ] || { echo "No such container" >&2; exit 1; }; : >"$here/stopped" ;;
esac
"""


class DockerRunTest(ScriptTest):
    def setUp(self):
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.out = self.dir / "out"
        self.engine = self.dir / "docker"
        self.engine.write_text(ENGINE)
        self.engine.chmod(0o755)
        self.environment = {"PATH": f"{self.dir}:{os.environ['PATH']}", "ENGINE": "docker"}

    def docker_run(self, *words):
        return script("docker-run", "--out", self.out, *words, **self.environment)

    def calls(self, verb):
        calls = self.dir / "calls"
        return [line for line in calls.read_text().splitlines() if line.startswith(verb + " ")] if calls.exists() else []


class Ended(DockerRunTest):
    """By a signal, while a container runs."""

    def setUp(self):
        super().setUp()
        (self.dir / "endless").touch()

    def end_with(self, number, *words, name="docker-run", said="docker-run: threads, overhead\n"):
        """Its status, and the name of the container."""
        # Whoever runs these tests may have told its children to ignore SIGINT.
        process = subprocess.Popen(
            [TOP / "scripts" / name, "--out", self.out, *words], env=os.environ | self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(process.kill)
        client = self.dir / "client"
        until = time.monotonic() + 30
        while not (client.exists() and client.read_text().endswith("\n")):
            self.assertIsNone(process.poll(), "it has ended before its time")
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)
        process.send_signal(number)
        self.assertEqual(process.communicate(timeout=30)[1], said)
        self.assertFalse(Path(f"/proc/{client.read_text().strip()}").exists(), "the engine's client is left")
        self.assertEqual([path for path in self.out.rglob("*") if path.is_file()], [])
        (run,) = self.calls("run")
        return process.returncode, re.search(r" --name (\S+) ", run)[1]

    def test_the_container_ends_the_part_file_goes_and_nothing_else_is_begun(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            with self.subTest(signal=number):
                ended, name = self.end_with(number)
                self.assertEqual(ended, status)
                self.assertEqual((self.calls("stop"), self.calls("rm")), ([f"stop {name}"], [f"rm -f {name}"]))
            for name in ("calls", "client", "stopped"):
                (self.dir / name).unlink()

    def test_a_container_that_is_not_there_yet_is_not_made_any_more(self):
        (self.dir / "unborn").touch()
        ended, name = self.end_with(signal.SIGTERM)
        self.assertEqual((ended, self.calls("rm")), (143, [f"rm -f {name}"]))

    def test_a_plan_s_container_ends_too(self):
        plan = self.dir / "plan.yml"
        plan.touch()
        ended, name = self.end_with(signal.SIGTERM, "--plan", plan, said="")
        self.assertEqual((ended, self.calls("stop")), (143, [f"stop {name}"]))

    def test_a_comparison_ends_the_container_that_it_is_at(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=number):
                ended, name = self.end_with(number, "a", "b", name="compare-images", said="compare-images: block 1 of 10\n")
                self.assertEqual((ended, self.calls("stop")), (status, [f"stop {name}"]))
            for name in ("calls", "client", "stopped"):
                (self.dir / name).unlink()

    def test_each_container_has_a_name_of_its_own_and_none_is_stopped_at_a_good_end(self):
        (self.dir / "endless").unlink()
        self.assertEqual(self.docker_run().returncode, 0)
        names = [re.search(r" --name (\S+) ", run)[1] for run in self.calls("run")]
        self.assertEqual((len(names), len(set(names))), (5, 5))
        self.assertEqual(self.calls("stop") + self.calls("rm"), [])


class DockerRun(DockerRunTest):
    def test_each_cell_is_a_container_and_its_record_is_kept(self):
        done = self.docker_run()
        self.assertEqual((done.returncode, done.stdout.splitlines()[0]), (0, "a table"), done.stderr)
        self.assertEqual(len(list(self.out.glob("record-*.json"))), 4)
        self.assertEqual(len(list(self.out.iterdir())), 4)
        self.assertEqual(len(self.calls("run")), 5)

    def test_what_it_does_not_take_is_one_line_and_starts_nothing(self):
        for words, said in ((("--modes", ""), "--modes '': what is allowed is a list of threads, processes, interpreters"),
                            (("--modes", ","), "--modes ',': what is allowed"), (("--modes", "*"), "--modes '*': what is allowed"),
                            (("--modes", "threads,fibres"), "--modes 'threads,fibres': what is allowed"),
                            (("--profiles", ""), "--profiles '': what is allowed is a list of overhead, memory"),
                            (("--cpus", "3-1"), "--cpus '3-1'"), (("--cpus", "0,1-2-3"), "--cpus '0,1-2-3'"),
                            (("--memory", "1"), "--memory '1'"), (("--memory", "6143k"), "from 6m on"), (("--memory", "0g"), "--memory"),
                            (("--plan", self.dir), f"--plan '{self.dir}': no file"), (("--plan", "/none"), "--plan '/none': no file")):
            with self.subTest(words=words):
                self.refused(self.docker_run(*words), said)
        self.assertEqual(self.calls("run"), [])

    def test_what_is_its_own_is_refused_in_both_forms_behind_the_dashes(self):
        for option in ("--mode", "--profile", "--json", "--out"):
            for words in ([option, "x"], [f"{option}=x"]):
                with self.subTest(words=words):
                    self.refused(self.docker_run("IMAGE", "--", *words), f"'{words[0]}' is this script's own")
        self.assertEqual(self.docker_run("--modes", "threads", "IMAGE", "--", "--profile-file=x").returncode, 0)

    def test_the_least_memory_and_ranges_of_cpus_go_through(self):
        for words in (("--memory", "6m"), ("--memory", "6291456"), ("--memory", "1G"), ("--cpus", "0-0,2,08-9")):
            with self.subTest(words=words):
                self.assertEqual(self.docker_run(*words, "--modes", "threads").returncode, 0)

    def test_a_folder_that_cannot_be_written_is_one_line(self):
        file = self.dir / "file"
        file.touch()
        for folder, said in (("/proc", "cannot be written: "), ("/proc/x", "cannot be made: "), (file, "cannot be made: ")):
            with self.subTest(folder=folder):
                self.refused(script("docker-run", "--out", folder, **self.environment), f"--out '{folder}': {said}")
                self.refused(script("compare-images", "--out", folder, "a", "b", **self.environment), f"--out '{folder}': {said}")
        self.assertEqual(self.calls("run"), [])

    def test_no_record_at_all_is_no_success(self):
        (self.dir / "silent").touch()
        done = self.docker_run()
        self.assertEqual(done.returncode, 5)
        self.assertIn("no record was written", done.stderr)

    def test_an_engine_that_does_not_answer_is_not_one_without_the_image(self):
        (self.dir / "empty").touch()
        self.refused(self.docker_run("some:image"), "docker has no image 'some:image': Error: No such image", 3)
        (self.dir / "down").touch()
        self.refused(self.docker_run("some:image"), "docker does not answer: Cannot connect to the daemon (as root: systemctl start docker", 3)
        self.refused(script("build-image", "--out", self.out, **self.environment), "docker does not answer: Cannot connect", 3)
        self.assertFalse(self.out.exists())

    def test_a_dry_run_tells_the_digest_where_the_engine_has_the_image(self):
        done = self.docker_run("--dry-run")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("docker run --rm "), 4)
        self.assertIn(" TARE_IMAGE_DIGEST=sha256:1111 ", done.stdout)
        self.assertEqual(self.calls("run"), [])

    def test_a_dry_run_takes_no_engine_and_no_image(self):
        (self.dir / "empty").touch()
        (self.dir / "down").touch()
        for environment in (self.environment, {"ENGINE": "podman", "PATH": self.path_without("podman")}):
            done = script("docker-run", "--dry-run", "--out", self.out, "--writable-cgroups", **environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            lines = done.stdout.splitlines()
            self.assertEqual(len(lines), 4)
            for line in lines:
                words = shlex.split(line)
                self.assertEqual(words[:3], [environment["ENGINE"], "run", "--rm"])
                self.assertIn("TARE_IMAGE_DIGEST=<digest>", words)
        self.assertFalse(self.out.exists())

    def path_without(self, program):
        """What docker-run takes of this host, by links, and no such program."""
        tools = self.dir / "tools"
        tools.mkdir()
        for tool in ("bash", "dirname", "sed", "tr", "env"):
            (tools / tool).symlink_to(shutil.which(tool))
        self.assertIsNone(shutil.which(program, path=tools))
        return str(tools)

    def test_a_layout_that_is_none_is_one_line_in_plain_words(self):
        broken = self.dir / "layout"
        broken.mkdir()
        for text, said in ((None, f"{broken}/index.json: No such file or directory"), ("{}", f"{broken}: no index.json and manifest as"),
                           ("[]", f"{broken}: no index.json and manifest as"), ("no JSON", f"{broken}: no index.json and manifest as")):
            if text is not None:
                (broken / "index.json").write_text(text)
            with self.subTest(index=text):
                self.refused(script("image-archive", "id", broken), f"image-archive: {said}")
                self.refused(self.docker_run(f"oci:{broken}"), f"docker-run: 'oci:{broken}': it is no layout of an image: {said}")
                self.refused(script("compare-images", "--out", self.out, "a", f"oci:{broken}", **self.environment), said)
        self.assertFalse(self.out.exists())

    def test_what_is_no_archive_is_one_line_in_plain_words(self):
        readme = TOP / "README.md"
        self.refused(script("image-archive", "compare", readme, readme), f"image-archive: {readme}: no tar archive")
        self.refused(script("image-archive", "compare", "/none", readme), "image-archive: /none: No such file or directory")

    def test_a_comparison_of_no_cells_is_refused(self):
        for cells in ("", ",", "fork,spoon"):
            self.refused(script("compare-images", "--cells", cells, "a", "b"),
                         f"--cells '{cells}': what is allowed is a list of threads, forkserver, fork, spawn, interpreters")


if __name__ == "__main__":
    unittest.main()
