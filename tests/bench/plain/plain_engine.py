"""plain_engine: starts the workers of plain.py, and joins them."""

import multiprocessing
import threading


def create(mode: str, workers: int, function, *arguments) -> list:
    make = threading.Thread if mode == "threads" else multiprocessing.get_context(mode).Process
    return [make(target=function, args=arguments) for _ in range(workers)]


def run(workers: list) -> None:
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
