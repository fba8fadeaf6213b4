// Plans, with steps that are small functions instead of kernels.
#include <doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/dispatch.h"
#include "runtime/memory/pool.h"
#include "runtime/plan.h"

namespace pydl {
namespace {

using Array = std::vector<float>;

Memory memory(const Array& a) { return {a.data(), index(a.size() * sizeof(float))}; }

// out[i] = f(first[i], second[i]) as a step; `second` may be left out.
void step(Plan& plan, const char* op, const Array& first, const Array* second, Array& out, float (*f)(float, float),
          Plan::Packing packing = {}) {
  const std::size_t n = out.size();
  Plan::Run run = [f, n](const void* const* in, void* const* to, const void* packed) {
    const float* b = static_cast<const float*>(packed ? packed : in[1]);
    for (std::size_t i = 0; i < n; i++)
      static_cast<float*>(to[0])[i] = f(static_cast<const float*>(in[0])[i], b ? b[i] : 0);
  };
  const void* in[] = {first.data(), second ? second->data() : nullptr};
  void* to[] = {out.data()};
  run(in, to, nullptr);
  plan.add_step(op, {memory(first), second ? memory(*second) : Memory{nullptr, 0}}, {memory(out)}, run,
                std::move(packing));
}

float add(float a, float b) { return a + b; }
float multiply(float a, float b) { return a * b; }
float twice(float a, float) { return 2 * a; }

Array replay(Plan& plan, const std::vector<const Array*>& inputs, std::size_t size) {
  Array out(size);
  std::vector<const void*> in;
  for (const Array* a : inputs) in.push_back(a->data());
  void* to[] = {out.data()};
  plan.run(in.data(), to);
  return out;
}

TEST_CASE("a chain of steps replays on new inputs, with the weights as they are then") {
  const std::shared_ptr<Plan> owner = Plan::make();
  Plan& plan = *owner;
  Array x{1, 2, 3}, w{10, 20, 30}, h(3), k(3), y(3);
  plan.begin({memory(x)});
  CHECK(Plan::recording().get() == owner.get());
  plan.add_constant(memory(w), std::make_shared<Version>());
  step(plan, "multiply", x, &w, h, multiply);
  step(plan, "twice", h, nullptr, k, twice);
  step(plan, "add", k, &h, y, add);
  REQUIRE(plan.end({memory(y)}) == "");
  CHECK(!Plan::recording());
  CHECK(!Plan::is_recording());
  CHECK(plan.ops() == std::vector<std::string>{"multiply", "twice", "add"});
  CHECK(replay(plan, {&x}, 3) == y);
  CHECK(replay(plan, {&w}, 3) == Array{300, 1200, 2700});
  w = {1, 1, 1};
  CHECK(replay(plan, {&x}, 3) == Array{3, 6, 9});
}

TEST_CASE("many intermediate results share one arena and never overwrite what is still needed") {
  const std::shared_ptr<Plan> owner = Plan::make();
  Plan& plan = *owner;
  Array x{1, 2, 3, 4, 5};
  std::vector<Array> h(40, Array(5));
  plan.begin({memory(x)});
  step(plan, "twice", x, nullptr, h[0], twice);
  step(plan, "add", x, &h[0], h[1], add);
  for (std::size_t i = 2; i < h.size(); i++) step(plan, "add", h[i - 1], &h[i % 3 ? i - 2 : 0], h[i], add);
  REQUIRE(plan.end({memory(h.back())}) == "");
  const index before = pool_stats().peak_bytes;
  CHECK(replay(plan, {&x}, 5) == h.back());
  CHECK(pool_stats().peak_bytes - before < 40 * 64);  // 40 buffers, 64 bytes each, are not all there at once
}

TEST_CASE("outputs may be inputs, weights, parts of results, and twice the same result") {
  const std::shared_ptr<Plan> owner = Plan::make();
  Plan& plan = *owner;
  Array x{1, 2, 3, 4}, w{5, 6, 7, 8}, h(4);
  plan.begin({memory(x)});
  plan.add_constant(memory(w), std::make_shared<Version>());
  step(plan, "twice", x, nullptr, h, twice);
  REQUIRE(plan.end({memory(h), memory(h), memory(x), memory(w), {h.data() + 1, 8}}) == "");
  Array out[5] = {Array(4), Array(4), Array(4), Array(4), Array(2)};
  void* to[] = {out[0].data(), out[1].data(), out[2].data(), out[3].data(), out[4].data()};
  const Array other{10, 20, 30, 40};
  const void* in[] = {other.data()};
  plan.run(in, to);
  CHECK(out[0] == Array{20, 40, 60, 80});
  CHECK(out[1] == out[0]);
  CHECK(out[2] == other);
  CHECK(out[3] == w);
  CHECK(out[4] == Array{40, 60});
}

TEST_CASE("what a replay could not repeat ends the recording with a reason") {
  Array x{1, 2}, stranger{3, 4}, y(2);
  {
    const std::shared_ptr<Plan> owner = Plan::make();
    Plan& plan = *owner;
    plan.begin({memory(x)});
    step(plan, "add", x, &stranger, y, add);
    CHECK(plan.end({memory(y)}).find("add: argument 1 is a number or NumPy array made during the call;") == 0);
  }
  {
    const std::shared_ptr<Plan> owner = Plan::make();
    Plan& plan = *owner;
    plan.begin({memory(x)});
    CHECK(plan.end({memory(stranger)}).find("output 0 is not the output of a recorded kernel") == 0);
  }
  {
    const std::shared_ptr<Plan> owner = Plan::make();
    Plan& plan = *owner;
    plan.begin({memory(x)});
    plan.fail("first");
    plan.fail("second");
    CHECK(plan.end({memory(x)}) == "first");
  }
  {
    const std::shared_ptr<Plan> owner = Plan::make();
    Plan& plan = *owner;
    plan.begin({memory(x), {x.data() + 1, 4}});
    CHECK(plan.end({memory(x)}).find("input 1 shares memory with another input or weight") == 0);
  }
}

TEST_CASE("a weight that two layers share is one weight") {
  const std::shared_ptr<Plan> owner = Plan::make();
  Plan& plan = *owner;
  Array x{1, 2}, w{3, 4}, y(2);
  auto version = std::make_shared<Version>();
  plan.begin({memory(x)});
  plan.add_constant(memory(w), version);
  plan.add_constant(memory(w), version);
  step(plan, "multiply", x, &w, y, multiply);
  REQUIRE(plan.end({memory(y)}) == "");
  CHECK(replay(plan, {&x}, 2) == Array{3, 8});
}

TEST_CASE("a weight is packed once, and again after a change of its version or of the instruction set") {
  const std::shared_ptr<Plan> owner = Plan::make();
  Plan& plan = *owner;
  Array x{1, 2}, w{3, 4}, y(2);
  auto version = std::make_shared<Version>();
  int packed = 0;
  plan.begin({memory(x)});
  plan.add_constant(memory(w), version);
  step(plan, "multiply", x, &w, y, multiply,
       {{1},
        [] { return index(8); },
        [&packed](const void* const* weights, void* to) {
          packed++;
          for (int i = 0; i < 2; i++) static_cast<float*>(to)[i] = static_cast<const float*>(weights[0])[i];
        }});
  REQUIRE(plan.end({memory(y)}) == "");
  for (int i = 0; i < 3; i++) CHECK(replay(plan, {&x}, 2) == Array{3, 8});
  CHECK(packed == 1);
  w = {5, 6};
  version->value++;
  for (int i = 0; i < 3; i++) CHECK(replay(plan, {&x}, 2) == Array{5, 12});
  CHECK(packed == 2);
  const std::string isa = kernels().isa;
  if (isa != "baseline") {
    set_isa("baseline");
    CHECK(replay(plan, {&x}, 2) == Array{5, 12});
    CHECK(packed == 3);
    set_isa(isa.c_str());
  }
}

TEST_CASE("a weight without a version, one that is trained, is never packed") {
  const std::shared_ptr<Plan> owner = Plan::make();
  Plan& plan = *owner;
  Array x{1, 2}, w{3, 4}, y(2);
  plan.begin({memory(x)});
  plan.add_constant(memory(w), nullptr);
  step(plan, "multiply", x, &w, y, multiply,
       {{1}, [] { return index(8); }, [](const void* const*, void*) { FAIL("packed"); }});
  REQUIRE(plan.end({memory(y)}) == "");
  w = {5, 6};
  CHECK(replay(plan, {&x}, 2) == Array{5, 12});
}

TEST_CASE("one plan runs in many threads at once, and holds no memory between runs") {
  const std::shared_ptr<Plan> owner = Plan::make();
  Plan& plan = *owner;
  Array x(1000, 1), w(1000, 3), h(1000), y(1000);
  plan.begin({memory(x)});
  plan.add_constant(memory(w), std::make_shared<Version>());
  step(plan, "multiply", x, &w, h, multiply);
  step(plan, "twice", h, nullptr, y, twice);
  REQUIRE(plan.end({memory(y)}) == "");
  const index used = pool_stats().used_bytes;
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); t++)
    threads.emplace_back([&, t] {
      const Array mine(1000, float(t));
      for (int i = 0; i < 100; i++)
        if (replay(plan, {&mine}, 1000) != Array(1000, float(6 * t))) wrong[t]++;
    });
  for (std::thread& thread : threads) thread.join();
  for (int count : wrong) CHECK(count == 0);
  CHECK(pool_stats().used_bytes == used);
}

TEST_CASE("what runs while a recording is paused is not noted") {
  const std::shared_ptr<Plan> plan = Plan::make();
  Array x{1, 2}, y(2);
  plan->begin({memory(x)});
  Plan::set_recording(nullptr);
  CHECK(!Plan::is_recording());
  Plan::set_recording(plan);
  step(*plan, "twice", x, nullptr, y, twice);
  CHECK(plan->end({memory(y)}) == "");
  CHECK(plan->ops().size() == 1);
}

TEST_CASE("a recording that has failed keeps nothing") {
  const std::shared_ptr<Plan> plan = Plan::make();
  Array x{1, 2};
  plan->begin({memory(x)});
  const auto kept = std::make_shared<Array>(2), later = std::make_shared<Array>(2);
  plan->keep(kept);
  CHECK(kept.use_count() == 2);
  plan->fail("why");
  plan->keep(later);
  CHECK(kept.use_count() == 1);
  CHECK(later.use_count() == 1);
  plan->blame("here");
  plan->blame("around it");
  CHECK(plan->end({}) == "here: why");
}

TEST_CASE("a plan may go in another thread than the one that records") {
  std::shared_ptr<Plan> owner = Plan::make();
  Array x{1, 2}, y(2);
  owner->begin({memory(x)});
  std::thread([&owner] { owner.reset(); }).join();
  CHECK(!Plan::recording());
  const std::shared_ptr<Plan> next = Plan::make();
  next->begin({memory(x)});
  step(*next, "twice", x, nullptr, y, twice);
  CHECK(next->end({memory(y)}) == "");
}

}  // namespace
}  // namespace pydl
