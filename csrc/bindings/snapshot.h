// What a plan, or anything else derived from layers, depends on: whether it still is as it was.
#pragma once
#include <atomic>
#include <memory>
#include <unordered_set>
#include <vector>

#include "bindings/bindings.h"

namespace pydl {

// Counts the changes of a layer, a variable or a loss.
class Changes {
 public:
  void bump();
  std::int64_t count() const { return count_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::int64_t> count_{0};
};

class Snapshot {
 public:
  bool add(std::shared_ptr<Changes> part);  // false: it is in the snapshot already
  void add_container(py::object container);
  bool holds() const;
  int traverse(visitproc visit, void* arg) const;

 private:
  // A list, tuple, dict or set that is an attribute of a layer. Nothing tells the layer when its items change.
  struct Container {
    py::object object;
    std::vector<py::object> items;  // of a dict: keys and values
    Py_ssize_t size;
    bool same() const;
  };

  std::vector<std::shared_ptr<Changes>> parts_;
  std::unordered_set<const Changes*> known_;
  std::int64_t sum_ = 0;                           // of the parts' counts, each of which only grows
  mutable std::atomic<std::int64_t> checked_{-1};  // changes of the process when the parts were last seen unchanged
  std::vector<Container> containers_;
};

}  // namespace pydl
