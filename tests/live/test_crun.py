"""In a container of crun's, by an OCI bundle: what tare takes for its slice there, by what the container may write."""

import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import rig
from rig import CPU, MIB, NATIVE, LiveTest, vm_only

MEMORY_MAX = 256 * MIB
# What a Docker engine gives its containers: no CAP_SYS_ADMIN.
CAPABILITIES = """CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID CAP_SETUID CAP_SETFCAP
    CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL CAP_AUDIT_WRITE""".split()


def setUpModule() -> None:
    rig.setUpModule()
    if not shutil.which("crun"):
        raise unittest.SkipTest("no crun here: scripts/setup test installs it")


class Container(LiveTest):
    def bundle(self, cgroup: rig.Cgroup, root: Path, access: str, words: list[str]) -> dict:
        """config.json (github.com/opencontainers/runtime-spec): the guest's root read-only, and what tests use of it."""
        shown = dict.fromkeys(map(str, (rig.ROOT, rig.WORK, rig.CACHE, sys.prefix)))
        seen = [{"destination": p, "source": p, "type": "bind", "options": ["bind", "rw"]} for p in shown]
        kernel = {"/proc": ("proc", []), "/dev": ("tmpfs", ["mode=755"]), "/sys": ("sysfs", ["ro"])}
        kernel |= {"/tmp": ("tmpfs", []), "/sys/fs/cgroup": ("cgroup", [access, "nosuid", "noexec", "nodev"])}
        mounts = [{"destination": d, "type": t, "source": t, "options": o} for d, (t, o) in kernel.items()]
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0},
                "args": words,
                "env": [f"{k}={v}" for k, v in rig.environment().items()],
                "cwd": "/",
                "capabilities": {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")},
            },
            "root": {"path": str(root), "readonly": True},
            "mounts": mounts + seen,
            "linux": {
                "cgroupsPath": f"/{cgroup.path.name}/container",
                "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
                "resources": {"memory": {"limit": MEMORY_MAX}, "cpu": {"cpus": str(CPU)}},
            },
        }

    def contained(self, access: str, *options: object) -> rig.Done:
        cgroup = rig.Cgroup(self)
        root = Path(tempfile.mkdtemp(prefix="tare-live.", dir="/run"))  # in no folder that the container is shown
        self.addCleanup(root.rmdir)
        words = [rig.TARE, "run", "scenario1", "--json", self.json, *NATIVE, *options]
        config = self.bundle(cgroup, root, access, list(map(str, words)))
        (self.dir / "config.json").write_text(json.dumps(config))
        # The root is bound in a mount namespace of crun's own: nothing of it is there for whoever cleans up.
        crun = f"crun --cgroup-manager cgroupfs run --bundle {self.dir} {cgroup.path.name}"
        script = f"mount --bind / {root}; exec {crun}"
        running = rig.Running(["unshare", "-m", "sh", "-ec", script], rig.environment(), self.json)
        self.addCleanup(running.abandon)
        return running.end()


@vm_only
class ReadOnly(Container):
    def test_the_container_is_borrowed(self):
        done = self.contained("ro", "--profile", "memory", "--hold-ms", 300)
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual((record["provenance"], record["path"]), ("borrowed", str(rig.MOUNT)), done)
        self.assertEqual(done.record["isolation"]["grade"], "borrowed")
        self.assertIn("--- isolation: borrowed ---", done.out)
        self.assertEqual(record["cpus_effective"], str(CPU))
        self.assertGreater(done.record["memory"]["slice"]["baseline"], 0)
        self.assertLess(done.record["memory"]["slice"]["peak"], MEMORY_MAX)

    def test_strict_refuses_it_before_anything_runs(self):
        done = self.contained("ro", "--isolation", "strict")
        self.assert_refused(done, 3, "--isolation strict: the slice would be 'borrowed'")


@vm_only
class Writable(Container):
    def test_the_containers_cgroup_is_delegated(self):
        done = self.contained("rw", "--memory-max", "128M", "--cpus", CPU)
        self.assert_ok(done)
        record = done.record["slice"]
        self.assertEqual(record["provenance"], "delegated", done)
        self.assertRegex(record["path"], rf"\A{rig.MOUNT}/tare-[^/]+/cell-0\Z")
        self.assertEqual(record["limits"]["memory.max"]["achieved"], str(128 * MIB))
        self.assertEqual(record["cpus_effective"], str(CPU))
        checks = {check["name"]: check for check in done.record["isolation"]["checks"]}
        self.assertTrue(checks["born in the slice"]["ok"], checks)
        self.assertGreater(done.record["memory"]["slice"]["peak"], 0)
