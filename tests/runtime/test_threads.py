"""Threads: default count, concurrent callers, denormals."""

import os
import threading
from collections.abc import Callable

import numpy as np
import pytest
from fresh_process import output, python

import pydl
from pydl import _core

COUNT = "from pydl import _core; print(_core.num_threads())"
UNSET = {"PYDL_NUM_THREADS": "", "OMP_NUM_THREADS": ""}


def test_default_is_the_number_of_cpus_of_the_process() -> None:
    assert 1 <= int(output("-c", COUNT, **UNSET)) <= len(os.sched_getaffinity(0))
    one = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    assert output("-c", one + COUNT, **UNSET) == "1"


def test_environment_comes_first() -> None:
    assert output("-c", COUNT, PYDL_NUM_THREADS="3", OMP_NUM_THREADS="5") == "3"
    assert output("-c", COUNT, PYDL_NUM_THREADS="", OMP_NUM_THREADS="5") == "5"


@pytest.mark.parametrize("bad", ["0", "-1", "two", "1.5", "1000000"])
def test_bad_count_in_the_environment_is_an_error_at_first_use(bad: str) -> None:
    done = python("-c", "import pydl; print('imported', flush=True); pydl.num_threads()", PYDL_NUM_THREADS=bad)
    assert done.stdout == "imported\n"
    assert "ValueError: [threads] PYDL_NUM_THREADS: expected a whole number" in done.stderr
    assert f"got '{bad}'" in done.stderr


@pytest.mark.parametrize("bad", ["0", "-1", "abc", "1.5", ",", "0,4"])
def test_count_that_openmp_cannot_parse_is_ignored_with_a_warning(bad: str) -> None:
    done = python("-c", "import pydl; " + COUNT, OMP_NUM_THREADS=bad, PYDL_NUM_THREADS="")
    assert done.stdout == output("-c", COUNT, **UNSET) + "\n"
    words = f"RuntimeWarning: OMP_NUM_THREADS: expected a whole number of at least 1, got '{bad}'"
    assert done.stderr.count(words) == 1
    both = python("-c", COUNT, OMP_NUM_THREADS=bad, PYDL_NUM_THREADS="2")
    assert (both.stdout, "RuntimeWarning" in both.stderr) == ("2\n", False)


@pytest.mark.parametrize("many", ["4,2", "100000"])
def test_lists_and_large_counts_of_openmp(many: str) -> None:
    assert output("-W", "error", "-c", COUNT, OMP_NUM_THREADS=many, PYDL_NUM_THREADS="") in ("4", "512")


@pytest.mark.parametrize("bad", [0, -3, 10**6, 2**40])
def test_bad_count_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match=r"\[set_num_threads\] n: expected"):
        pydl.set_num_threads(bad)
    with pytest.raises(ValueError, match=r"\[threads\] n: expected"), pydl.threads(bad):
        pass


def test_context_manager_applies_to_its_own_thread_only() -> None:
    seen = []
    with pydl.threads(3):
        other = threading.Thread(target=lambda: seen.append(pydl.num_threads()))
        other.start()
        other.join()
        assert pydl.num_threads() == 3
    assert seen == [2]
    assert pydl.num_threads() == 2


KERNELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "matmul": lambda x: _core.matmul(x, x),
    "softmax": _core.softmax_forward,
    "reduce": lambda x: _core.reduce("sum", x, 0, 1),
    "elementwise": lambda x: _core.binary("multiply", x, x),
}


@pytest.mark.parametrize("kernel", KERNELS)
def test_concurrent_callers_get_the_bits_of_a_single_caller(kernel: str, rng: np.random.Generator) -> None:
    inputs = [rng.standard_normal((300, 300), dtype=np.float32) for _ in range(4)]
    alone = [KERNELS[kernel](x) for x in inputs]
    wrong = []

    def call(number: int) -> None:
        with pydl.threads(1 + number % 3):
            for _ in range(25):
                if not np.array_equal(KERNELS[kernel](inputs[number]), alone[number]):
                    wrong.append(number)

    callers = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize(("dtype", "tiny"), [(np.float32, 1e-40), (np.float64, 1e-310)])
def test_denormals_are_flushed_in_kernels_only(dtype: type[np.floating], tiny: float) -> None:
    one = np.ones(1, dtype)
    with pydl.threads(3):
        for size in (1, 10**6):  # on one thread, and on several
            assert not _core.binary("multiply", np.full(size, tiny, dtype), one).any()
            with pytest.raises(ValueError, match=r"\[binary\]"):
                _core.binary("no such", one, one)
            assert np.multiply(dtype(tiny), one)[0] != 0


def test_settings_may_change_while_a_plan_runs_in_another_thread(rng: np.random.Generator) -> None:
    layers = [pydl.Input((12, 12, 16)), pydl.layers.Conv2D(24, 3), pydl.layers.Flatten(), pydl.layers.Dense(10)]
    model = pydl.Sequential(layers)
    x = rng.standard_normal((4, 12, 12, 16), dtype=np.float32)
    settings = [(isa, precision) for isa, there in _core.isas().items() if there for precision in ("default", "strict")]
    right = set()
    for isa, precision in settings:
        with pydl.config.isa(isa), pydl.config.precision(precision):
            right.add(model(x).numpy().tobytes())
    wrong = []
    stop = threading.Event()

    def predict() -> None:
        while not stop.is_set():
            if model(x).numpy().tobytes() not in right:
                wrong.append(1)

    caller = threading.Thread(target=predict)
    caller.start()
    for number in range(300):
        isa, precision = settings[number % len(settings)]
        pydl.config.precision(precision)
        pydl.config.isa(isa)
    stop.set()
    caller.join()
    pydl.config.precision("default")
    assert not wrong


def test_process_ends_while_a_daemon_thread_is_in_a_kernel() -> None:
    code = """
import threading
import numpy as np
from pydl import _core
x = np.ones((512, 512), np.float32)
threading.Thread(target=lambda: [_core.matmul(x, x) for _ in range(100_000)], daemon=True).start()
_core.matmul(x, x)
print("end")
"""
    for _ in range(3):
        done = python("-c", code, PYDL_NUM_THREADS="2")
        assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


def test_idle_workers_spin_unless_the_wait_policy_is_passive() -> None:
    """CPU time between calls: with the policy "active", workers spin for these 4 ms, as they may for 5 ms."""
    code = """
import time
import numpy as np
from pydl import _core
x = np.ones((256, 256), np.float32)
begun = time.process_time()
for _ in range(100):
    _core.binary("multiply", x, x)
    time.sleep(0.004)
print(time.process_time() - begun)
"""
    awake, asleep = (float(output("-c", code, PYDL_NUM_THREADS="2", OMP_WAIT_POLICY=p)) for p in ("active", "passive"))
    assert asleep < awake / 2
