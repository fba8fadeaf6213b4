"""Layers of real networks, from tests/cases.py."""

from importlib.util import module_from_spec, spec_from_file_location

from .. import ROOT

_spec = spec_from_file_location("pydl_test_cases", ROOT / "tests" / "cases.py")
assert _spec
assert _spec.loader
_table = module_from_spec(_spec)
_spec.loader.exec_module(_table)

Conv2dCase = _table.Conv2dCase
CONV2D_NETS = _table.CONV2D_NETS + _table.CONV2D_LARGE
EMBEDDING_NETS = _table.EMBEDDING_NETS
GEMM_NETS = _table.GEMM_NETS
POOL2D_NETS = _table.POOL2D_NETS
