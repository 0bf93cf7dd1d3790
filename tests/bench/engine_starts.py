"""A container's start by a Docker engine, for starts.py: an engine of the tests' own, and an image that holds one static program.

usage as a context: `with container_starts(BUILD) as (commands, why)`: hyperfine's command lines by name; why: those that there are
none of, each with the reason.
"""
import contextlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "images"))

import engine

DOCKER, OURS = "docker run", "docker run of tare's image"
TARES = "tare:debian13-gcc14"  # as make test-engine and scripts/build-image name it


def import_true(docker: engine.Engine, build: Path) -> str:
    """An image that holds a `true` of its own, and no more."""
    program = build / "bench-true"
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-static", "-x", "c", "-", "-o", program], input=b"int main(void) { return 0; }", check=True)
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(program, "true")
    name = f"tare-bench-true:{os.getpid()}"
    subprocess.run(["docker", "import", "-", name], input=layer.getvalue(), env=docker.environment, check=True, stdout=subprocess.DEVNULL)
    return name


def commands_of(docker: engine.Engine, image: str) -> tuple[dict[str, str], dict[str, str]]:
    run = f"docker --host {docker.socket} run --rm --network none"
    commands, why = {DOCKER: f"{run} {image} /true"}, {}
    tried = subprocess.run(commands[DOCKER].split(), capture_output=True, text=True)
    if tried.returncode != 0:
        return {}, {name: f"a container does not start here: {tried.stderr.strip().splitlines()[-1]}" for name in (DOCKER, OURS)}
    if docker.run("docker", "image", "inspect", TARES).returncode == 0:
        commands[OURS] = f"{run} {TARES} exec --quiet --isolation off --confine off -- /bin/true"
    else:
        why[OURS] = f"this engine has no {TARES} (make test-engine builds it, a quarter of an hour)"
    return commands, why


@contextlib.contextmanager
def container_starts(build: Path):
    docker = engine.Engine()
    reason = engine.why_not()
    try:
        if not reason:
            docker.start()
    except RuntimeError as failed:
        reason = str(failed)
    if reason:
        yield {}, {DOCKER: reason, OURS: reason}
        return
    image = None
    try:
        image = import_true(docker, build)
        yield commands_of(docker, image)
    finally:
        if image:
            docker.run("docker", "image", "rm", "--force", image)
        docker.stop()
