"""faults: the faults on demand (--fault) of the first worker of scenario0, scenario2 and scenario3."""


def worker_fault(fault: str) -> None:
    import os
    import signal
    import time

    match fault:
        case "worker-raise":
            raise RuntimeError("--fault worker-raise asks for this")
        case "worker-exit":
            raise SystemExit(3)
        case "worker-kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            while True:
                time.sleep(3600)
