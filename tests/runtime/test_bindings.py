"""The stub of the extension against the built module: every function, argument name and default."""

import ast
import re
from pathlib import Path
from typing import Any

import pydl
from pydl import _core

STUB = ast.parse((Path(pydl.__file__).parent / "_core.pyi").read_text())

Signature = list[tuple[str, Any]]  # names with defaults; ... if there is none


def stub_signature(function: ast.FunctionDef) -> Signature:
    arguments = function.args.args + ([function.args.vararg] if function.args.vararg else [])
    defaults = [ast.literal_eval(default) for default in function.args.defaults]
    names = [argument.arg for argument in arguments if argument.arg != "self"]
    return list(zip(names, [...] * (len(names) - len(defaults)) + defaults, strict=True))


def built_signature(doc: str) -> Signature:
    """Parses the first line of a docstring of pybind11: `name(a: object, b: float = 0.0) -> object`."""
    first = re.sub(
        r"typing\.SupportsInt \| typing\.SupportsIndex|typing\.SupportsFloat \| typing\.SupportsIndex", "object", doc
    )
    line = re.sub(r"\*args", "args", first.split("\n")[0]).split(" -> ")[0]
    function = ast.parse(f"def {line}: ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    return stub_signature(function)


def public(thing: Any) -> set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


def test_every_function_and_class_is_in_the_stub() -> None:
    stub = {node.name for node in STUB.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    stub |= {ast.unparse(node.target) for node in STUB.body if isinstance(node, ast.AnnAssign)}
    assert stub - {"__version__"} == public(_core)


def test_signatures() -> None:
    for node in STUB.body:
        if isinstance(node, ast.FunctionDef):
            assert stub_signature(node) == built_signature(getattr(_core, node.name).__doc__), node.name


def test_methods() -> None:
    for node in STUB.body:
        if not isinstance(node, ast.ClassDef):
            continue
        cls = getattr(_core, node.name)
        methods = [m for m in node.body if isinstance(m, ast.FunctionDef)]
        fields = {f.target.id for f in node.body if isinstance(f, ast.AnnAssign) and isinstance(f.target, ast.Name)}
        assert {m.name for m in methods if m.name != "__init__"} | fields == public(cls)
        for method in methods:
            built = getattr(cls, method.name)
            if isinstance(built, property):
                assert method.decorator_list, f"{node.name}.{method.name} is a property"
            else:
                assert stub_signature(method) == built_signature(built.__doc__), f"{node.name}.{method.name}"


def test_package_is_typed() -> None:
    assert (Path(pydl.__file__).parent / "py.typed").exists()
