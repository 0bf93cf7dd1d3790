"""tables: what is run, and how it is harmed."""

# A scene: what tare is told. `handed`: tare-artefact does it. `new`: what it may leave in out. `most`: the lines that it may say. {given} holds a plan, a
# finished plan's folder, a bundle and a captured machine.
EXEC = ["exec", "--cgroup-root", "{cgroup}", "--quiet"]
RUN = ["run", "scenario1", "--runtime", "native", "--cgroup-root", "{cgroup}", "--warmup", "0", "--workers", "2"]
SCENES = {
    "exec": {"words": [*EXEC, "--json", "{out}/new.json", "--", "/bin/true"], "new": {"new.json"}},
    "exec-bare": {"words": [*EXEC, "--", "/bin/true"]},
    "exec-off": {"words": [*EXEC, "--confine", "off", "--out", "{out}/records", "--", "/bin/true"], "new": {"records"}},
    "exec-hooks": {"words": [*EXEC, "--prepare", "true", "--cleanup", "true", "--repeat", "2", "--", "/bin/true"]},
    "threads": {"words": [*RUN, "--iterations", "3", "--json", "{out}/new.json"], "new": {"new.json"}},
    "processes": {"words": [*RUN, "--mode", "processes", "--profile", "memory", "--iterations", "1", "--hold-ms", "20",
                            "--mem-interval-ms", "5", "--json", "{out}/new.json"], "new": {"new.json"}},
    "matrix": {"words": ["matrix", "{given}/plan.yml", "--cgroup-root", "{cgroup}", "--out", "{out}/m"], "new": {"m"},
               "most": 6},
    "tune": {"words": ["tune", "--sysroot", "{tmp}/machine", "--only", "swappiness,ksm,thp"], "machine": True},
    "restore": {"words": ["restore", "--sysroot", "{tmp}/machine"], "machine": True, "first": "tune"},
    "report": {"words": ["report", "--text", "{given}/m"]},
    "page": {"words": ["report", "{given}/m", "-o", "{out}/report.html"], "new": {"report.html"}},
    "pack": {"handed": True, "words": ["pack", "{given}/m", "-o", "{out}/b.tar", "--author", "A, B"], "new": {"b.tar"}},
    "verify": {"handed": True, "words": ["verify", "{given}/b.tar"]},
    "compare": {"words": ["compare", "{given}/m", "{given}/m"]},
    "clean": {"words": ["clean", "--cgroup-root", "{cgroup}"]},
}

# The errors that each call can give (its manual page), as the runner meets them. None of close(2), which strace would
# not make at all, while Linux always lets go of the descriptor; nor EPIPE of a socket whose other end is there, nor
# of kill(2) ESRCH of a child that nobody has waited for.
ERRORS = {
    "openat": ["EMFILE", "EACCES", "EIO"],
    "openat2": ["EMFILE", "ENOSYS"],
    "read": ["EIO", "EINTR"],
    "pread64": ["EIO"],
    "write": ["ENOSPC", "EINTR", "EIO"],
    "pwrite64": ["ENOSPC"],
    "writev": ["ENOSPC"],
    "newfstatat": ["EIO", "EACCES"],
    "fstat": ["EIO"],
    "statx": ["EIO"],
    "lseek": ["EIO"],
    "access": ["EACCES"],
    "faccessat2": ["EACCES"],
    "readlink": ["EIO"],
    "readlinkat": ["EIO"],
    "getdents64": ["EIO"],
    "getcwd": ["ENOENT"],
    "chdir": ["EACCES"],
    "mkdir": ["ENOSPC", "EACCES"],
    "mkdirat": ["ENOSPC", "EEXIST"],
    "rmdir": ["EBUSY"],
    "unlink": ["EIO"],
    "unlinkat": ["EBUSY"],
    "rename": ["EIO", "ENOSPC"],
    "renameat": ["EIO", "ENOSPC"],
    "renameat2": ["EIO", "ENOSPC"],
    "linkat": ["EIO", "ENOSPC"],
    "symlink": ["ENOSPC"],
    "fsync": ["EIO"],
    "fdatasync": ["EIO"],
    "ftruncate": ["ENOSPC"],
    "fallocate": ["ENOSPC"],
    "fchmod": ["EPERM"],
    "flock": ["EINTR", "ENOLCK"],
    "fcntl": ["ENOLCK", "EMFILE"],
    "dup": ["EMFILE"],
    "dup2": ["EMFILE"],
    "dup3": ["EMFILE"],
    "pipe2": ["EMFILE"],
    "memfd_create": ["EMFILE"],
    "eventfd2": ["EMFILE"],
    "signalfd4": ["EMFILE"],
    "timerfd_create": ["EMFILE"],
    "timerfd_settime": ["EINVAL"],
    "epoll_create1": ["EMFILE"],
    "inotify_init1": ["EMFILE"],
    "socketpair": ["EMFILE"],
    "setsockopt": ["ENOBUFS"],
    "sendmsg": ["ENOBUFS", "ENOMEM"],
    "recvmsg": ["EINTR", "ENOMEM"],
    "sendto": ["ENOBUFS"],
    "recvfrom": ["EINTR"],
    "ppoll": ["EINTR", "ENOMEM"],
    "poll": ["EINTR", "ENOMEM"],
    "mmap": ["ENOMEM"],
    "mprotect": ["ENOMEM"],
    "munmap": ["EINVAL"],
    "madvise": ["EINVAL"],
    "brk": ["=0"],  # it gives no error, but where the end is: glibc's brk() makes ENOMEM of that
    "clone3": ["EAGAIN", "EPERM", "ENOSYS"],
    "clone": ["EAGAIN"],
    "vfork": ["EAGAIN"],
    "wait4": ["EINTR", "ECHILD"],
    "waitid": ["EINTR"],
    "pidfd_open": ["EMFILE"],
    "pidfd_send_signal": ["ESRCH"],
    "prctl": ["EINVAL"],
    "capget": ["EPERM"],
    "seccomp": ["EINVAL"],
    "sched_setaffinity": ["EINVAL"],
    "sched_getaffinity": ["EINVAL"],
    "rt_sigprocmask": ["EINVAL"],
    "rt_sigaction": ["EINVAL"],
    "prlimit64": ["EPERM"],
    "getrandom": ["EINTR"],
    "uname": ["EFAULT"],
    "sysinfo": ["EFAULT"],
    "ioctl": ["ENOTTY"],
    "fgetxattr": ["EIO"],
    "fsetxattr": ["ENOSPC"],
    "fremovexattr": ["EIO"],
    "fadvise64": ["EINVAL"],
    "clock_nanosleep": ["EINTR"],
    "setpriority": ["EPERM"],
    # What the init and the child do, which are followed in the scenes of FOLLOWED alone.
    "mount": ["EPERM"],
    "umount2": ["EINVAL"],
    "open_tree": ["EPERM"],
    "move_mount": ["EPERM"],
    "mount_setattr": ["EINVAL"],
    "pivot_root": ["EINVAL"],
    "unshare": ["EPERM"],
    "setsid": ["EPERM"],
    "setgroups": ["EPERM"],
    "setresuid": ["EAGAIN"],
    "setresgid": ["EPERM"],
    "capset": ["EPERM"],
    "sethostname": ["EPERM"],
    "mknod": ["EPERM"],
    "close_range": ["EMFILE"],
    "execve": ["ENOMEM"],
    "socket": ["EMFILE"],
}
# Undoing that is refused once may stay undone, if it is said.
UNDOING = {"unlink", "unlinkat", "rmdir", "umount2", "flock", "write", "openat", "fremovexattr", "getdents64", "mmap", "brk"}

INJECTED = {"exec": 40, "exec-off": 8, "exec-hooks": 8, "threads": 24, "processes": 12, "matrix": 12, "tune": 30, "restore": 30, "report": 4,
            "page": 6, "pack": 12, "verify": 6, "compare": 4, "clean": 12}  # of each call, so many of its turns, evenly spread
FOLLOWED = {"exec": 12, "exec-off": 6, "threads": 6}  # the same with all whom tare starts
KILLED = {"exec": 12, "threads": 8, "processes": 4, "matrix": 6, "tune": 12, "restore": 12, "page": 3, "pack": 6}  # kill -9 at each call, so many of its turns
ENDED = {"exec": 8, "exec-hooks": 4, "threads": 6, "matrix": 4, "tune": 6, "restore": 6, "pack": 3}  # the same by SIGTERM

# Pages that the file system of out or of $TMPDIR has, and the files that it may hold.
FULL = {"scenes": ["exec", "exec-off", "threads", "matrix", "page", "pack"], "where": ["out", "tmp", "state"],
        "kib": [4, 8, 12, 16, 24, 32, 48, 64, 96, 128], "inodes": [1, 2, 3, 4, 5, 6, 8]}

LIMITS = {
    "nofile": {"values": list(range(3, 41)), "scenes": ["exec", "exec-bare", "exec-off", "threads", "matrix", "tune", "pack"]},
    "as": {"values": [m << 20 for m in (12, 14, 16, *range(18, 33), 48, 64)], "scenes": ["exec", "threads", "page", "pack"]},
    "fsize": {"values": [0, 1, 512, 4096, 16384, 65536], "scenes": ["exec", "threads", "matrix", "page", "pack", "tune"]},
    "stack": {"values": [k << 10 for k in (64, 128, 192, 256, 512)], "scenes": ["exec", "threads", "matrix", "page"]},
    "memlock": {"values": [0], "scenes": ["exec", "threads"]},
    "cpu": {"values": [1], "scenes": ["exec"]},
}
IGNORED = ["HUP", "INT", "QUIT", "PIPE", "ALRM", "TERM", "USR1", "USR2", "CHLD", "CONT", "TSTP", "XCPU", "XFSZ", "WINCH"]
CLOSED = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
STARTS = ["exec", "exec-bare", "exec-off", "exec-hooks", "threads", "matrix", "tune", "report", "page", "pack", "verify", "compare", "clean"]
AT_ONCE = 200
