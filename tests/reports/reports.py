"""reports: what users and maintainers of CPython reported of threads that do not scale, each as a small case written anew.

A call takes some 10 ms. README.md has each report's address and what its maintainers found.
"""

import copy
import random
import threading
from functools import lru_cache

LOCK = threading.Lock()


def hidden_random() -> int:
    """The functions of random are methods of one hidden instance, whose lock each call takes."""
    inside = 0
    draw = random.random
    for _ in range(20_000):
        x, y = draw(), draw()
        inside += x * x + y * y <= 1
    return inside


def own_random() -> int:
    """The same with an instance of each call's own: the remedy."""
    inside = 0
    draw = random.Random().random
    for _ in range(20_000):
        x, y = draw(), draw()
        inside += x * x + y * y <= 1
    return inside


def copy_own() -> int:
    """Copies a list of its own: copy.copy() looks its class up in sets of the module, each under the set's lock."""
    own = [1, 2, 3]
    for _ in range(20_000):
        own = copy.copy(own)
    return len(own)


class Before:
    pass


class After(Before):
    pass


def reclass() -> int:
    """Gives an object that two names refer to another class, which stops all threads; before the mend one name was enough."""
    kept = Before()
    also = [kept]
    for _ in range(300):
        kept.__class__ = After
        kept.__class__ = Before
    return len(also)


def ask_lock() -> int:
    """Asks a lock that nobody holds whether it is held: each call takes and drops a reference to the lock."""
    held = 0
    for _ in range(60_000):
        held += LOCK.locked()
    return held


@lru_cache(maxsize=2)
def compute(seed: int) -> int:
    for _ in range(150_000):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
    return seed


def compute_cached() -> int:
    """Calls a cached function with an argument that is not in the cache: up to 3.13 the cache was locked meanwhile."""
    return compute(random.SystemRandom().getrandbits(31))


PATTERNS = {
    "random": hidden_random,
    "own": own_random,
    "copy": copy_own,
    "reclass": reclass,
    "locked": ask_lock,
    "lru": compute_cached,
}


def work(pattern: str) -> int:
    return PATTERNS[pattern]()
