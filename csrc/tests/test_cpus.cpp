#include <doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "runtime/threads/cpus.h"
#include "runtime/threads/parallel.h"

namespace pydl {
namespace {

// A simulated /proc and /sys in a temporary folder.
class System {
 public:
  System() {
    std::string name = (std::filesystem::temp_directory_path() / "pydl-cpus-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root_ = name;
  }
  ~System() { std::filesystem::remove_all(root_); }
  System& file(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = root_ + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
    return *this;
  }
  double quota() const { return cgroup_cpu_quota(root_); }

 private:
  std::string root_;
};

struct Environment {  // a variable, for one test
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value, 1);
  }
  ~Environment() { before_.empty() ? unsetenv(name_) : setenv(name_, before_.c_str(), 1); }
  const char* name_;
  std::string before_;
};

TEST_CASE("no cgroup files, or no limit in them, is no quota") {
  CHECK(System().quota() == 0);
  CHECK(System().file("/proc/self/cgroup", "0::/\n").file("/sys/fs/cgroup/cpu.max", "max 100000\n").quota() == 0);
  CHECK(System()
            .file("/proc/self/cgroup", "3:cpu,cpuacct:/\n")
            .file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
            .file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
            .quota() == 0);
  CHECK(System().file("/proc/self/cgroup", "nonsense\n::\n0::\n").quota() == 0);
}

TEST_CASE("version 2: the tightest limit from the group up to the root") {
  System system;
  system.file("/proc/self/cgroup", "0::/a/b\n");
  CHECK(system.file("/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n").quota() == 4);
  CHECK(system.file("/sys/fs/cgroup/a/cpu.max", "150000 100000\n").quota() == 1.5);
  CHECK(system.file("/sys/fs/cgroup/cpu.max", "max 100000\n").quota() == 1.5);
}

TEST_CASE("version 2: in a container whose own group is mounted as the root") {
  CHECK(System()
            .file("/proc/self/cgroup", "0::/docker/0123\n")
            .file("/sys/fs/cgroup/cpu.max", "50000 100000\n")
            .quota() == 0.5);
}

TEST_CASE("version 1: the cpu controller, alone or with others, and not cpuset") {
  for (const char* controllers : {"cpu", "cpu,cpuacct", "cpuacct,cpu"})
    CHECK(System()
              .file("/proc/self/cgroup", "9:cpuset:/other\n4:" + std::string(controllers) + ":/box\n0::/\n")
              .file("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "250000\n")
              .file("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n")
              .quota() == 2.5);
}

TEST_CASE("a quota rounds up and never passes the CPUs that are there") {
  CHECK(usable_cpus(8, 0) == 8);
  CHECK(usable_cpus(8, 2) == 2);
  CHECK(usable_cpus(8, 2.5) == 3);
  CHECK(usable_cpus(8, 0.1) == 1);
  CHECK(usable_cpus(2, 64) == 2);
}

TEST_CASE("the environment decides first, PYDL_NUM_THREADS before OMP_NUM_THREADS") {
  Environment omp("OMP_NUM_THREADS", "3,2");
  {
    Environment pydl("PYDL_NUM_THREADS", "7");
    CHECK(default_num_threads() == 7);
  }
  Environment pydl("PYDL_NUM_THREADS", "");
  CHECK(default_num_threads() == 3);
}

TEST_CASE("a bad thread count in the environment is named in the error") {
  for (const char* bad : {"0", "-2", "two", "1.5", "4x", "100000", "99999999999999999999", ","}) {
    Environment pydl("PYDL_NUM_THREADS", bad);
    try {
      default_num_threads();
      FAIL("expected an error for " << bad);
    } catch (const std::invalid_argument& e) {
      const std::string text = e.what();
      CHECK(text.find("PYDL_NUM_THREADS") != std::string::npos);
      CHECK(text.find(bad) != std::string::npos);
    }
  }
}

TEST_CASE("OMP_NUM_THREADS that is no number counts as unset, with a warning that names it") {
  const int machine = [] {
    Environment omp("OMP_NUM_THREADS", "");
    return default_num_threads();
  }();
  for (const char* bad : {"0", "-2", "abc", "1.5", "4x", ",", " ", "-99999999999999999999"}) {
    Environment omp("OMP_NUM_THREADS", bad);
    CHECK(default_num_threads() == machine);
    CHECK(omp_num_threads_warning().find("OMP_NUM_THREADS") == 0);
    CHECK(omp_num_threads_warning().find("'" + std::string(bad) + "'") != std::string::npos);
    Environment pydl("PYDL_NUM_THREADS", "3");
    CHECK(default_num_threads() == 3);
    CHECK(omp_num_threads_warning().empty());
  }
  for (const char* good : {"", "4", "4,2", " 4 "}) {
    Environment omp("OMP_NUM_THREADS", good);
    CHECK(default_num_threads() == (*good ? 4 : machine));
    CHECK(omp_num_threads_warning().empty());
  }
  Environment omp("OMP_NUM_THREADS", "100000");
  CHECK(default_num_threads() == kMaxThreads);
}

}  // namespace
}  // namespace pydl
