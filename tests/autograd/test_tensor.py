"""Tensor, Variable and the tape: values, gradients, and memory freed without the garbage collector."""

import copy
import gc
import pickle
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import GradientTape, Tensor, Variable, _core, no_grad, ops
from pydl.autograd.tape import state


@pytest.fixture
def without_gc() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def some_net(x: Tensor, w: Variable) -> Tensor:
    hidden = ops.dense(x, w, activation="relu")
    image = ops.reshape(ops.tanh(hidden) * hidden, (2, 3, 4, 1))
    return ops.sum(ops.softmax(ops.flatten(ops.max_pool(image, 2, 1))))


# -- data


def test_python_numbers_become_float32_and_int32() -> None:
    assert Tensor([1.0, 2.0]).dtype == np.float32
    assert Tensor([1, 2]).dtype == np.int32
    assert Tensor(2**40).dtype == np.int64
    assert Tensor(-(2**40)).dtype == np.int64
    assert Tensor(True).dtype == np.bool_


def test_arrays_keep_their_dtype_and_are_made_contiguous() -> None:
    array = np.arange(6.0).reshape(2, 3)
    assert Tensor(array).array is array
    assert Tensor(array.T).array.flags.c_contiguous
    assert Tensor(array.astype(">f8")).dtype.isnative
    assert Tensor(np.float64(3)).dtype == np.float64


@pytest.mark.parametrize("bad", ["text", [None], np.array(["a"]), 1 + 2j])
def test_values_that_are_no_numbers_are_refused(bad: object) -> None:
    with pytest.raises(pydl.DTypeError, match="expected numbers"):
        Tensor(bad)


def test_only_floats_can_require_gradients() -> None:
    with pytest.raises(pydl.DTypeError, match="requires_grad"):
        Tensor([1, 2], requires_grad=True)


def test_views_of_the_data() -> None:
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 2), 2, 4, 2)
    assert x[1, 0].item() == 3.0
    assert [row.shape for row in x] == [(2,), (2,)]
    assert np.asarray(x) is x.numpy()
    assert np.asarray(x, np.float64).dtype == np.float64
    assert float(x.sum()) == 10.0
    assert int(x[0, 1]) == 2
    assert bool(x[0, 0])
    assert "shape=(2, 2)" in repr(x)


def test_operators_follow_numpy(rng: np.random.Generator) -> None:
    a, b = rng.uniform(0.5, 2, (3, 4)), rng.uniform(0.5, 2, (4,))
    x, y = Tensor(a), Tensor(b)
    pairs = [
        (x + y, a + b), (x - y, a - b), (x * y, a * b), (x / y, a / b), (x**y, a**b), (-x, -a), (abs(-x), a),
        (1.5 + x, 1.5 + a), (1.5 - x, 1.5 - a), (2 * x, 2 * a), (2 / x, 2 / a), (2**x, 2**a), (x @ y, a @ b),
        (a + y, a + b), (b * x, b * a), (x == x, a == a), (x != y, a != b), (x < y, a < b), (x <= y, a <= b),
        (x > y, a > b), (x >= 1, a >= 1), (x.T, a.T), (x.reshape(2, 6), a.reshape(2, 6)), (x.reshape(-1), a.ravel()),
        (x.mean(0), a.mean(0)), (x.sum(1, keepdims=True), a.sum(1, keepdims=True)),
    ]  # fmt: skip
    for actual, expected in pairs:
        assert isinstance(actual, Tensor)
        assert actual.shape == expected.shape
        assert actual.array.flags.c_contiguous
        np.testing.assert_allclose(actual.array, expected, rtol=1e-14)


def test_python_numbers_do_not_promote_float32() -> None:
    x = Tensor(np.ones(2, np.float32))
    assert (x * 2.5).dtype == np.float32
    assert (2 - x).dtype == np.float32
    assert (x + np.ones(2, np.int64)).dtype == np.float32
    assert (x + np.ones(2)).dtype == np.float64
    assert (Tensor([1, 2]) + 1).dtype == np.int32
    assert (Tensor([1, 2]) * 0.5).dtype == np.float32
    assert (Tensor([1, 2]) / 2).dtype == np.float32


# -- gradients


def test_backward_adds_to_grad_and_frees() -> None:
    w = Variable([2.0, 3.0])
    for times in (1, 2):
        ops.sum(w * w).backward()
        assert w.grad is not None
        np.testing.assert_array_equal(w.grad, times * np.array([4.0, 6.0]))


def test_second_backward_is_an_error_with_a_solution() -> None:
    w = Variable([2.0, 3.0])
    shared = w * w
    ops.sum(shared).backward()
    with pytest.raises(RuntimeError, match="has freed in part; run the forward pass again"):
        ops.sum(shared).backward()


def test_backward_without_history_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"\[backward\] tensor: expected one with history"):
        Tensor([1.0]).sum().backward()
    with no_grad():
        y = Variable([1.0]).sum()
    with pytest.raises(RuntimeError, match="training=True"):
        y.backward()


def test_backward_needs_a_gradient_of_the_same_shape() -> None:
    w = Variable([2.0, 3.0])
    with pytest.raises(ValueError, match="expected one for a tensor of several elements"):
        (w * w).backward()
    with pytest.raises(pydl.ShapeError, match=r"expected shape \(2,\), got \(3,\)"):
        (w * w).backward([1, 2, 3])


def test_gradients_do_not_share_memory() -> None:
    a, b = Variable(np.ones((2, 2))), Variable(np.ones((4,)))
    seed = np.ones((2, 2))
    (a + b.reshape(2, 2)).backward(seed)
    assert a.grad is not None
    assert b.grad is not None
    a.grad[...] = 7
    np.testing.assert_array_equal(b.grad, np.ones(4))
    np.testing.assert_array_equal(seed, np.ones((2, 2)))


def test_frozen_inputs_get_no_gradient() -> None:
    w, frozen = Variable([[2.0]]), Variable([[3.0]], trainable=False)
    ops.sum(ops.dense(w, frozen)).backward()
    assert frozen.grad is None
    assert w.grad is not None
    assert w.grad.item() == 3.0


def test_no_grad_is_restored_after_an_error() -> None:
    w = Variable([1.0])
    with pytest.raises(ZeroDivisionError), no_grad():
        _ = 1 / int((w * 2).requires_grad)
    assert (w * 2).requires_grad


def test_gradient_tape() -> None:
    w, unused, x = Variable([2.0]), Variable([1.0]), Tensor([3.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = w * x
        loss = ops.sum(y * y)
    dw, dx, nothing, dy = tape.gradient(loss, [w, x, unused, y])
    assert (dw.numpy().item(), dx.numpy().item(), nothing, dy.numpy().item()) == (36.0, 24.0, None, 12.0)
    assert w.grad is None


def test_gradient_tape_of_one_source_inside_no_grad() -> None:
    w = Variable([2.0])
    with no_grad(), GradientTape() as tape:
        loss = ops.sum(w * w)
    assert tape.gradient(loss, w).numpy().item() == 4.0


# -- memory


@pytest.mark.usefixtures("without_gc")
def test_persistent_tape_gives_gradients_several_times() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pydl.GradientTape(persistent=True) as tape:
        y = x * x
        z = y * x
    for _ in range(2):
        np.testing.assert_array_equal(tape.gradient(y, x).numpy(), [2, 4])
        np.testing.assert_array_equal(tape.gradient(z, x).numpy(), [3, 12])


def test_only_float_tensors_can_be_watched() -> None:
    for wrong, got in ((np.ones(3), "got ndarray"), (Tensor([1]), "expected a floating type, got int32")):
        with pytest.raises(pydl.DTypeError, match=rf"\[watch\] tensor: .*{got}"):
            pydl.GradientTape().watch(wrong)


def test_numpy_functions_do_not_lose_gradients() -> None:
    x = Tensor([1.0, 3.0], requires_grad=True)
    y = x * 2
    with pytest.raises(RuntimeError, match=r"use a function of pydl\.ops"):
        np.tanh(y)
    np.testing.assert_array_equal(y.numpy(), [2, 6])
    assert (np.mean(y).item(), np.sum(y, dtype=np.float64).item()) == (4, 8)
    np.mean(y).backward()
    np.testing.assert_array_equal(x.grad, [1, 1])
    np.testing.assert_array_equal(np.asarray(y), [2, 6])  # its history is freed: no gradient to lose
    with pytest.raises(TypeError, match=r"\[sum\] out: expected None, got ndarray"):
        np.sum(x, out=np.zeros(()))


def test_state_is_thread_local() -> None:
    def other() -> tuple[Any, ...]:
        seen = state.grad_enabled, state.training, state.layer_depth, state.plan
        state.training, state.layer_depth = True, 7
        return seen

    with no_grad():
        state.training = False
        try:
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(other).result() == (True, None, 0, None)
            assert (state.grad_enabled, state.training, state.layer_depth) == (False, False, 0)
        finally:
            state.training = None


def test_state_refuses_values_of_wrong_types() -> None:
    with pytest.raises(TypeError):
        state.layer_depth = "deep"  # type: ignore[assignment]
    with pytest.raises(OverflowError):
        state.layer_depth = 1 << 64
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del state.training
    with pytest.raises(AttributeError):
        state.nothing = 1  # type: ignore[attr-defined]
    assert (state.layer_depth, state.training) == (0, None)


def test_cycles_of_tensors_are_collected() -> None:
    class Marked(Tensor):
        pass

    tensors = [Marked([1.0]), Marked([2.0])]
    tensors[0].grad, tensors[1].mask = tensors[1], tensors[0]  # type: ignore[assignment]
    gone = weakref.ref(tensors[0])
    del tensors
    gc.collect()
    assert gone() is None


def test_fields_of_an_uninitialized_tensor() -> None:
    tensor = Tensor.__new__(Tensor)
    assert (tensor.array, tensor.grad, tensor.node, tensor.requires_grad) == (None, None, None, False)


def test_tensor_type_must_be_a_tensor() -> None:
    with pytest.raises(TypeError, match=r"\[set_tensor_type\] type: expected a subclass of TensorFields"):
        _core.set_tensor_type(dict)  # type: ignore[arg-type]


def test_forward_pass_is_freed_with_its_last_tensor() -> None:
    w, x = Variable(np.ones((5, 12))), Tensor(np.ones((2, 5)))
    used = pydl.memory_stats()["used_blocks"]
    loss = some_net(x, w)
    arrays = weakref.ref(loss.array)
    del loss
    assert arrays() is None
    assert pydl.memory_stats()["used_blocks"] == used


@pytest.mark.usefixtures("without_gc")
def test_backward_frees_the_tape() -> None:
    w, x = Variable(np.ones((5, 12))), Tensor(np.ones((2, 5)))
    used = pydl.memory_stats()["used_blocks"]
    loss = some_net(x, w)
    loss.backward()
    assert pydl.memory_stats()["used_blocks"] == used + 2  # the loss and w.grad
    w.grad = None
    del loss
    assert pydl.memory_stats()["used_blocks"] == used


@pytest.mark.usefixtures("without_gc")
def test_training_does_not_use_more_memory_per_step() -> None:
    w, x = Variable(np.ones((5, 12))), Tensor(np.ones((2, 5)))
    for step in range(50):
        w.grad = None
        some_net(x, w).backward()
        if step == 5:
            held = pydl.memory_stats()["used_bytes"] + pydl.memory_stats()["idle_bytes"]
    assert pydl.memory_stats()["used_bytes"] + pydl.memory_stats()["idle_bytes"] == held


def test_long_tape_needs_no_recursion() -> None:
    w = Variable([1.0])
    y: Tensor = w
    for _ in range(20_000):
        y = y + w
    y.backward()
    assert w.grad is not None
    assert w.grad.item() == 20_001
    y = w
    for _ in range(20_000):
        y = y + w
    del y


# -- variables


def test_every_write_to_a_variable_is_counted() -> None:
    w = Variable(np.zeros((2, 2), np.float32), name="kernel")
    array, versions = w.array, [w.version.value]
    for write in (
        lambda: w.assign([[1, 2], [3, 4]]),
        lambda: w.assign_add(np.ones((2, 2))),
        lambda: w.assign_sub(np.ones((2, 2))),
        lambda: w.__setitem__((0, 0), 5),
    ):
        write()
        versions.append(w.version.value)
    assert versions == sorted(set(versions))
    assert w.array is array
    np.testing.assert_array_equal(w, [[5, 2], [3, 4]])
    with pytest.raises(ValueError, match="read-only"):
        w.numpy()[0, 0] = 1
    with pytest.raises(pydl.ShapeError, match=r"kernel: expected shape \(2, 2\), got \(3,\)"):
        w.assign([1, 2, 3])


def test_variable_copies_its_initial_value() -> None:
    source = np.zeros(3)
    w = Variable(source)
    source[0] = 1
    assert w.numpy()[0] == 0


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_variables_and_tensors_can_be_copied(clone: object) -> None:
    assert callable(clone)
    w = Variable([1.0, 2.0], trainable=False, name="bias")
    v = clone(w)
    v.assign([3, 4])
    np.testing.assert_array_equal(w, [1, 2])
    assert (v.name, v.trainable, w.version.value) == ("bias", False, 0)
    np.testing.assert_array_equal(clone(Variable([2.0]) * 3), [6.0])
