"""plain_engine: starts the workers of plain.py, and joins them."""

import multiprocessing
import threading


def in_interpreter(function, *arguments):
    from concurrent import interpreters

    interpreter = interpreters.create()
    interpreter.call(function, *arguments)
    interpreter.close()


def create(mode: str, workers: int, function, *arguments) -> list:
    if mode == "interpreters":
        return [threading.Thread(target=in_interpreter, args=(function, *arguments)) for _ in range(workers)]
    make = threading.Thread if mode == "threads" else multiprocessing.get_context(mode).Process
    return [make(target=function, args=arguments) for _ in range(workers)]


def run(workers: list) -> None:
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
