// Layer normalisation (Ba, Kiros and Hinton 2016) of rows: y = (x - mean) gamma / sqrt(variance + epsilon) + beta.
#include "kernels/common/parallel.h"
#include "kernels/common/rows.h"
#include "kernels/softmax/row.h"
#include "kernels/table.h"
#include "runtime/memory/scratch.h"

namespace pydl::PYDL_ISA {
namespace norm {
namespace {

template <class T>
void layer_norm_forward(index rows, index cols, T epsilon, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                        T* variance) {
  parallel(rows, grain_of_costly_rows(cols), [=](index begin, index end) {
    for (index r = begin; r < end; r++) {
      const T* xr = x + r * cols;
      const T centre = sum_row<T>(cols, [=](auto at) { return at(xr); }) / T(cols);
      const T squares = sum_row<T>(cols, [=](auto at) {
        V<T> deviation = at(xr) - centre;
        return deviation * deviation;
      });
      mean[r] = centre;
      variance[r] = squares / T(cols);
      const T scale = T(1) / square_root(variance[r] + epsilon);
      map_row<T>(cols, y + r * cols, [=](auto at) {
        V<T> z = (at(xr) - centre) * scale;
        if (gamma) z *= at(gamma);
        return beta ? z + at(beta) : z;
      });
    }
  });
}

// With g = dy gamma and s = 1 / sqrt(variance + epsilon): dx = s (g - mean(g) - (x - mean) s^2 mean(g (x - mean))).
// dgamma and dbeta are sums over rows, computed in slices that depend on the shape alone.
template <class T>
void layer_norm_backward(index rows, index cols, T epsilon, const T* x, const T* dy, const T* gamma, const T* mean,
                         const T* variance, T* dx, T* dgamma, T* dbeta) {
  constexpr index kSlice = 16 * 1024, kMaxSlices = 64;  // elements; slices
  index slices = rows * cols / kSlice + 1;
  slices = slices < kMaxSlices ? slices : kMaxSlices;
  slices = slices < rows ? slices : rows;
  Scratch scratch(2 * slices * cols * index(sizeof(T)));
  T* partial = static_cast<T*>(scratch.data());  // of each slice: dgamma, dbeta
  parallel(slices, 1, [=](index begin, index end) {
    for (index s = begin; s < end; s++) {
      T *to_gamma = partial + 2 * s * cols, *to_beta = to_gamma + cols;
      for (index i = 0; i < 2 * cols; i++) to_gamma[i] = T(0);
      for (index r = rows * s / slices; r < rows * (s + 1) / slices; r++) {
        const T *xr = x + r * cols, *dyr = dy + r * cols;
        const T centre = mean[r], scale = T(1) / square_root(variance[r] + epsilon);
        auto g = [=](auto at) { return gamma ? at(dyr) * at(gamma) : at(dyr); };
        const T sum = sum_row<T>(cols, g);
        const T product = sum_row<T>(cols, [=](auto at) { return g(at) * (at(xr) - centre); });
        map_row<T>(cols, to_gamma, [=](auto at) { return at(to_gamma) + at(dyr) * ((at(xr) - centre) * scale); });
        map_row<T>(cols, to_beta, [=](auto at) { return at(to_beta) + at(dyr); });
        const T shift = sum / T(cols) * scale, pull = product / T(cols) * (scale * scale * scale);
        map_row<T>(cols, dx + r * cols, [=](auto at) { return g(at) * scale - (at(xr) - centre) * pull - shift; });
      }
    }
  });
  for (index i = 0; i < cols; i++) dgamma[i] = dbeta[i] = T(0);
  for (index s = 0; s < slices; s++) {
    const T *from_gamma = partial + 2 * s * cols, *from_beta = from_gamma + cols;
    map_row<T>(cols, dgamma, [=](auto at) { return at(dgamma) + at(from_gamma); });
    map_row<T>(cols, dbeta, [=](auto at) { return at(dbeta) + at(from_beta); });
  }
}

}  // namespace
}  // namespace norm

template <class T>
void fill_layer_norm(LayerNormKernels<T>& t) {
  t.forward = norm::layer_norm_forward<T>;
  t.backward = norm::layer_norm_backward<T>;
}
template void fill_layer_norm(LayerNormKernels<float>&);
template void fill_layer_norm(LayerNormKernels<double>&);

}  // namespace pydl::PYDL_ISA
