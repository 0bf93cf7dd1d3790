"""Packages of the npm registry that tests use, each pinned by its SHA-256 and kept in tare's cache."""

import hashlib
import io
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

CACHE = pathlib.Path(os.environ.get("TARE_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "tare")


def package(name, version, digest):
    """The package's tar, from the cache or from the registry by npm; None where neither gives it."""
    kept = CACHE / f"{name.replace('@', '').replace('/', '-')}-{version}.tgz"
    if not kept.exists() and shutil.which("npm"):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["npm", "pack", f"{name}@{version}", "--silent"], cwd=folder, check=False, timeout=120,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            found = list(pathlib.Path(folder).glob("*.tgz"))
            if found:
                CACHE.mkdir(parents=True, exist_ok=True)
                shutil.move(found[0], kept)
    if not kept.exists():
        return None
    data = kept.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{kept}: it is not the {name} {version} that is pinned")
    return tarfile.open(fileobj=io.BytesIO(data))
