"""Bindings use one type of array, made in array.h, and run kernels through launch.h only: the interface for devices."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

BINDINGS = ROOT / "csrc" / "bindings"
# Patterns that only array.h or launch.h, and the exceptions, may contain.
RULES = {
    "array": r"""py::(?:array|buffer)\w* | \w*Py(?:Array|Buffer)\w* | PyObject_GetBuffer | npy_api | array_\w*proxy
        | reinterpret_(?:borrow|steal)<Array> | <pybind11/numpy\.h> | <numpy/""",
    "launch": r"""(?<![\w.>])kernels\(\) | KernelScope | WithoutGil | InKernels | gil_scoped_release
        | PyEval_SaveThread | Py_BEGIN_ALLOW_THREADS | \badd_step\( | \bPlan::run\( | "runtime/dispatch\.h" | "kernels/
        | query_kernels\(\)(?!\)\.saved_size\(|\.f32\.conv2d\.algorithm\()""",  # query functions run no kernel
}
EXCEPTIONS = {
    ("launch", "bind_config.cpp"): "names and sets the instruction set; calls no kernel",
    ("launch", "module.cpp"): "chooses the table, so that a bad PYDL_ISA is reported at import",
}
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|(?<!include )"(?:\\.|[^"\\\n])*"', re.DOTALL)


def code_of(text: str) -> str:
    """The text without comments and strings, with the same line numbers."""
    return NO_CODE.sub(lambda found: "\n" * found[0].count("\n"), text)


def faults(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(rule, file, line: match)"""
    for path in sorted(folder.glob("*.*")):
        for number, line in enumerate(code_of(path.read_text()).split("\n"), 1):
            for rule, pattern in RULES.items():
                if path.stem != rule and (found := re.search(pattern, line, re.VERBOSE)):
                    yield rule, path.name, f"{number}: {found[0]}"


def test_only_array_h_and_launch_h_contain_the_patterns() -> None:
    found = list(faults(BINDINGS))
    assert [fault for fault in found if fault[:2] not in EXCEPTIONS] == []
    assert EXCEPTIONS.keys() <= {fault[:2] for fault in found}, "an exception that nothing needs"


def test_patterns_match_array_h_and_launch_h() -> None:
    """The patterns match the code of array.h and launch.h, so they are up to date."""
    for rule, pattern in RULES.items():
        text = code_of((BINDINGS / f"{rule}.h").read_text())
        assert len(re.findall(pattern, text, re.VERBOSE)) >= 5, rule


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("array", "py::array x;"),
        ("array", "f(py::array_t<float>(3));"),
        ("array", "py::buffer_info info = b.request();"),
        ("array", "PyArray_DATA(object);"),
        ("array", "Py_buffer view; PyObject_GetBuffer(object, &view, 0);"),
        ("array", "auto& api = py::detail::npy_api::get();"),
        ("array", "py::detail::array_proxy(x.ptr())->data;"),
        ("array", "auto a = py::reinterpret_borrow<Array>(object);"),
        ("array", "#include <pybind11/numpy.h>"),
        ("array", "#include <numpy/arrayobject.h>"),
        ("launch", "kernels().of<T>().lrn.forward(x, y);"),
        ("launch", "const auto& table = pydl::kernels();"),
        ("launch", "KernelScope run;"),
        ("launch", "py::gil_scoped_release unlocked;"),
        ("launch", "Py_BEGIN_ALLOW_THREADS"),
        ("launch", "plan->add_step(op, in, out, body, {});"),
        ("launch", "Plan::run(in, out);"),
        ("launch", '#include "runtime/dispatch.h"'),
        ("launch", '#include "kernels/gemm/gemm.h"'),
        ("launch", "query_kernels().of<T>().lrn.forward(x, y);"),
        ("launch", "const auto& table = query_kernels();"),
    ],
)
def test_planted_fault_is_found(rule: str, line: str, tmp_path: Path) -> None:
    text = f'// py::array, KernelScope\nconst char* text = "py::array \\" KernelScope";\n{line}\n'
    (tmp_path / "bind_x.cpp").write_text(text)
    found = list(faults(tmp_path))
    assert [(fault[0], fault[2].partition(":")[0]) for fault in found] == [(rule, "3")]


@pytest.mark.parametrize(
    "line",
    [
        "Array y = make_array<T>(shape_of(x));",
        "call.kernels<T>().lrn.forward(call.in<T>(0), call.out<T>(0));",
        "launch(op, {memory_of(x)}, {y}, body);",
        "make_array<T>({all.of(query_kernels()).saved_size(s)});",
        '#include "bindings/array.h"',
        "#include <pybind11/stl.h>",
        'm.def("f", &f, R"(KernelScope\npy::array)");',
    ],
)
def test_ordinary_bindings_are_accepted(line: str, tmp_path: Path) -> None:
    (tmp_path / "bind_x.cpp").write_text(f"{line}\n")
    assert not list(faults(tmp_path))
