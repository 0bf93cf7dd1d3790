"""tally: the figures of scenario2 and scenario3, computed from each worker's counts."""

from teams import WorkerFailed

# A worker's result is a tuple of numbers, because interpreters share little else.
WAITS = ("lock_wait_ns", "put_ns", "ack_wait_ns")
FIELDS = ("attempts", "inserts", "duplicates", "first_id", "start_ns", "end_ns", *WAITS)
SUMS = ("attempts", "inserts", *WAITS)
NAMES = {"lock_wait_ns": "avg_lock_wait_ns", "put_ns": "avg_queue_put_ns", "ack_wait_ns": "avg_ack_wait_ns"}


class Totals:
    """The sums over all workers and measured iterations."""

    def __init__(self):
        self.sums = dict.fromkeys(SUMS, 0)
        self.span_ns = 0  # from the first worker's start to the last one's end
        self.check = 0  # the sum of the workers' first ids
        self.worker_attempts: list[int] = []  # of the last iteration

    def take(self, results: list[tuple], distinct: int, measured: bool) -> None:
        """Checks and adds an iteration's results: each worker's attempts are its inserts plus its duplicates, and all
        inserts equal the distinct ids in the set."""
        tallies = [dict(zip(FIELDS, result, strict=True)) for result in results]
        for i, t in enumerate(tallies):
            if t["attempts"] != t["inserts"] + t["duplicates"] or t["attempts"] < 1:
                raise WorkerFailed(
                    f"the counts do not add up: worker {i} made {t['attempts']} attempts, {t['inserts']} inserts,"
                    f" {t['duplicates']} duplicates"
                )
        sums = {key: sum(t[key] for t in tallies) for key in SUMS}
        if sums["inserts"] != distinct:
            raise WorkerFailed(
                f"the counts do not add up: {sums['inserts']} inserts, {distinct} distinct ids in the set"
            )
        self.worker_attempts = [t["attempts"] for t in tallies]
        self.check = sum(t["first_id"] for t in tallies)
        if measured:
            self.sums = {key: value + sums[key] for key, value in self.sums.items()}
            self.span_ns += max(t["end_ns"] for t in tallies) - min(t["start_ns"] for t in tallies)

    def figures(self, *means: str) -> dict[str, int | float]:
        """means: the sums to report as means over all attempts."""
        attempts, inserts = self.sums["attempts"], self.sums["inserts"]
        figures = {"attempts": attempts, "inserts": inserts, "dup_rate_pct": 100 * (attempts - inserts) / attempts}
        if self.span_ns > 0:
            figures["ops_per_s"] = attempts / self.span_ns * 1e9
            figures["inserts_per_s"] = inserts / self.span_ns * 1e9
        return figures | {NAMES[key]: self.sums[key] / attempts for key in means}

    def summary(self) -> None:
        print("worker_attempts:", *self.worker_attempts)
