"""tare_imports: what is imported from here on is as if it came from __pycache__, where nothing is written.

A free-threaded interpreter counts references to the numbers, floats and tuples in code that compile() has made, and with it
in a module that is compiled as it is imported (CPython 3.14, Python/bltinmodule.c: suppress_co_const_immortalization): threads
contend for them. In code that is read from bytecode they are immortal, as they are for a user from the second run on.
"""

from _frozen_importlib_external import SourceFileLoader
from marshal import dumps, loads

compiled = SourceFileLoader.source_to_code


def as_read_back(loader, *source, **options):
    return loads(dumps(compiled(loader, *source, **options)))


SourceFileLoader.source_to_code = as_read_back
