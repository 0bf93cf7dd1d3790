"""main_imports: further imports of a workload's main module (--main-imports), and what a fork server loads before it
forks (--preload, --gc-freeze).

A spawned worker and a fork server run the main module again with its imports, which is most of a spawned worker's cost.
So the main module executes these imports as statements in its own namespace, beside its own imports. The main process
makes the statements from its arguments and puts them into $TARE_MAIN_IMPORTS for the processes that it starts: a fork
server before 3.14 has no arguments when it runs the main module.

Only the main process imports this file.
"""

import os
import sys

# The imports of the original benchmark's scenario1 and of its engine, which starts threads and processes.
ORIGINAL = (
    "argparse",
    "dataclasses",
    "gc",
    "multiprocessing",
    "os",
    "platform",
    "statistics",
    "sys",
    "threading",
    "time",
    "typing",
)

VARIABLE = "TARE_MAIN_IMPORTS"


def modules(said: str) -> tuple[str, ...]:
    """Reads a knob's value: original, none or MODULE,... Raises ValueError for an invalid name."""
    if said == "none":
        return ()
    if said == "original":
        return ORIGINAL
    names = tuple(said.split(","))
    for name in names:
        if not name.isascii() or not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"'{name}' is no module's name")
    return names


def option(argv: list[str], name: str, otherwise: str) -> str:
    """An option's value. These imports come before the options are read as a whole."""
    return argv[argv.index(name) + 1] if name in argv[:-1] else otherwise


def prepare(argv: list[str]) -> None:
    """Puts the statements into the environment of this process and of those that it starts."""
    lines = [f"import {name}" for name in modules(option(argv, "--main-imports", "original"))]
    if option(argv, "--lazy-imports", "no") == "yes":
        lines.insert(0, "import sys; sys.set_lazy_imports('all')")
    os.environ[VARIABLE] = "\n".join(lines)


def failure(argv: list[str], e: BaseException) -> str:
    """One line that says why the main module's imports failed."""
    if isinstance(e, AttributeError) and not hasattr(sys, "set_lazy_imports"):
        return f"--lazy-imports yes: Python {sys.version.split()[0]} has no lazy imports (3.15 and newer have)"
    said = " ".join(option(argv, "--main-imports", "original").split())
    return f"--main-imports '{said}': {type(e).__name__}: {' '.join(str(e).split())}"


# --- before it forks -----------------------------------------------------------------------------------------------


def prepare_to_fork(start_method: str | None, preload: str, freeze: bool) -> None:
    """Call it before anything is forked. start_method None: the interpreter's default. Raises ValueError if a knob
    does not apply to the method, or if the fork server lacks a module: it does not report a module that it cannot
    import."""
    import multiprocessing

    context = multiprocessing.get_context(start_method)
    own = context.get_start_method()
    names = modules(preload)
    if names and own != "forkserver":
        raise ValueError(f"--preload '{preload}' goes with --mp-start forkserver; it is {own}")
    if freeze and own == "spawn":
        raise ValueError("--gc-freeze 'yes' goes with --mp-start fork or forkserver; it is spawn")
    if own == "forkserver":
        context.set_forkserver_preload(["__main__", *names, *(["freezing"] if freeze else [])])
    elif freeze:
        import freezing  # noqa: F401
    if names or freeze:
        ask_worker(context, names, freeze)


def ask_worker(context, names: tuple[str, ...], freeze: bool) -> None:
    receive, send = context.Pipe(duplex=False)
    worker = context.Process(target=look, args=(send, names))
    worker.start()
    send.close()
    try:
        missing, frozen = receive.recv()
    except EOFError:
        raise ValueError(f"--preload '{','.join(names)}': no worker could be started after it") from None
    finally:
        worker.join()
    if missing:
        raise ValueError(f"--preload '{missing[0]}': {missing[1]}")
    if freeze and not frozen:
        raise ValueError("--gc-freeze 'yes': nothing is frozen in a worker")


def look(send, names: tuple[str, ...]) -> None:
    """In a worker: the modules that the fork server did not load, and why; and the number of frozen objects."""
    import gc
    import importlib

    frozen = gc.get_freeze_count()
    missing = None
    for name in names:
        if name in sys.modules:
            continue
        try:
            importlib.import_module(name)
            missing = name, "the fork server has not imported it, though it can be"
        except BaseException as e:
            missing = name, f"{type(e).__name__}: {' '.join(str(e).split())}"
        break
    send.send((missing, frozen))
