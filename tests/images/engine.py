"""engine: a Docker engine of the tests' own, with its layers in the cache, so that what was built once is built fast."""

import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("TARE_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tare")
DIR = CACHE / "docker"
# No network of its own: containers have none, and builds use the host's.
OPTIONS = ["--iptables=false", "--bridge=none", "--ip-masq=false"]


def why_not() -> str:
    """Why there can be no engine here; "" where there can."""
    if os.geteuid() != 0:
        return "an engine takes root"
    missing = [name for name in ("dockerd", "containerd", "runc") if not shutil.which(name)]
    return f"no {', '.join(missing)} on this host (scripts/setup images installs Debian's)" if missing else ""


class Engine:
    """Started by start(), ended by stop(), by its pid. One at a time: another run of the tests waits."""

    def __init__(self):
        self.socket = f"unix://{DIR}/run/sock"
        self.process = self.lock = None
        self.environment = {**os.environ, "DOCKER_HOST": self.socket, "PYTHON_PGO": "0"}

    def start(self) -> None:
        (DIR / "run").mkdir(parents=True, exist_ok=True)
        self.lock = open(DIR / "lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        if self.answers():
            return  # somebody keeps one running here
        words = ["dockerd", "--data-root", DIR / "data", "--exec-root", DIR / "run/exec", "--pidfile", DIR / "run/pid"]
        with open(DIR / "run/log", "w") as log:
            self.process = subprocess.Popen(
                [*words, "-H", self.socket, *OPTIONS], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + 90
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                said = (DIR / "run/log").read_text(errors="replace").splitlines()[-3:]
                self.stop()
                raise RuntimeError("dockerd does not start: " + "; ".join(said))
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
        if self.lock:
            self.lock.close()

    def answers(self) -> bool:
        return subprocess.run(["docker", "version"], env=self.environment, capture_output=True).returncode == 0

    def run(self, *command, **options) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(word) for word in command], env=self.environment, cwd=TOP, text=True, capture_output=True,
            stdin=subprocess.DEVNULL, **options,
        )

    def container(self, *options) -> subprocess.CompletedProcess:
        """docker run --rm --network none OPTIONS; no container outlives a test that is cut off."""
        return self.run("docker", "run", "--rm", "--network", "none", *options, timeout=300)

    def inspect(self, image: str) -> dict:
        return json.loads(self.run("docker", "image", "inspect", image).stdout)[0]
