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


def main():
    corpus = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus"
    for kind, name, data in seeds():
        (corpus / kind).mkdir(parents=True, exist_ok=True)
        (corpus / kind / f"seed-{name}").write_bytes(data)


if __name__ == "__main__":
    main()
