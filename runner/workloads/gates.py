"""gates: how a worker says that it is ready and waits for the start signal, in each kind of team. This is for workers:
it imports nothing that they do not need."""


def pass_gate(mode: str, ready, start) -> None:
    """ready and start: what the team's gate_arguments() gave."""
    if mode == "interpreters":
        import os

        os.write(ready, b"r")
        os.read(start, 1)
        return
    ready.release()
    while not start.acquire(timeout=5):
        if mode == "processes":
            from multiprocessing import parent_process

            if not parent_process().is_alive():
                raise SystemExit(1)
