"""Runs each report's case by `tare run --why` and sets the verdict beside what the maintainers found.

usage: run.py BUILD [PATTERN]...      BUILD has tare. Exit 1: a verdict names something else. 3: this host cannot trace.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ISSUES = "https://github.com/python/cpython/issues"
LEAST_SHARE = 0.6


class Case(NamedTuple):
    pattern: str
    version: str  # of the interpreter, as scripts/build-python has it; "": its own
    causes: tuple[str, ...]  # one of these is what the maintainers found; (): nothing
    found: str
    address: str


CASES = [
    Case("random", "", ("object_lock",), "the lock of the one hidden Random", f"{ISSUES}/118392"),
    Case("own", "", (), "nothing: a Random of its own is the remedy", f"{ISSUES}/118392"),
    Case("copy", "", ("object_lock", "shared_reference_count"), "a lock and reference counts of the module's sets", f"{ISSUES}/132657"),
    Case("reclass", "", ("world_stopped",), "__class__ stops all threads", f"{ISSUES}/145566"),
    Case("locked", "", ("shared_reference_count",), "the lock object's reference count", f"{ISSUES}/134761"),
    Case("lru", "3.13.5", ("object_lock",), "the cache's lock, held while the function runs", f"{ISSUES}/131757"),
    Case("lru", "", (), "nothing: mended in 3.14", f"{ISSUES}/131757"),
]


def interpreter(version: str) -> str | None:
    """One with frame pointers, if it was built."""
    words = [HERE.parents[1] / "scripts/build-python", "--config", "diag", "--print", *(["--version", version] if version else []), "ft"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return said[1] if len(said) == 2 else None


def explain(tare: Path, case: Case, python: str, folder: Path) -> dict:
    record = folder / f"{case.pattern}-{case.version or 'own'}.json"
    words = [tare, "run", HERE, "--pattern", case.pattern, "--runtime", python, "--workers", "2", "--why", "--json", record]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        sys.exit(done.returncode)
    return json.loads(record.with_suffix(".why.json").read_text())


def share_of(case: Case, why: dict) -> float:
    return sum(cause["share"] for cause in why["causes"] if cause["id"] in case.causes)


def is_as_found(case: Case, why: dict) -> bool:
    if not case.causes:
        return why["verdict"] is None
    return why["verdict"] in case.causes and share_of(case, why) >= LEAST_SHARE


def main() -> int:
    tare, wanted, misnamed = Path(sys.argv[1]) / "tare", sys.argv[2:], 0
    print("| case | Python | what the maintainers found | the verdict | of what is lost | |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for case in (case for case in CASES if not wanted or case.pattern in wanted):
            python = interpreter(case.version)
            if python is None:
                print(f"| `{case.pattern}` | {case.version} | {case.found} | no such interpreter (scripts/build-python --version {case.version} --config diag ft) | | |")
                continue
            why = explain(tare, case, python, Path(folder))
            as_found = is_as_found(case, why)
            misnamed += not as_found
            first = next((cause for cause in why["causes"] if cause["id"] == why["verdict"]), None)
            verdict = f"{first['title']}, in `{first.get('function')}`" if first else "no cause"
            share = f"{100 * share_of(case, why):.0f} %" if case.causes else ""
            version = Path(python).parents[1].name.split("-")[0]
            print(f"| `{case.pattern}` | {version} | {case.found} ([issue]({case.address})) | {verdict} | {share} | {'' if as_found else 'NO'} |", flush=True)
    return 1 if misnamed else 0


if __name__ == "__main__":
    sys.exit(main())
