"""Small OCI images as layouts, made by hand from a tar of one file (OCI image-spec: image-layout.md, manifest.md, config.md,
layer.md)."""

import gzip
import hashlib
import io
import json
import tarfile

TYPES = {"manifest": "application/vnd.oci.image.manifest.v1+json", "config": "application/vnd.oci.image.config.v1+json",
         "index": "application/vnd.oci.image.index.v1+json", "layer": "application/vnd.oci.image.layer.v1.tar"}


def tar_of(text):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("said")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


class Layout:
    """A folder; .manifest and .config are the digests ("sha256:...") of the image in it."""

    def __init__(self, folder, text="hello", compress=False, listed=False):
        """listed: what the index names is an index of its own, of this machine's image and another's."""
        self.folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        layers = [tar_of(text), tar_of(text + " again")]
        config = {"architecture": "amd64", "os": "linux", "config": {"Env": ["A=b"], "Entrypoint": ["tare"]},
                  "docker_version": "20.10", "rootfs": {"type": "layers", "diff_ids": [self.digest(tar) for tar in layers]}}
        packed = [gzip.compress(tar, mtime=0) if compress else tar for tar in layers]
        kind = "layer" if not compress else None
        manifest = {"schemaVersion": 2, "mediaType": TYPES["manifest"],
                    "config": self.put(json.dumps(config).encode(), "config"),
                    "layers": [self.put(blob, kind) for blob in packed]}
        one = self.put(json.dumps(manifest).encode(), "manifest")
        self.manifest, self.config = one["digest"], manifest["config"]["digest"]
        self.layers = [layer["digest"] for layer in manifest["layers"]]
        if listed:
            other = {"mediaType": TYPES["manifest"], "digest": "sha256:" + 64 * "0", "size": 7,
                     "platform": {"architecture": "riscv64", "os": "linux"}}
            index = {"schemaVersion": 2, "mediaType": TYPES["index"],
                     "manifests": [other, one | {"platform": {"architecture": "amd64", "os": "linux"}}]}
            one = self.put(json.dumps(index).encode(), "index")
        self.listed = one["digest"]
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [one]}))

    @staticmethod
    def digest(blob):
        return "sha256:" + hashlib.sha256(blob).hexdigest()

    def put(self, blob, kind):
        digest = self.digest(blob)
        (self.folder / "blobs" / digest.replace(":", "/")).write_bytes(blob)
        return {"mediaType": TYPES[kind] if kind else TYPES["layer"] + "+gzip", "digest": digest, "size": len(blob)}

    @property
    def ref(self):
        return f"oci:{self.folder}"
