"""failures: a worker process writes down the exception that ends it, for the main process to report, and leaves a sign
if its GIL is not as the main process's. For workers: it imports next to nothing until one has failed. The file that they
run again as __mp_main__ imports it, so that a fork server has it already."""

import tare_imports  # noqa: F401


GIL_SIGN = "-gil"  # behind a worker's path


def gil_is_on() -> bool:  # stateless: another interpreter gets its code object
    import sys

    return not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled()  # 3.12 always has the GIL


def leaving(path: str, gil: bool, function, *arguments) -> None:
    """gil: whether the main process's is on. A program may silence the interpreter's warning, so each worker looks."""
    try:
        function(*arguments)
        if gil_is_on() != gil:
            leave_sign(path + GIL_SIGN)
    except BaseException as e:
        if not isinstance(e, SystemExit) or isinstance(e.code, str):
            leave(path, e)
        raise


def leave_sign(path: str) -> None:
    import os

    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def leave(path: str, e: BaseException) -> None:
    import contextlib
    import os

    from teams import describe

    with contextlib.suppress(OSError):  # a full disk: the exit status still shows the failure
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "w", errors="replace") as file:
            file.write(describe(e))
