"""tare_bench: weighs a user's function: each worker of each iteration calls it, once or --calls times.

    scenario.yml:  commands: {python: ["{python}", -P, -s, -B, "{lib}/tare_bench.py", "{dir}/FILE.py"]}

    tare_bench.py FOLDER/MODULE[.py][:FUNCTION] [NAME=VALUE]... (the options of driver.py)
                  [--lifecycle fresh|pool] [--results returned|discarded] [--calls N] [--PARAMETER VALUE]...

FUNCTION defaults to `work`. A parameter without NAME=VALUE can be a knob of the scenario with the same name (hold-ms
becomes hold_ms), and must be one if it has no default; with the knob `calls` the figure calls_per_s is reported. A value
has the type of the parameter's annotation (int, float, str or bool), else it is a Python literal, else text. The function
runs in threads, processes of every start method, and interpreters.

The results of the calls go to the main process, inside the clock: from a pool of processes by concurrent.futures'
ProcessPoolExecutor, which for large results costs less than multiprocessing's Pool.map. An exception fails the run.
`tare bench` tries the function beforehand: --look (tare_function.py).

driver.py measures, as for every scenario here. This file is short, because a spawned worker runs it again.
"""


VARIABLE = "TARE_FUNCTION"  # names the module to a worker's process before its first call

# load and call_in_interpreter are stateless: another interpreter gets their code objects.


def load(folder: str, module: str, beside: str = "") -> None:
    """Imports the module and calls its own setup(), if it has one. beside: this file's folder, where it is unknown."""
    import sys

    if beside:
        sys.path.append(beside)
        import tare_imports  # noqa: F401

    if folder not in sys.path:
        sys.path.insert(0, folder)
    __import__(module)
    setup = getattr(sys.modules[module], "setup", None)
    plain = setup
    while hasattr(plain, "__wrapped__"):  # it is decorated
        plain = plain.__wrapped__
    code = getattr(plain, "__code__", None)
    needs_arguments = code and code.co_argcount > len(plain.__defaults__ or ())  # it is another tool's
    if callable(setup) and getattr(setup, "__module__", None) == module and not needs_arguments:
        setup()


def call(calls: int, returned: bool, work, args: tuple, kwargs: dict):
    if returned:
        return [work(*args, **kwargs) for _ in range(calls)]
    for _ in range(calls):
        work(*args, **kwargs)
    return 0


def call_and_send(send, *arguments) -> None:
    send.send(call(*arguments))


def call_in_interpreter(do, calls: int, returned: bool, module: str, name: str, args: tuple, kwargs: dict):
    import sys

    work = sys.modules[module]
    for part in name.split("."):
        work = getattr(work, part)
    return do(calls, returned, work, args, kwargs)


def scenario_of(named: str, words: list[str]):
    import os

    import driver
    import tare_function
    import teams

    function = tare_function.Function(named, words)
    os.chdir(function.folder)

    own = {
        "--lifecycle": (("fresh", "pool"), "fresh"),
        "--results": (("returned", "discarded"), "returned"),
        "--calls": (range(0, 1 << 32), None),
    }
    parameters = {"--" + name.replace("_", "-"): is_required for name, is_required in function.open().items()}
    of_function = {
        option: (str, driver.REQUIRED if is_required else None)
        for option, is_required in parameters.items()
        if is_required or option not in driver.OPTIONS | own
    }

    class Bench(driver.Scenario):
        NAME = function.module
        KNOBS = of_function | own

        def __init__(self, options):
            self.options = options
            function.give_options([name[2:].replace("-", "_") for name in of_function], options)
            what = 1 if options.calls is None else options.calls, options.results == "returned"
            begin = load, function.folder, function.module, os.path.dirname(os.path.abspath(__file__))
            self.job = [(call, *what, function.work, *function.arguments())]
            if options.mode == "interpreters":
                self.job = [(call_in_interpreter, call, *what, function.module, function.name, *function.arguments())]
            if options.lifecycle == "pool":
                import teams_pool

                self.team = teams_pool.KINDS[options.mode](options, options.workers, begin)
                return
            reports = options.mode == "processes" and options.results == "returned"
            if options.mode == "interpreters":
                self.job.insert(0, begin)
            elif reports:
                self.job[0] = call_and_send, *self.job[0][1:]
            self.team = teams.KINDS[options.mode](options, options.workers, **{"reporting": True} if reports else {})

        def create(self):
            self.team.create([self.job] * self.options.workers)

        def figures(self):
            calls = self.options.workers * (self.options.calls or 0) * self.options.iterations
            return {"calls_per_s": calls / self.measured_ns * 1e9} if calls else {}

        def close(self):
            if self.options.lifecycle == "pool":
                self.team.executor.shutdown()

    return Bench


if __name__ == "__mp_main__":
    import os

    import failures  # noqa: F401

    if place := os.environ.get(VARIABLE):
        load(*place.split("\n")[:2])

if __name__ == "__main__":
    import os
    import sys

    sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # python -P leaves it out
    sys.dont_write_bytecode = True
    if sys.argv[1] == "--look":
        import tare_function

        sys.exit(tare_function.look(sys.argv[2:]))
    import driver

    words = sys.argv[2:]
    options = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
    try:
        scenario = scenario_of(sys.argv[1], words[:options])
    except Exception as e:  # from the user's file: the last line is the recorded reason
        sys.excepthook(type(e), e, e.__traceback__)
        sys.exit(driver.describe(e))
    sys.exit(driver.main(scenario, words[options:]))
