"""splitmix: SplitMix64, from which scenario2 and scenario3 draw ids; splitmix.h is the same in C."""

GAMMA = 0x9E3779B97F4A7C15
MASK = 0xFFFFFFFFFFFFFFFF


def mix(state: int) -> int:
    """A generator's value in this state. The next state is (state + GAMMA) & MASK; a seed is the state before the
    first value."""
    z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def worker_seed(seed: int, index: int) -> int:
    """The value at index (from 0) of the generator with the knob's seed. Seeds that differ by one step would give all
    workers the same shifted sequence."""
    return mix((seed + (index + 1) * GAMMA) & MASK)
