"""tare_bench: weighs a reader's own function: each worker of each iteration calls it once.

    scenario.yml:  commands: {python: ["{python}", -s, -B, "{lib}/tare_bench.py", "{dir}/FILE.py"]}

FILE.py has a function `work`. Its parameters are the scenario's knobs, by their names (hold-ms becomes hold_ms); each
value comes as what the parameter is annotated with: int, float or str. It runs in threads, processes of every start
method, and interpreters; what it returns is dropped, what it raises fails the run.

The measuring is driver.py's, as it is of every scenario here. This file is short, for a spawned worker runs it again.
"""


def work_in_interpreter(folder: str, module: str, values: tuple) -> int:
    """Stateless: it goes to an interpreter as its code, and finds the module there."""
    import importlib
    import sys

    if folder not in sys.path:
        sys.path.append(folder)
    importlib.import_module(module).work(*values)
    return 0


def call(work, *values) -> int:
    work(*values)
    return 0


def scenario_of(path: str):
    import importlib
    import inspect
    import os
    import sys

    import driver
    import teams

    folder, file = os.path.split(os.path.abspath(path))
    module = file.removesuffix(".py")
    sys.path.append(folder)
    work = importlib.import_module(module).work
    parameters = inspect.signature(work, eval_str=True).parameters

    class Bench(driver.Scenario):
        NAME = module
        KNOBS = {"--" + name.replace("_", "-"): (str, driver.REQUIRED) for name in parameters}

        def __init__(self, options):
            self.options = options
            values = [self.value(options, p) for p in parameters.values()]
            self.job = [(call, work, *values)]
            if options.mode == "interpreters":
                self.job = [(work_in_interpreter, folder, module, tuple(values))]
            self.team = teams.KINDS[options.mode](options, options.workers)

        @staticmethod
        def value(options, parameter):
            text = getattr(options, parameter.name)
            kind = parameter.annotation
            return kind(text) if kind in (int, float) else text

        def create(self):
            self.team.create([self.job] * self.options.workers)

    return Bench


if __name__ == "__mp_main__":
    import failures  # noqa: F401

if __name__ == "__main__":
    import os
    import sys

    sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # python -P leaves it out
    sys.dont_write_bytecode = True
    import driver

    try:
        scenario = scenario_of(sys.argv[1])
    except Exception as e:  # of the reader's file: the last line is the reason that is recorded
        sys.excepthook(type(e), e, e.__traceback__)
        sys.exit(driver.describe(e))
    sys.exit(driver.main(scenario, sys.argv[2:]))
