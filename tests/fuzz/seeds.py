#!/usr/bin/env python3
"""Makes the first inputs of the corpus anew: small ones that reach far into each reader.

    seeds.py [CORPUS]      default: corpus beside this file
"""

import hashlib
import io
import json
import pathlib
import sys
import tarfile
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/artefact"))
import oci_image  # noqa: E402
import specimen  # noqa: E402

PACK = {"schema": "tare.pack/1", "tool": {"name": "tare", "version": "0.1.0", "commit": "x"}, "title": "t",
        "authors": [{"name": "a"}, {"family": "b", "given": "c", "orcid": "0000-0002-1825-0097"}], "license": "CC0-1.0",
        "date_s": 1, "incomplete": True, "claims": "given", "drawn_by": {"gnuplot": "5", "probe_sha256": "0"}, "format": 1}


def tar_of(files, top="tare-specimen", format=tarfile.USTAR_FORMAT, **fields):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as t:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{top}/{name}" if top else name)
            info.size, info.mtime = len(data), 1
            for key, value in fields.items():
                setattr(info, key, value)
            t.addfile(info, io.BytesIO(data))
    data = out.getvalue().rstrip(b"\0")
    return data + bytes(-len(data) % 512 + 1024)


def bag_of(payload):
    """A bag whose digests are right."""
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  data/{name}\n" for name, data in sorted(payload.items()))
    tags = {"bag-info.txt": f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n".encode(),
            "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "manifest-sha256.txt": lines.encode()}
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(tags.items()))
    tags["tagmanifest-sha256.txt"] = lines.encode()
    return dict(sorted((tags | {f"data/{name}": data for name, data in payload.items()}).items()))


def payload(sha256, records):
    crate = {"@graph": [{"@id": "plan.yml", "@type": "File", "sha256": sha256}]}
    files = {"plan.yml": specimen.PLAN.encode(), "claims.yml": specimen.CLAIMS.encode(),
             "plan.lock": f"name = specimen\nsha256 = {sha256}\nseed = 7\naa = no\n".encode(),
             "env/pack.json": json.dumps(PACK).encode(), "ro-crate-metadata.json": json.dumps(crate).encode()}
    for name, one in records.items():
        block, cell = name.removesuffix(".json").split("-", 1)
        files[f"records/{cell}/{block}.json"] = specimen.text_of(one).encode()
    return files


def image(index=None):
    """The files of an image in a bundle, with the index that is given or one as tare writes it."""
    with tempfile.TemporaryDirectory() as folder:
        layout = oci_image.Layout(pathlib.Path(folder))
        size = len((layout.folder / "blobs" / layout.manifest.replace(":", "/")).read_bytes())
        one = {"mediaType": oci_image.TYPES["manifest"], "digest": layout.manifest, "size": size}
        listed = {"schemaVersion": 2, "mediaType": oci_image.TYPES["index"], "manifests": [one]}
        (layout.folder / "index.json").write_text(json.dumps(listed, indent=1, sort_keys=True) + "\n" if index is None else index)
        (layout.folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}\n')
        files = sorted(p for p in layout.folder.rglob("*") if p.is_file())
        return {f"env/image/{p.relative_to(layout.folder)}": p.read_bytes() for p in files}


def seeds():
    sha256 = hashlib.sha256(specimen.PLAN.encode()).hexdigest()
    records = specimen.records(sha256)
    few = {name: one for name, one in records.items() if name.startswith("0001-")}
    whole = bag_of(payload(sha256, few))
    small = {"bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"}
    yield "bundle", "whole", tar_of(whole)
    yield "bundle", "no-records", tar_of(bag_of(payload(sha256, {})))
    yield "bundle", "image", tar_of(bag_of(payload(sha256, few) | image()))
    yield "bundle", "image-of-nothing", tar_of(bag_of(payload(sha256, {}) | image('{"manifests": [{"digest": [], "size": -1}]}')))
    yield "bundle", "small", tar_of(small)
    yield "bundle", "link", tar_of({"x": b""}, type=tarfile.SYMTYPE, linkname="/etc/passwd")
    yield "bundle", "pax", tar_of(small, format=tarfile.PAX_FORMAT, pax_headers={"path": "a/b"})
    yield "bundle", "gnu-long", tar_of({"a" * 120: b"x"}, format=tarfile.GNU_FORMAT)
    yield "bundle", "way-out", tar_of({"../x": b"x"})
    yield "bundle", "no-top", tar_of({"x": b"x"}, top="")
    yield "bundle", "manifest", tar_of(small | {"manifest-sha256.txt": b"0" * 64 + b"  data/x\n", "data/x": b"x"})
    for name, one in few.items():
        yield "record", name[5:-5], specimen.text_of(one).encode()
    failed = dict(few[f"0001-{specimen.FORK}.json"], termination={"reason": "oom", "detail": "x"})
    yield "record", "failed", specimen.text_of(failed).encode()
    yield "record", "emulated", specimen.text_of(dict(failed, timing={"emulated": True})).encode()
    yield "record", "deep", b"[" * 100
    yield "record", "newer", b'{"schema": "tare.record/2"}'
    for path in sorted((TOP / "runner/plans").glob("*.yml")):
        yield "plan", path.name, path.read_bytes()
    yield "plan", "specimen.yml", specimen.PLAN.encode()
    yield "plan", "pack.json", json.dumps(PACK).encode()
    yield "plan", "alias.yml", b"a: &a [x]\nb: [*a, *a]\n"
    yield "yaml", "all", b"schema: tare.plan/1\na: [x, 'y', \"\\u00e9\"]\nb: {c: d}\ncells:\n  - &e {k: 1}\n  - *e\n  - |\n    lines\n"
    yield "yaml", "itself", b"a: &a [1, *a]\n"
    yield "yaml", "bomb", b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: {k: *c, k: *c}\n"
    yield "yaml", "nul", b'a: "\\0"\n"b\\0": x\n'
    yield "yaml", "utf-16", "a: \u00e9\n".encode("utf-16")
    yield from seeds_of_settings()
    yield from seeds_of_json()
    yield from seeds_of_hosts()


def seeds_of_settings():
    for path in sorted((TOP / "runner/workloads").glob("*/scenario.yml")):
        yield "scenario", path.parent.name, path.read_bytes()
    for name in ("alias", "bomb", "deep", "whole", "many-knobs"):
        yield "scenario", name, (TOP / f"tests/fixtures/scenarios/{name}.yml").read_bytes()
    for path in sorted((TOP / "cgroups/profiles").glob("*.conf")):
        yield "profile", path.stem, path.read_bytes()
    yield "profile", "perm", b"group a {\n  perm { task { uid = 0; } }\n  cpu { cpu.weight = \"100\"; }\n}\n"
    yield "profile", "open", b"group a { memory { memory.max = \"1"
    line = r'tare-tune/1 boot set word "/proc/sys/vm/swappiness" "60\n" "1\n"'
    yield "journal", "line", journal_line(line)
    yield "journal", "keep", journal_line(line) + journal_line(line.replace(" set ", " keep "))
    yield "journal", "other-boot", journal_line(line.replace(" boot ", " other "))
    yield "journal", "torn", journal_line(line) + line.encode()[:30]
    yield "journal", "way-out", journal_line(line.replace("/proc/", "/../../"))
    key = b"untrusted comment: minisign public key\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n"
    signature = (b"untrusted comment: x\nRUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOo"
                 b"crCo8KLzZwo=\ntrusted comment: timestamp:1\tfile:x\nmTwfA7lW0o2uSeA4Ar0BF4B+k0nVQp0uY1Y0KMdbFQc7xSfU0B4rYkzO"
                 b"dO7tFQ9G2e2GfU5QeM3yP7iG3pTzCA==\n")
    yield "minisign", "both", key + b"\0" + signature
    yield "minisign", "key", key
    yield "minisign", "signature", signature
    yield "minisign", "bare", key.splitlines()[1]
    lock = f"name = p\nsha256 = {hashlib.sha256(LOCKED).hexdigest()}\nseed = 7\naa = no\n"
    yield "lock", "bound", lock.encode()
    yield "lock", "words", (lock + "option = workers 2\noption = iterations 3\n").encode()
    yield "lock", "other", lock.replace("seed = 7", "seed = 99999999999999999999").encode()
    yield "lock", "short", b"name = p\n"


LOCKED = b"schema: tare.plan/1\nname: p\ncells:\n  - {scenario: scenario1}\n"


def journal_line(line):
    """With its checksum, as runner/host/tune/journal.c has it: FNV-1a of 32 bits."""
    value = 0x811C9DC5
    for byte in f"{line} ".encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{line} {value:08x}\n".encode()


def seeds_of_json():
    digest = "sha256:" + "0" * 64
    one = {"mediaType": oci_image.TYPES["manifest"], "digest": digest, "size": 0}
    tagged = dict(one, annotations={"org.opencontainers.image.ref.name": "v1"})
    for name, manifests in (("one", [one]), ("tag", [tagged]), ("two", [one, tagged]), ("none", []), ("odd", [7, {"digest": []}])):
        yield "layout", name, json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
    yield "layout", "no-list", b'{"manifests": {"digest": "x"}}'
    bundle = {"name": "b.tar", "sha256": "0" * 64, "key_id": None}
    reproduction = {"schema": "tare.reproduction/1", "of": bundle, "bundle": bundle, "smoke": True, "role": "same-team",
                    "records": [{"name": "0001-a.json", "sha256": "0" * 64}], "claims": [{"id": "C1", "verdict": "SUPPORTED"}],
                    "differences": [], "engine": "host"}
    yield "reproduction", "whole", json.dumps(reproduction).encode()
    yield "reproduction", "newer", json.dumps(dict(reproduction, schema="tare.reproduction/2")).encode()
    yield "reproduction", "records", json.dumps(dict(reproduction, records=7, claims=None)).encode()
    yield "reproduction", "cut", json.dumps(reproduction).encode()[:90]
    selftest = {"schema": "tare.selftest/1", "boot_id": "x", "commit": "x", "passed": 3, "failed": 0, "unavailable": 1, "results": []}
    noise = {"schema": "tare.noise/1", "host": {"cpu_model": "x"}, "cells": [{"cell": "a", "figures": {"avg_iter_s": 0.01}}]}
    yield "kept", "selftest", json.dumps(selftest).encode()
    yield "kept", "selftest-odd", json.dumps(dict(selftest, passed="3", failed=-1)).encode()
    yield "kept", "noise", json.dumps(noise).encode()
    yield "kept", "noise-odd", json.dumps(dict(noise, cells={"a": []})).encode()


def seeds_of_hosts():
    rs = b"\x1e"
    files = [b"0-1\n", b"0-1\n", b"\n", b"", b"", b"0\n", b"0-1\n", b"0\n", b"0\n", b"1024\n", b"3000000\n", b"powersave\n", b"1\n", b"off\n",
             b"[always] madvise never\n", b"xen\n", b"QEMU\n", b"model name : x\nflags : hypervisor\n", b"MemTotal: 1000 kB\n",
             b"cpu 1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n", b"  CPU0 CPU1\n 0: 1 2 x\n", b"quiet isolcpus=1\n", b"Name: x\nUid:\t0\t0\t0\t0\n",
             b"0::/a\n", b"1 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", b"6.1.0\n", b"60\n", b"0-1\n", b'{"schema": "tare.image/1"}', b"x\n"]
    yield "machine", "two-cpus", rs.join(files)
    yield "machine", "one-file", b"0-4095\n"
    yield "machine", "gaps", rs.join([b"0,2-3,7\n", b"0-7\n", b"3\n"])
    page = bytearray(3752)
    page[56:64] = (3).to_bytes(8, "little")
    page[80:88] = (6).to_bytes(8, "little")
    page[2176:2184] = (1).to_bytes(8, "little")
    page[2184:2193] = b"figure_ns"
    page[2216:2224] = (1).to_bytes(8, "little")
    yield "ledger", "done", bytes(page)
    yield "ledger", "zeros", bytes(64)
    yield "ledger", "ones", bytes([255]) * 512


def main():
    corpus = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus"
    for kind, name, data in seeds():
        (corpus / kind).mkdir(parents=True, exist_ok=True)
        (corpus / kind / f"seed-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
