"""failures: a worker process writes down the exception that ends it, for the main process to report. For workers: it
imports next to nothing until one has failed. The file that they run again as __mp_main__ imports it, so that a fork
server has it already."""

import tare_imports  # noqa: F401


def leaving(path: str, function, *arguments) -> None:
    try:
        function(*arguments)
    except BaseException as e:
        if not isinstance(e, SystemExit) or isinstance(e.code, str):
            leave(path, e)
        raise


def leave(path: str, e: BaseException) -> None:
    import contextlib
    import os

    from teams import describe

    with contextlib.suppress(OSError):  # a full disk: the exit status still shows the failure
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "w", errors="replace") as file:
            file.write(describe(e))
