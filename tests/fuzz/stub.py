"""The functions of the extension and the types of their arguments, read from its stub."""

import ast
from functools import cache
from pathlib import Path

import pydl

STUB = Path(pydl.__file__).parent / "_core.pyi"


@cache
def functions() -> dict[str, dict[str, str]]:
    """The annotation of every argument, per function."""
    found = {}
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = {a.arg: ast.unparse(a.annotation) for a in node.args.args if a.annotation}
    return found
