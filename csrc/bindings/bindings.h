// Every family registers its functions in its own file; module.cpp calls them all.
#pragma once
#include <pybind11/pybind11.h>

namespace pydl {
namespace py = pybind11;

void bind_config(py::module_&);
void bind_memory(py::module_&);
void bind_thread_state(py::module_&);
void bind_tensor(py::module_&);
void bind_snapshot(py::module_&);
void bind_plan(py::module_&);
void bind_gemm(py::module_&);
void bind_conv2d(py::module_&);
void bind_pool2d(py::module_&);
void bind_elementwise(py::module_&);
void bind_reduce(py::module_&);
void bind_softmax(py::module_&);
void bind_batch_norm(py::module_&);
void bind_group_norm(py::module_&);
void bind_layer_norm(py::module_&);
void bind_lrn(py::module_&);
void bind_loss(py::module_&);
void bind_dropout(py::module_&);
void bind_embedding(py::module_&);
void bind_concatenate(py::module_&);
void bind_transpose(py::module_&);
void bind_resize(py::module_&);
void bind_mask(py::module_&);
void bind_recurrent(py::module_&);
void bind_optimizer(py::module_&);

}  // namespace pydl
