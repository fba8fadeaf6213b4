"""The public names of pydl, and what is missing in their docstrings."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NamedTuple

import pydl

# Arguments that are arrays by these names: their entry in `Args:` says the shape.
ARRAYS = frozenset({
    "B", "R", "W", "beta", "bias", "choicelist", "condition", "condlist", "data", "depthwise_kernel",
    "dropout_mask", "gamma", "gradient", "grads", "ids", "initial_state", "initial_value", "inputs", "kernel",
    "labels", "logits", "mask", "output_gradient", "pointwise_kernel", "prompt", "recurrent_dropout_mask",
    "recurrent_kernel", "sample_weight", "table", "targets", "variance", "w", "weights", "x", "x1", "x2",
    "xs", "y", "y_pred", "y_true",
})  # fmt: skip
SHAPE = re.compile(r"\b(shapes?|scalars?|[Tt]he same|[Aa]( \w+)? number)\b|\((?:[\w.…·*+/ -]+,[^()]*|\.\.\.)\)")
DTYPE = re.compile(r"\b(dtypes?|float(32|64)?s?|int(32|64|egers?)s?|bools?|array-like)\b", re.I)
SECTION = re.compile(r"^([A-Z]\w+(?: \w+)?):$", re.M)
ENTRY = re.compile(r"^    (?P<name>\*{0,2}\w+)(?: \([^)]*\))?:", re.M)
_SELF = ("self", "cls")


class Public(NamedTuple):
    """A public function, class, method or property."""

    path: str  # below pydl, as users write it: "ops.add", "models.Model.fit"
    value: Any
    owner: type | None = None  # the class of a method or property

    @property
    def kind(self) -> str:
        if inspect.isclass(self.value):
            return "class"
        if self.owner is None:
            return "function"
        return "method" if callable(_function(self.value)) else "property"

    @property
    def own_doc(self) -> str:
        doc = self.value.__doc__ if self.kind != "class" else vars(self.value).get("__doc__")
        return inspect.cleandoc(doc or "")

    @property
    def doc(self) -> str:
        """The docstring, or else the inherited one."""
        return self.own_doc or next(filter(None, self.inherited_docs), "")

    @property
    def inherited_docs(self) -> list[str]:
        """Docstrings of the overridden methods, nearest first."""
        if self.owner is None:
            return []
        bases, name = [base for base in self.owner.__mro__[1:] if _is_ours(base)], self.path.rpartition(".")[2]
        return [inspect.cleandoc(vars(base)[name].__doc__ or "") for base in bases if name in vars(base)]


def public_names() -> list[Public]:
    """All public functions, classes, methods and properties; each once, by its shortest path."""
    found: dict[int, Public] = {}
    for path, value in sorted(_of_module(pydl, ""), key=lambda pair: ("." not in pair[0], pair[0])):
        found.setdefault(id(inspect.unwrap(value)), Public(path, value))
    classes = [one for one in found.values() if one.kind == "class"]
    for one in sorted(classes, key=lambda one: len(one.value.__mro__)):  # bases first
        for name, value, owner in _members(one.value):
            found.setdefault(id(_function(value)), Public(f"{one.path}.{name}", value, owner))
    return sorted(found.values())


def _of_module(module: ModuleType, prefix: str) -> Iterator[tuple[str, Any]]:
    for name in module.__all__:  # every public module has it
        value = getattr(module, name)
        if inspect.ismodule(value):
            yield from _of_module(value, f"{prefix}{name}.")
        elif (inspect.isclass(value) or inspect.isroutine(value)) and _is_ours(value):
            yield prefix + name, value


def _is_ours(value: Any) -> bool:
    return (getattr(value, "__module__", None) or "").partition(".")[0] == "pydl"


def _members(cls: type) -> Iterator[tuple[str, Any, type]]:
    """Public methods and properties, each with the class that has it."""
    for name in dir(cls):
        owner = next((base for base in cls.__mro__ if name in vars(base)), None)
        if owner is not None and _is_ours(owner) and (name == "__call__" or not name.startswith("_")):
            value = vars(owner)[name]
            if _described(value):
                yield name, value, owner


def _described(value: Any) -> bool:
    is_property = isinstance(value, property) or (hasattr(type(value), "__get__") and _is_ours(type(value)))
    return is_property or inspect.isroutine(_function(value))


def _function(value: Any) -> Any:
    """The function of a classmethod or staticmethod; other values unchanged."""
    return inspect.unwrap(value.__func__ if isinstance(value, classmethod | staticmethod) else value)


def parameters_of(one: Public) -> list[str]:
    """The names in the signature; *args and **kwargs with their stars."""
    if one.kind == "property":
        return []
    if one.kind == "class" and "__init__" not in dir(one.value):
        return []
    if one.kind == "class" and issubclass(one.value, BaseException):
        return []
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    signature = inspect.signature(one.value if one.kind == "class" else _function(one.value))
    return [stars.get(p.kind, "") + p.name for p in signature.parameters.values() if p.name not in _SELF]


def sections_of(doc: str) -> dict[str, str]:
    """The text of each section by its name; the text before the first section under ""."""
    parts = SECTION.split(doc)
    return {"": parts[0]} | dict(zip(parts[1::2], parts[2::2], strict=True))


def entries_of(section: str) -> dict[str, str]:
    """The text of each argument in an `Args:` section."""
    starts = list(ENTRY.finditer(section))
    ends = [*(start.start() for start in starts[1:]), len(section)]
    return {start["name"]: section[start.end() : end] for start, end in zip(starts, ends, strict=False)}


def examples_of(doc: str) -> list[doctest.Example]:
    return doctest.DocTestParser().get_examples(doc)


def complaints(one: Public, doc_of_class: str = "") -> list[str]:
    """What is missing in the docstring; nothing if it is complete.

    The example of a method may be in its class. A method that overrides another documents only new arguments, and
    `__call__` those that its class does not document.
    """
    doc = one.doc
    if not doc:
        return ["no docstring"]
    names, sections, own = parameters_of(one), sections_of(doc), _arguments(doc)
    known = _arguments(*one.inherited_docs, doc_of_class if one.path.endswith(".__call__") else "") | own
    passes_on = bool(one.inherited_docs)  # *args and **kwargs stand for the arguments of the overridden method
    needed = [name for name in names if not (passes_on and name.startswith("*"))]
    found = [f"Args: no entry for {name}" for name in needed if name not in known]
    if one.kind != "property" and not any(name.startswith("*") for name in names):
        own_entries = entries_of(sections_of(one.own_doc).get("Args", ""))
        found += [f"Args: {name} is no parameter" for name in own_entries if name not in names]
    found += [
        f"Args: {name}: no shape" for name in names if name in ARRAYS & own.keys() and not SHAPE.search(own[name])
    ]
    if one.inherited_docs or one.kind == "property":
        return found
    if ARRAYS & set(names) and not DTYPE.search(doc):
        found.append("no word about dtypes")
    if one.kind == "class" and _takes_tensors(one.value) and not SHAPE.search(doc):
        found.append("no word about shapes")
    if one.kind != "class" and _gives(one.value) and not {"Returns", "Yields"} & sections.keys():
        found.append("Returns: missing")
    if _raises(one) and "Raises" not in sections:
        found.append("Raises: missing")
    return found if _has_example(one, doc, doc_of_class) else [*found, "no example"]


def _arguments(*docs: str) -> dict[str, str]:
    """The entries of all arguments and attributes that these docstrings explain."""
    parts = [sections_of(doc) for doc in docs]
    return entries_of("".join(part.get(title, "") for part in parts for title in ("Args", "Attributes")))


def _takes_tensors(cls: type) -> bool:
    return issubclass(cls, pydl.layers.Layer | pydl.losses.Loss | pydl.metrics.Metric)


def _gives(value: Any) -> bool:
    return inspect.signature(_function(value)).return_annotation not in (None, "None", inspect.Signature.empty)


def _raises(one: Public) -> bool:
    """Whether the function, or the constructor of the class, has a raise statement of its own."""
    function = vars(one.value).get("__init__") if one.kind == "class" else _function(one.value)
    if not inspect.isfunction(inspect.unwrap(function) if function is not None else None):
        return False
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    # An abstract method raises NotImplementedError only.
    raised = [node for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None]
    return any("NotImplementedError" not in ast.unparse(node) for node in raised)


def _has_example(one: Public, doc: str, doc_of_class: str) -> bool:
    name = one.path.rpartition(".")[2]
    if one.owner is not None and name.startswith("on_"):  # a hook: the class shows how to override one
        return True
    if one.kind != "method" or examples_of(doc):
        return bool(examples_of(doc))
    called = re.compile(r"\)\(|\w\(" if name == "__call__" else rf"\.{name}\(|\bdef {name}\(")
    return any(called.search(example.source) for example in examples_of(doc_of_class))
