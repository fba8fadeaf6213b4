"""In pydl/, values of tensors are touched by ops and by declared host code only.

So a second device has to be taught to ops alone: elsewhere the values may lie anywhere. docs/design/devices.md has the
rule. What `ast` can see of it is held here: attributes that give values, methods that only arrays have, NumPy functions
but those of shapes and dtypes, conversions to Python numbers, and the extension.
"""

import ast
from functools import cache

import numpy as np
import pytest
from conftest import ROOT

OPS = {"base", "autograd", "ops"}  # the floors that know where values are
HOST_CODE = {  # package, module, or module:function, and why it reads values on the host
    "callbacks.gradient_monitor": "measures gradients for a plot",
    "_installation:check": "the version of the extension; no kernels",
    "config": "settings of the extension; no kernels",
    "datasets": "reads files",
    "generation": "draws the next ids from the output of a model",
    "initializers": "draw on the host, so that a seed gives the same weights everywhere",
    "interop": "weights from and for other frameworks",
    "layers.gated_cells:LSTMCell._initial_bias": "changes what an initializer has drawn",
    "layers.operation:_decoded": "constants in the config of a model",
    "layers.operation:_encoded": "constants in the config of a model",
    "layers.tracking:Tracked.get_weights": "gives weights to the user",
    "memory": "statistics and memory of the extension; no kernels",
    "metrics": "accumulate on the host, in float64",
    "models.incremental:Stepwise.__call__": "gives the output to generation",
    "optimizers.optimizer:Optimizer.load_own_variables": "reads a file",
    "optimizers.optimizer:Optimizer.save_own_variables": "writes a file",
    "optimizers.slots:Slots.set_pending": "reads a file or a pickle",
    "saving.npz": "reads and writes files",
    "scenarios": "prepares data",
    "testing": "compares with references",
    "training.batches": "data",
    "training.class_weights": "data",
    "training.compile_utils:CompiledLoss.terms": "logs",
    "training.compile_utils:_OutputMetrics": "metrics",
    "training.data_adapters": "data",
    "training.data_checks": "data",
    "training.frames": "data",
    "training.loss_checks": "reads the first batch, once",
    "training.single_batches:SingleBatches._outputs": "gives outputs to the user",
    "training.sparse_rows": "data",
    "training.train_step:TrainStep._update_metrics": "logs",
    "training.trainer:Trainer.predict": "gives outputs to the user",
    "utils": "data",
}
GIVE_VALUES = {"array", "data", "item", "numpy", "tolist", "__array__", "_core"}
OF_ARRAYS = {"all", "any", "argmax", "argmin", "argsort", "astype", "fill", "flat", "max", "min", "nonzero", "ravel",
             "round", "std", "take", "tobytes", "var", "view"}  # fmt: skip
OF_SHAPES = {"broadcast_shapes", "dtype", "errstate", "finfo", "iinfo", "ndim", "promote_types", "result_type", "shape"}
NUMBERS = {"bool", "complex", "float", "int"}
REDUCTIONS = OF_ARRAYS | {"mean", "prod", "sum"}


def dotted(node: ast.AST) -> list[str]:
    """["np", "random", "Generator"] of such an attribute; [] if it does not begin with a name."""
    if isinstance(node, ast.Name):
        return [node.id]
    head = dotted(node.value) if isinstance(node, ast.Attribute) else []
    return [*head, node.attr] if head and isinstance(node, ast.Attribute) else []


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


class Reader(ast.NodeVisitor):
    """Collects (function, what) for all that reads values in a module."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[tuple[str, str]] = []
        self._path: list[str] = []
        self._values: list[set[str]] = [set()]  # of each function: the arguments that are tensors or arrays
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        self._modules = {(a.asname or a.name).partition(".")[0] for n in imports for a in n.names}
        self.visit(tree)

    def _add(self, what: str) -> None:
        self.found.append((".".join(self._path), what))

    def _scope(self, node: ast.ClassDef | ast.FunctionDef) -> None:
        self._path.append(node.name)
        if isinstance(node, ast.FunctionDef):
            given = [a for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs] if a.annotation]
            self._values.append({a.arg for a in given if names_in(a.annotation) & {"Array", "Tensor", "Variable"}})
        self.generic_visit(node)
        if isinstance(node, ast.FunctionDef):
            self._values.pop()
        self._path.pop()

    visit_ClassDef = visit_FunctionDef = _scope

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.partition(".")[0] == "numpy" and (alias.name, alias.asname) != ("numpy", "np"):
                self._add(f"import {alias.name}")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "_core" or (node.module or "").endswith("_core") or node.module == "numpy":
                self._add(f"import {alias.name}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        names = dotted(node)
        if names[:1] == ["np"]:
            self._numpy(names[1:], called=False)
            return
        of_module = len(names) == 2 and names[0] in self._modules
        if node.attr in GIVE_VALUES or (node.attr in OF_ARRAYS and not of_module):
            self._add(f".{node.attr}")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        names = dotted(node.func)
        if names[:1] == ["np"]:
            self._numpy(names[1:], called=True)
            for part in [*node.args, *node.keywords]:
                self.visit(part)
            return
        if len(names) == 1 and names[0] in NUMBERS and node.args:
            self._number(names[0], node.args[0])
        if names == ["getattr"] and isinstance(node.args[1], ast.Constant) and node.args[1].value in GIVE_VALUES:
            self._add(f'getattr "{node.args[1].value}"')
        self.generic_visit(node)

    def _numpy(self, names: list[str], called: bool) -> None:
        thing = np
        for name in names:
            thing = getattr(thing, name)
        constant = isinstance(thing, type | float | None) and not called
        if names[0] not in OF_SHAPES and not constant:
            self._add(f"np.{'.'.join(names)}")

    def _number(self, kind: str, of: ast.expr) -> None:
        reduced = isinstance(of, ast.Call) and isinstance(of.func, ast.Attribute) and of.func.attr in REDUCTIONS
        while isinstance(of, ast.Subscript):
            of = of.value
        if reduced or (isinstance(of, ast.Name) and any(of.id in names for names in self._values)):
            self._add(f"{kind}()")


@cache
def reads(text: str) -> list[tuple[str, str]]:
    return Reader(ast.parse(text)).found


def sources() -> dict[str, str]:
    """The text of every module above ops."""
    root, found = ROOT / "pydl", {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if parts[0] not in OPS:
            found[".".join(parts[:-1] if path.name == "__init__.py" else parts)] = path.read_text()
    return found


def declared(module: str, function: str) -> str | None:
    """The entry of HOST_CODE that covers a function of a module."""
    path = f"{module}:{function}"
    return next((e for e in HOST_CODE if path == e or (path.startswith(e) and path[len(e)] in ".:")), None)


def violations(texts: dict[str, str]) -> list[str]:
    found, needed = [], set()
    for module, text in texts.items():
        for function, what in reads(text):
            entry = declared(module, function)
            needed.add(entry)
            if entry is None:
                found.append(f"{module}:{function} reads values: {what}")
    return found + [f"HOST_CODE: {entry} reads no values any more" for entry in sorted(HOST_CODE.keys() - needed)]


def test_values_are_touched_by_ops_and_host_code_only() -> None:
    assert violations(sources()) == []


PLANTED = (
    "x.array", "x.numpy()", "x.data", "x.item()", "x.tolist()", "x.__array__()", "x.astype(int)", "x.reshape(-1).max()",
    "np.exp(x)", "np.asarray(x)", "np.random.default_rng()", "np.float64(x)", "list(map(np.exp, [x]))", "float(x)",
    "bool(x[0])", "int(ops.abs(x).sum())", 'getattr(x, "array")', "ops.arrays._core",
)  # fmt: skip


IMPORTS = ("from .. import _core", "from numpy import exp", "import numpy", "import numpy.linalg")
FREE = (
    "np.dtype(x.dtype)", "np.broadcast_shapes(x.shape, (1,))", "isinstance(x, np.ndarray)", "ops.max(x)", "x.sum()",
    "np.inf", "float(x.shape[0])",
)  # fmt: skip


def with_planted(text: str) -> list[str]:
    texts = sources()
    texts["layers.dense"] += f"\n{text}\n"
    return violations(texts)


@pytest.mark.parametrize("text", PLANTED)
def test_a_planted_read_is_found(text: str) -> None:
    found = with_planted(f"def planted(x: Tensor) -> Any:\n    return {text}")
    assert {each.partition(" reads values: ")[0] for each in found} == {"layers.dense:planted"}


@pytest.mark.parametrize("text", IMPORTS)
def test_a_planted_import_is_found(text: str) -> None:
    assert {each.partition(" reads values: ")[0] for each in with_planted(text)} == {"layers.dense:"}


@pytest.mark.parametrize("text", FREE)
def test_shapes_and_ops_are_free(text: str) -> None:
    assert with_planted(f"def planted(x: Tensor) -> Any:\n    return {text}") == []


def test_an_entry_that_is_not_needed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HOST_CODE, "layers.dense:Dense.call", "")
    assert violations(sources()) == ["HOST_CODE: layers.dense:Dense.call reads no values any more"]
