"""splitmix: SplitMix64 in Python, for the ids that scenario2 and scenario3 draw; splitmix.h is the same in C."""

GAMMA = 0x9E3779B97F4A7C15
MASK = 0xFFFFFFFFFFFFFFFF


def mix(state: int) -> int:
    """The value of a generator in this state. The next state is (state + GAMMA) & MASK; a seed is the state before the
    first."""
    z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def worker_seed(seed: int, index: int) -> int:
    """Value index (from 0) of the generator seeded with the knob. Seeds one step of the state apart would give all
    workers one sequence, shifted."""
    return mix((seed + (index + 1) * GAMMA) & MASK)
