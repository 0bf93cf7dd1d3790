"""tare_function: finds a user's function by its name, prepares its arguments, and measures what a call takes, returns and
reads.

A function is named FOLDER/MODULE[.py][:NAME]: the folder is searched first for the module, and NAME defaults to `work`.
If the module has a function `setup` without parameters, each process and interpreter calls it once beforehand.
"""

import os
import sys
from time import monotonic_ns
from __main__ import VARIABLE, load  # as in a worker: the started program is tare_bench.py

from teams import Complaint, describe

HERE = os.path.dirname(os.path.abspath(__file__))
AMONG_PACKAGES = f"among the packages of {sys.executable} (--python VENV/bin/python takes a venv's; of tare run, --runtime)"


class NoSuch(Complaint):
    """The name is invalid."""


def split(named: str) -> tuple[str, str, str]:
    folder, _, rest = os.path.abspath(named).rpartition("/")
    module, _, name = rest.partition(":")
    return folder, module.removesuffix(".py"), name or "work"


def no_such(module: str, name: str) -> NoSuch:
    import difflib

    names = [key for key, value in vars(sys.modules[module]).items() if callable(value)]
    near = difflib.get_close_matches(name, names, 1)
    guess = f" (did you mean '{near[0]}'?)" if near else ""
    return NoSuch(f"the module '{module}' has no '{name}'{guess}")


class Function:
    def __init__(self, named: str, words: list[str]):
        """words: NAME=VALUE."""
        self.place = self.folder, self.module, self.name = split(named)
        self.refuse_ours(self.module)
        os.environ[VARIABLE] = "\n".join(self.place)
        try:
            load(self.folder, self.module)
        except ModuleNotFoundError as e:
            if not (self.module + ".").startswith(f"{e.name}."):
                raise
            raise NoSuch(f"there is no module '{e.name}', neither in {self.folder} nor {AMONG_PACKAGES}") from e
        self.work = sys.modules[self.module]
        for part in self.name.split("."):
            if not hasattr(self.work, part):
                raise no_such(self.module, self.name)
            holder, self.work = self.work, getattr(self.work, part)
        self.refuse_what_does_not_run(holder)
        self.parameters = self.parameters_of(self.work)
        self.values = {}
        for word in words:
            name, _, text = word.partition("=")
            self.give(name, text)

    def refuse_ours(self, module: str) -> None:
        name = module.partition(".")[0]
        if os.path.exists(f"{HERE}/{name}.py"):
            raise NoSuch(f"the module '{name}' has the name of one of tare's own: rename its file")

    def refuse_what_does_not_run(self, holder) -> None:
        """holder: the module or class that has it."""
        import inspect

        if not callable(self.work):
            raise NoSuch(f"'{self.name}' is no function: it is of the type {type(self.work).__name__}")
        if inspect.iscoroutinefunction(self.work) or inspect.isgeneratorfunction(self.work) or inspect.isasyncgenfunction(self.work):
            raise NoSuch(f"'{self.name}' is a generator or a coroutine function, which a call does not run: name one that does the work and returns")
        is_static = isinstance(inspect.getattr_static(holder, self.name.rpartition(".")[2], None), staticmethod)
        if inspect.isclass(holder) and inspect.isfunction(self.work) and not is_static:
            raise NoSuch(f"'{self.name}' is a method of an object: name a function that makes a {holder.__name__} and calls it")

    @staticmethod
    def parameters_of(work) -> dict:
        """The parameters by name; none for a C function without a signature."""
        import inspect

        as_they_stand = {}  # annotations as text, not evaluated
        if sys.version_info >= (3, 14):
            from annotationlib import Format

            as_they_stand["annotation_format"] = Format.FORWARDREF
        try:
            return dict(inspect.signature(work, **as_they_stand).parameters)
        except (TypeError, ValueError):
            return {}

    def give(self, name: str, text: str) -> None:
        from inspect import Parameter

        takes_any = any(p.kind is Parameter.VAR_KEYWORD for p in self.parameters.values())
        parameter = self.parameters.get(name)
        if not takes_any and (parameter is None or parameter.kind is Parameter.VAR_POSITIONAL):
            raise NoSuch(f"'{self.name}' has no parameter '{name}'; {self.says_parameters()}")
        self.values[name] = value_of(name, text, parameter.annotation if parameter else None)

    def says_parameters(self) -> str:
        return f"it takes {', '.join(self.parameters)}" if self.parameters else "it takes none"

    def open(self) -> dict[str, bool]:
        """The parameters without a value, each with whether it needs one, because it has no default."""
        from inspect import Parameter

        variable = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        return {
            name: p.default is Parameter.empty
            for name, p in self.parameters.items()
            if name not in self.values and p.kind not in variable
        }

    def required(self) -> list[str]:
        return [name for name, is_required in self.open().items() if is_required]

    def give_options(self, names: list[str], options) -> None:
        """The values of these parameters, from the options' attributes; None: keep the default."""
        for name in names:
            if (value := getattr(options, name)) is not None:
                self.give(name, value)

    def arguments(self) -> tuple[tuple, dict]:
        """A call's arguments: by place from the first on as far as they are given, as a function like that of
        functools.singledispatch needs it, the others by name."""
        from inspect import Parameter
        from itertools import takewhile

        placed = [n for n, p in self.parameters.items() if p.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
        by_place = list(takewhile(self.values.__contains__, placed))
        return tuple(self.values[n] for n in by_place), {n: v for n, v in self.values.items() if n not in by_place}


def value_of(name: str, text: str, annotation):
    """The value by the annotation; else as a Python literal, or as text if it is none."""
    import ast

    kinds = {"int": int, "float": float, "str": str, "bool": {"true": True, "false": False}.__getitem__}
    kind = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    try:
        if kind in kinds:
            return kinds[kind](text.lower() if kind == "bool" else text)
    except (ValueError, KeyError):
        allowed = "true or false" if kind == "bool" else f"a value of the type {kind}"
        raise NoSuch(f"{name} '{text}': what is allowed is {allowed}") from None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


# --- a look at it before it is weighed: tare_bench.py --look NAMED RETURNED [NAME=VALUE]... ------------------------------

LOOK_NS = 200_000_000
LOOK_CALLS = 20
TRACE_LINES = 12
LINGER_S = 10  # what an interpreter may take to end


def look(argv: list[str]) -> None:
    """Answers on standard output, when the interpreter ends, in lines "key value". The last line is "end .", or "refused"
    or "failed" with the reason, followed by the traceback's lines. The function's own output goes to standard error."""
    import atexit

    answer = os.fdopen(os.dup(1), "w", errors="backslashreplace")
    os.dup2(2, 1)
    lines: list[str] = []
    atexit.register(lambda: print("\n".join(lines), file=answer, flush=True))  # the first one, so it is the last to be called
    opened: set[str] = set()
    sys.addaudithook(lambda event, given: note_opened(opened, event, given))
    try:
        lines += look_at(argv[0], argv[1] == "returned", argv[2:], opened)
    except NoSuch as e:
        lines += ["refused", str(e)]
    except BaseException as e:
        lines += ["failed", describe(e).partition("\n")[0] + remedy(e, split(argv[0])), *last_lines(e)]
    limit_end(answer)


def limit_end(answer) -> None:
    """An interpreter that ends waits for its threads and processes, also for those that never end."""
    import threading
    from time import sleep

    def give_up() -> None:
        sleep(LINGER_S)
        names = [t.name for t in threading.enumerate() if not t.daemon and t is not threading.main_thread()]
        what = f"threads that it left ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})" if names else "what it left"
        reason = f"it returned, but {LINGER_S} s later its interpreter had not ended, which waits for {what}"
        print(f"failed\n{reason}", file=answer, flush=True)
        os._exit(0)

    threading.Thread(target=give_up, daemon=True).start()


def remedy(e: BaseException, place: tuple[str, str, str]) -> str:
    """What helps against this failure, in words that follow it; "": nothing is known."""
    import errno

    if isinstance(e, ModuleNotFoundError):
        return above(e.name or "", *place) or f", {AMONG_PACKAGES}"
    for one in chain(e):
        if isinstance(one, OSError) and one.errno == errno.EROFS:
            return " (/tmp is writable; a folder by its absolute path is with --rw PATH)"
        if type(one).__name__ == "gaierror" or isinstance(one, OSError) and one.errno == errno.ENETUNREACH:
            return " (there is no network but the loopback; --network host gives the host's)"
    return ""


def chain(e: BaseException | None) -> list[BaseException]:
    """The exception and those that led to it, of which the last may lead to the first again."""
    came: list[BaseException] = []
    while e is not None and len(came) < 20:
        came.append(e)
        e = e.__cause__ or e.__context__
    return came


def above(name: str, folder: str, module: str, function: str) -> str:
    """Where the package that is missing is the function's own: a folder above it, without an __init__.py."""
    from pathlib import Path

    for parent in Path(folder).parents:
        between = Path(folder).relative_to(parent).parts
        if between[0] == name.partition(".")[0] and all(part.isidentifier() for part in between):
            return f" ('{name}' is a folder above it: 'tare bench {'.'.join(between)}.{module}:{function}' in {parent})"
    return ""


def look_at(named: str, returned: bool, words: list[str], opened: set[str]) -> list[str]:
    folder = split(named)[0]
    os.chdir(folder)
    function = Function(named, words)
    if missing := function.required():
        raise NoSuch(f"'{function.name}' needs a value for {', '.join(missing)} (--arg {missing[0]}=VALUE)")
    took_ns, result = time_calls(function)
    files = files_below(folder, opened)
    for file in files:
        module = file.partition("/")[0].removesuffix(".py")
        if "." not in module:  # data, as table.txt, are no module
            function.refuse_ours(module)
    size = size_of(function, result) if returned else 0
    return [f"call_ns {took_ns}", f"result_bytes {size}", *(f"file {file}" for file in files), "end ."]


def time_calls(function: Function) -> tuple[int, object]:
    """The time of the shortest of a few calls, and the last one's result."""
    args, kwargs = function.arguments()
    shortest, began_ns = None, monotonic_ns()
    for _ in range(LOOK_CALLS):
        start_ns = monotonic_ns()
        result = function.work(*args, **kwargs)
        now_ns = monotonic_ns()
        shortest = min(shortest or now_ns - start_ns, now_ns - start_ns)
        if now_ns - began_ns > LOOK_NS:
            break
    return max(shortest, 1), result


def size_of(function: Function, result) -> int:
    """Its size in bytes when a process returns it."""
    from multiprocessing.reduction import ForkingPickler

    try:
        return len(ForkingPickler.dumps(result))
    except Exception as e:
        reason = f"{type(e).__name__}: {e}".partition("\n")[0]
        raise NoSuch(f"what '{function.name}' returns cannot leave a process: {reason} (--discard-results leaves it there)") from e


def note_opened(opened: set[str], event: str, given: tuple) -> None:
    if event == "open" and isinstance(given[0], (str, bytes)):
        opened.add(os.path.abspath(os.fsdecode(given[0])))


def files_below(folder: str, opened: set[str]) -> list[str]:
    """The files of the loaded modules and the opened files, relative to the folder."""
    loaded = {os.path.abspath(m.__file__) for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
    own = {os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, HERE)}
    found = set()
    for path in opened | loaded:
        relative = os.path.relpath(path, folder)
        parts = relative.split("/")
        if any(part.startswith(".") or part in ("__pycache__", "site-packages") for part in parts) or "\n" in path:
            continue
        if os.path.isfile(path) and not any(os.path.realpath(path).startswith(p + "/") for p in own):
            found.add(relative)
            found.update(of_other_builds(relative, folder))
    return sorted(found)


def of_other_builds(relative: str, folder: str) -> list[str]:
    """Of an extension module those that lie beside it for other interpreters, which the other modes may run on."""
    import glob

    if not relative.endswith(".so"):
        return []
    stem = os.path.join(os.path.dirname(relative), os.path.basename(relative).partition(".")[0])
    return glob.glob(f"{glob.escape(stem)}.*.so", root_dir=folder)


def last_lines(e: BaseException) -> list[str]:
    """The end of the traceback, from the user's code on."""
    import importlib
    import traceback

    at = e.__traceback__
    while at and at.tb_frame.f_code.co_filename.startswith((HERE, "<frozen ", importlib.__file__)):
        at = at.tb_next
    lines = "".join(traceback.format_exception(type(e), e, at)).splitlines()
    return lines[-TRACE_LINES:]
