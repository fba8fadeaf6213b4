// A plan: the list of kernel calls that a model made once for one input shape, replayed in one call. In inference these
// are the forward pass; in training, forward and backward.
//
// While a Plan records (at most one per thread), every binding adds its kernel call as a step: a function of pointers,
// and the memory it reads and writes. Memory is known by address: the plan's inputs, the weights, and what recorded
// steps wrote. A step that reads anything else ends the recording with a reason, so that a computation outside the
// kernels never becomes a constant of the plan.
//
// A replay needs no Python: intermediate results are in one block from the pool, laid out by liveness. Weights are
// packed once, and again when their version, the instruction set or the precision changes.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "contract/conv2d.h"

namespace pydl {

// Counts the changes of a weight: every write to the weight bumps it.
struct Version {
  std::atomic<std::int64_t> value{0};
};

// What a kernel call reads or writes.
struct Memory {
  const void* data;
  index bytes;
};

class Plan : public std::enable_shared_from_this<Plan> {
 public:
  using Run = std::function<void(const void* const* in, void* const* out, const void* packed)>;
  // How to pack the weights that a step reads as in[arguments]; bytes() returns 0 if packing does not pay.
  struct Packing {
    std::vector<int> arguments;
    std::function<index()> bytes;
    std::function<void(const void* const* weights, void* packed)> pack;
  };

  static std::shared_ptr<Plan> make() { return std::shared_ptr<Plan>(new Plan); }
  Plan(const Plan&) = delete;
  virtual ~Plan() = default;

  // -- recording
  void begin(const std::vector<Memory>& inputs);
  // Memory at a fixed address. Without a version it changes too often to be packed, as trained weights do.
  void add_constant(Memory memory, std::shared_ptr<Version> version);
  void add_step(const char* op, const std::vector<Memory>& in, const std::vector<Memory>& out, Run run,
                Packing packing);
  void keep(std::shared_ptr<void> owner);               // until end(), so that no other array gets its address
  void fail(const std::string& reason);                 // the first reason is kept
  void blame(const std::string& where);                 // adds once where it failed, if it did
  std::string end(const std::vector<Memory>& outputs);  // empty: recorded; else why not

  // The plan that records in this thread; null without one, or if its owner is gone. Nothing else knows it.
  static std::shared_ptr<Plan> recording();
  static bool is_recording();
  static void set_recording(const std::shared_ptr<Plan>&);  // null pauses it: calls are not recorded

  // -- replaying: thread-safe, allocates only from the pool
  void run(const void* const* inputs, void* const* outputs);

  const std::vector<std::string>& ops() const { return ops_; }

 protected:
  Plan() = default;

 private:
  struct Operand {  // where a step finds its memory at replay
    enum Kind { input, constant, buffer } kind;
    int number;
    index offset;
  };
  struct Buffer {
    index bytes, offset;
    int first, last;  // steps
    int output = -1;  // written straight to this output of the plan
  };
  struct Constant {
    const void* data;
    std::shared_ptr<Version> version;
  };
  struct Step {
    std::vector<Operand> in, out;
    Run run;
    Packing packing;
  };
  struct PackedFor {  // what packed weights depend on
    const char* isa = nullptr;
    ConvAlgorithm conv2d = ConvAlgorithm::automatic;  // see precision.h
    std::int64_t version = -1;                        // the sum of those of the weights, each of which only grows

    bool operator==(const PackedFor& other) const {
      return isa == other.isa && conv2d == other.conv2d && version == other.version;
    }
  };
  struct Packed {
    PackedFor made_for;
    std::shared_ptr<void> data;  // from the pool
  };
  using AllPacked = std::vector<Packed>;  // one for each step
  struct Alias {                          // an output that is an input, a constant or another output: copied
    Operand from;
    int output;
    index bytes;
  };

  void add_region(const std::string& name, const Memory&, const Operand&);
  bool find(const Memory&, Operand*) const;
  void lay_out();
  std::shared_ptr<const AllPacked> packed();
  void pack(const Step&, Packed&) const;
  std::int64_t version_of(const Step&) const;

  struct Region {  // memory that recorded steps may read
    index bytes;
    Operand operand;
  };
  std::map<const char*, Region> regions_;  // by first address; the newest writer wins
  std::vector<std::shared_ptr<void>> kept_;
  std::string reason_;
  bool blamed_ = false;

  std::vector<Step> steps_;
  std::vector<std::string> ops_;
  std::vector<Buffer> buffers_;
  std::vector<Constant> constants_;
  std::vector<Alias> aliases_;
  index arena_bytes_ = 0;

  std::mutex packing_;
  std::shared_ptr<const AllPacked> packed_;  // never written to: runs that read an older one keep it alive
  PackedFor packed_for_;                     // with the versions of all weights
};

}  // namespace pydl
