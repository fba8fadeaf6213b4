#include "runtime/plan.h"

#include <algorithm>
#include <cstring>

#include "runtime/dispatch.h"
#include "runtime/memory/pool.h"
#include "runtime/precision.h"

namespace pydl {
namespace {

constexpr int kMaxOperands = 32;  // inputs, or outputs, of one kernel call

thread_local std::weak_ptr<Plan> recording_plan;  // its owner may release it in another thread

index round_up(index bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

std::shared_ptr<Plan> Plan::recording() { return recording_plan.lock(); }

bool Plan::is_recording() { return !recording_plan.expired(); }

void Plan::set_recording(const std::shared_ptr<Plan>& plan) { recording_plan = plan; }

void Plan::begin(const std::vector<Memory>& inputs) {
  recording_plan = weak_from_this();
  for (std::size_t i = 0; i < inputs.size(); i++)
    add_region("input " + std::to_string(i), inputs[i], {Operand::input, int(i), 0});
}

void Plan::add_constant(Memory memory, std::shared_ptr<Version> version) {
  Operand same;
  if (find(memory, &same) && same.kind == Operand::constant && same.offset == 0 &&
      constants_[std::size_t(same.number)].version == version)
    return;  // a weight that two layers share
  add_region("weight " + std::to_string(constants_.size()), memory, {Operand::constant, int(constants_.size()), 0});
  constants_.push_back({memory.data, std::move(version)});
}

// Two names for the same memory now may be two memories at replay.
void Plan::add_region(const std::string& name, const Memory& memory, const Operand& operand) {
  if (memory.bytes == 0) return;
  const char* data = static_cast<const char*>(memory.data);
  auto next = regions_.lower_bound(data + memory.bytes);
  if (next != regions_.begin()) {
    const auto& [first, before] = *std::prev(next);
    if (data < first + before.bytes) return fail(name + " shares memory with another input or weight; copy it");
  }
  regions_[data] = {memory.bytes, operand};
}

bool Plan::find(const Memory& memory, Operand* operand) const {
  const char* data = static_cast<const char*>(memory.data);
  auto next = regions_.upper_bound(data);
  if (next == regions_.begin()) return false;
  const auto& [first, region] = *std::prev(next);
  if (data + memory.bytes > first + region.bytes) return false;
  *operand = region.operand;
  operand->offset += data - first;
  return true;
}

void Plan::add_step(const char* op, const std::vector<Memory>& in, const std::vector<Memory>& out, Run run,
                    Packing packing) {
  if (!reason_.empty()) return;
  if (in.size() > kMaxOperands || out.size() > kMaxOperands) return fail(std::string(op) + ": too many operands");
  Step step;
  for (std::size_t i = 0; i < in.size(); i++) {
    Operand operand{Operand::constant, -1, 0};  // a null argument stays null
    if (in[i].data && in[i].bytes > 0 && !find(in[i], &operand))
      return fail(std::string(op) + ": argument " + std::to_string(i) +
                  " is a number or NumPy array made during the call; if it never changes, make it a weight or a "
                  "plan_constant, else compute it with pydl.ops");
    step.in.push_back(operand);
  }
  for (const Memory& memory : out) {
    Operand operand{Operand::buffer, int(buffers_.size()), 0};
    int now = int(steps_.size());
    buffers_.push_back({memory.bytes, 0, now, now, -1});
    if (memory.bytes > 0) regions_[static_cast<const char*>(memory.data)] = {memory.bytes, operand};
    step.out.push_back(operand);
  }
  const auto stays = [&](int argument) {
    const Operand& operand = step.in[std::size_t(argument)];
    return operand.kind == Operand::constant && (operand.number < 0 || constants_[std::size_t(operand.number)].version);
  };
  if (!std::all_of(packing.arguments.begin(), packing.arguments.end(), stays)) packing.arguments.clear();
  step.run = std::move(run);
  step.packing = std::move(packing);
  steps_.push_back(std::move(step));
  ops_.push_back(op);
}

void Plan::keep(std::shared_ptr<void> owner) {
  if (reason_.empty()) kept_.push_back(std::move(owner));
}

// After a failure nothing is kept: a deep net that cannot be recorded would hold all that its first step computes.
void Plan::fail(const std::string& reason) {
  if (!reason_.empty()) return;
  reason_ = reason;
  kept_.clear();
}

void Plan::blame(const std::string& where) {
  if (reason_.empty() || blamed_) return;
  reason_ = where + ": " + reason_;
  blamed_ = true;
}

std::string Plan::end(const std::vector<Memory>& outputs) {
  recording_plan.reset();
  for (std::size_t i = 0; i < outputs.size() && reason_.empty(); i++) {
    Operand operand;
    if (outputs[i].bytes == 0) continue;
    if (!find(outputs[i], &operand)) {
      fail("output " + std::to_string(i) + " is not the output of a recorded kernel; compute it with pydl.ops");
    } else if (operand.kind == Operand::buffer && operand.offset == 0 &&
               buffers_[std::size_t(operand.number)].output < 0 &&
               buffers_[std::size_t(operand.number)].bytes == outputs[i].bytes) {
      buffers_[std::size_t(operand.number)].output = int(i);
    } else {
      if (operand.kind == Operand::buffer) buffers_[std::size_t(operand.number)].last = int(steps_.size());
      aliases_.push_back({operand, int(i), outputs[i].bytes});
    }
  }
  regions_.clear();
  kept_.clear();
  if (!reason_.empty()) return reason_;  // the model runs kernel by kernel instead
  lay_out();
  pool_settle();  // recording kept every intermediate result; a replay needs one block
  return reason_;
}

// First fit: a buffer takes the lowest offset that no buffer alive at the same time covers.
void Plan::lay_out() {
  for (std::size_t i = 0; i < steps_.size(); i++)
    for (const Operand& operand : steps_[i].in)
      if (operand.kind == Operand::buffer)
        buffers_[std::size_t(operand.number)].last = std::max(buffers_[std::size_t(operand.number)].last, int(i));
  std::vector<const Buffer*> placed;
  for (Buffer& buffer : buffers_) {
    if (buffer.output >= 0) continue;
    index offset = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (const Buffer* other : placed) {
        bool together = buffer.first <= other->last && other->first <= buffer.last;
        bool overlap =
            offset < other->offset + round_up(other->bytes) && other->offset < offset + round_up(buffer.bytes);
        if (together && overlap) {
          offset = other->offset + round_up(other->bytes);
          moved = true;
        }
      }
    }
    buffer.offset = offset;
    placed.push_back(&buffer);
    arena_bytes_ = std::max(arena_bytes_, offset + round_up(buffer.bytes));
  }
}

std::int64_t Plan::version_of(const Step& step) const {
  std::int64_t version = 0;
  for (int argument : step.packing.arguments) {
    const Operand& operand = step.in[std::size_t(argument)];
    if (operand.number < 0) continue;  // an argument that is absent
    version += constants_[std::size_t(operand.number)].version->value.load(std::memory_order_acquire);
  }
  return version;
}

// The current packed weights of all steps. Nearly always they have not changed since the last run.
std::shared_ptr<const Plan::AllPacked> Plan::packed() {
  std::lock_guard<std::mutex> lock(packing_);
  PackedFor now{kernels().isa, conv2d_requested(), 0};
  for (const Step& step : steps_) now.version += version_of(step);
  if (packed_ && packed_for_ == now) return packed_;
  AllPacked all(steps_.size());
  if (packed_) all = *packed_;
  packed_.reset();  // frees the old ones before it packs again
  for (std::size_t i = 0; i < steps_.size(); i++) {
    if (steps_[i].packing.arguments.empty()) continue;
    const PackedFor wanted{now.isa, now.conv2d, version_of(steps_[i])};
    if (all[i].data && all[i].made_for == wanted) continue;
    all[i] = {wanted, nullptr};
    pack(steps_[i], all[i]);
  }
  packed_ = std::make_shared<const AllPacked>(std::move(all));
  packed_for_ = now;
  return packed_;
}

void Plan::pack(const Step& step, Packed& packed) const {
  const index bytes = step.packing.bytes();
  if (bytes == 0) return;
  std::vector<const void*> weights;
  for (int argument : step.packing.arguments) {
    const Operand& operand = step.in[std::size_t(argument)];
    const bool absent = operand.number < 0;
    weights.push_back(absent ? nullptr
                             : static_cast<const char*>(constants_[std::size_t(operand.number)].data) + operand.offset);
  }
  packed.data = std::shared_ptr<void>(pool_acquire(bytes), pool_release);
  step.packing.pack(weights.data(), packed.data.get());
}

void Plan::run(const void* const* inputs, void* const* outputs) {
  struct Block {
    char* data;
    ~Block() { pool_release(data); }
  } arena{arena_bytes_ > 0 ? static_cast<char*>(pool_acquire(arena_bytes_)) : nullptr};
  auto resolve = [&](const Operand& operand) -> char* {
    switch (operand.kind) {
      case Operand::input:
        return static_cast<char*>(const_cast<void*>(inputs[operand.number])) + operand.offset;
      case Operand::constant:
        if (operand.number < 0) return nullptr;
        return static_cast<char*>(const_cast<void*>(constants_[std::size_t(operand.number)].data)) + operand.offset;
      default: {
        const Buffer& buffer = buffers_[std::size_t(operand.number)];
        if (buffer.output >= 0) return static_cast<char*>(outputs[buffer.output]) + operand.offset;
        return arena.data + buffer.offset + operand.offset;
      }
    }
  };
  const std::shared_ptr<const AllPacked> weights = packed();
  const void* in[kMaxOperands];
  void* out[kMaxOperands];
  for (std::size_t i = 0; i < steps_.size(); i++) {
    const Step& step = steps_[i];
    for (std::size_t k = 0; k < step.in.size(); k++) in[k] = resolve(step.in[k]);
    for (std::size_t k = 0; k < step.out.size(); k++) out[k] = resolve(step.out[k]);
    step.run(in, out, (*weights)[i].data.get());
  }
  for (const Alias& alias : aliases_) std::memcpy(outputs[alias.output], resolve(alias.from), std::size_t(alias.bytes));
}

}  // namespace pydl
