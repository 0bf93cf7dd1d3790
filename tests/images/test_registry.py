"""The base by digest, from a registry on the loopback that a real engine pulls from: right, unknown, and a lie."""
import hashlib
import http.server
import io
import json
import re
import tarfile
import tempfile
import threading
import unittest
from pathlib import Path

try:
    import engine
except ImportError:
    engine = None

TOP = Path(__file__).resolve().parents[2]
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """As much of the distribution API as a pull takes: manifests by digest, blobs by digest."""

    def __init__(self):
        self.manifests, self.blobs = {}, {}
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                kind, _, name = self.path.removeprefix("/v2/debian/").partition("/")
                found = b"{}" if self.path == "/v2/" else {"manifests": registry.manifests, "blobs": registry.blobs}.get(kind, {}).get(name)
                body = found
                if found is None:
                    body = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}).encode()
                self.send_response(200 if found is not None else 404)
                self.send_header("Content-Type", MANIFEST if kind == "manifests" else "application/octet-stream")
                self.send_header("Content-Length", str(len(body)))
                if kind == "manifests" and found is not None:
                    self.send_header("Docker-Content-Digest", name)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.name = f"127.0.0.1:{self.server.server_port}/debian"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add_image(self):
        """One layer with one file, in which no command can run. Its digest."""
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as tar:
            info = tarfile.TarInfo("etc/debian_version")
            info.size = 3
            tar.addfile(info, io.BytesIO(b"13\n"))
        layer = layer.getvalue()
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                             "rootfs": {"type": "layers", "diff_ids": [digest(layer)]}}).encode()
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(config), "digest": digest(config)},
            "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": len(layer), "digest": digest(layer)}],
        }).encode()
        self.blobs = {digest(layer): layer, digest(config): config}
        self.manifests[digest(manifest)] = manifest
        return digest(manifest)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipIf(engine is None, "no tests/images/engine.py to start an engine with")
class BaseByDigest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if why := engine.why_not():
            raise unittest.SkipTest(why)
        cls.engine = engine.Engine()
        cls.engine.start()
        cls.addClassCleanup(cls.engine.stop)

    def setUp(self):
        self.registry = Registry()
        self.addCleanup(self.registry.close)
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.right = self.registry.add_image()

    def build(self, wanted):
        base = f"{self.registry.name}@{wanted}"
        lock = self.dir / "versions.lock"
        lock.write_text(re.sub(r"^base\.trixie = .*", f"base.trixie = {base}", (TOP / "images/versions.lock").read_text(), flags=re.M))
        done = self.engine.run("scripts/build-image", "--base", "registry", "--tag", "tare-test-registry", "--network", "host",
                               "--lock", lock, "--out", self.dir / "out")
        self.engine.run("docker", "rmi", "--force", base)
        return base, done

    def test_a_base_of_the_locked_digest_is_what_is_built_on(self):
        base, done = self.build(self.right)
        # No shell is in it, so that its first step fails: by then it has been taken.
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn(f"pulling {base}", done.stderr)
        self.assertIn(f"FROM ${{BASE}} AS toolchain\n ---> ", (self.dir / "out.log").read_text())

    def test_a_digest_that_the_registry_has_not_got_stops_and_is_named(self):
        base, done = self.build("sha256:" + "0" * 64)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, f"base {re.escape(base)}: the registry does not give what the lock names: .*unknown")

    def test_a_registry_that_gives_another_image_by_that_digest_is_found_out(self):
        wrong = "sha256:" + "0" * 64
        self.registry.manifests[wrong] = self.registry.manifests[self.right]
        base, done = self.build(wrong)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, f"base {re.escape(base)}: the registry does not give what the lock names: .*digest")


if __name__ == "__main__":
    unittest.main()
