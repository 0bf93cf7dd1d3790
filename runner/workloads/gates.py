"""gates: how a worker of each kind of team reports that it is ready and waits for the start signal. For workers: it
imports only what they need."""


def pass_gate(mode: str, ready, start) -> None:
    """ready and start: from the team's gate_arguments()."""
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
