"""Run by test_fork.py: kernels before, during and after processes are started, while other threads run kernels."""

import multiprocessing
import sys
import threading

import numpy as np

from pydl import _core

A = np.random.default_rng(0).standard_normal((400, 400), dtype=np.float32)  # enough for several threads
PROCESSES = 10


def work() -> np.ndarray:
    _core.empty((1000,), np.dtype(np.float32))
    return _core.softmax_forward(_core.matmul(A, A))


def child(expected: bytes) -> None:
    for _ in range(3):
        assert work().tobytes() == expected


def main(method: str) -> None:
    _core.set_num_threads(2)
    expected = work().tobytes()
    stop = threading.Event()
    wrong = []

    def keep_working() -> None:
        while not stop.is_set():
            if work().tobytes() != expected:
                wrong.append("in another thread")

    others = [threading.Thread(target=keep_working) for _ in range(2)]
    for other in others:
        other.start()
    context = multiprocessing.get_context(method)
    for _ in range(PROCESSES):
        process = context.Process(target=child, args=(expected,))
        process.start()
        child(expected)  # the parent continues too
        process.join(30)
        if process.exitcode != 0:
            wrong.append(f"child: exit code {process.exitcode}")
            process.kill()
    stop.set()
    for other in others:
        other.join()
    print(wrong or "good")


if __name__ == "__main__":
    main(sys.argv[1])
