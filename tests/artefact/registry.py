"""Debian's docker-registry on the loopback, for a class of tests."""

import http.client
import shutil
import socket
import subprocess
import time


def missing():
    return not shutil.which("docker-registry")


def serve(test_class, root):
    """Starts it with its data below root; the class's cleanups end it. Returns "HOST:PORT"."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{s.getsockname()[1]}"
    (root / "registry.yml").write_text(
        f'version: 0.1\nstorage: {{filesystem: {{rootdirectory: "{root / "registry"}"}}}}\nhttp: {{addr: "{host}"}}\n')
    process = subprocess.Popen(["docker-registry", "serve", root / "registry.yml"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    test_class.addClassCleanup(process.wait)
    test_class.addClassCleanup(process.terminate)
    for _ in range(100):
        try:
            connection = http.client.HTTPConnection(host, timeout=10)
            connection.request("GET", "/v2/")
            connection.getresponse().read()
            connection.close()
            return host
        except OSError:
            time.sleep(0.1)
    raise AssertionError("docker-registry does not answer")
