#include "runtime/threads/cpus.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "runtime/check.h"
#include "runtime/threads/thread_count.h"

namespace pydl {
namespace {

// The first two words of a file; empty if it does not exist.
std::pair<std::string, std::string> words(const std::string& path) {
  std::pair<std::string, std::string> two;
  std::ifstream(path) >> two.first >> two.second;
  return two;
}

// quota / period, both in microseconds; 0 for "max", for -1 and for missing files.
double ratio(const std::string& quota, const std::string& period) {
  const double q = std::atof(quota.c_str()), p = std::atof(period.c_str());
  return q > 0 && p > 0 ? q / p : 0;
}

double tighter(double a, double b) { return a > 0 && b > 0 ? std::min(a, b) : std::max(a, b); }

// The tightest limit on the path from the group `path` up to the root of its hierarchy. The group itself may not be
// visible (a container often sees its own group as the root): unreadable files do not limit.
template <class Limit>
double tightest(std::string path, const Limit& limit) {
  double quota = 0;
  while (true) {
    quota = tighter(quota, limit(path == "/" ? "" : path));
    if (path.size() <= 1) return quota;
    path.resize(std::max<std::size_t>(path.rfind('/'), 1));
  }
}

// A thread count in the environment.
struct Setting {
  std::string text;  // empty: unset
  long threads = 0;  // 0: unset, or not a number of at least 1

  explicit Setting(const char* name) {
    const char* value = std::getenv(name);
    if (!value) return;
    text = value;
    char* end;
    const long number = std::strtol(value, &end, 10);
    while (*end == ' ') end++;
    if (end != value && (*end == 0 || *end == ',') && number >= 1) threads = number;
  }
  bool fine() const { return text.empty() || threads > 0; }
};

}  // namespace

double cgroup_cpu_quota(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup";
  double quota = 0;
  std::ifstream groups(root + "/proc/self/cgroup");  // lines "number:controllers:path"; version 2 has no controllers
  for (std::string line; std::getline(groups, line);) {
    std::istringstream fields(line);
    std::string number, controllers, path;
    if (!std::getline(fields, number, ':') || !std::getline(fields, controllers, ':') || !std::getline(fields, path))
      continue;
    if (path.empty() || path[0] != '/') continue;
    if (controllers.empty()) {
      quota = tighter(quota, tightest(path, [&](const std::string& group) {
                        auto [q, period] = words(mount + group + "/cpu.max");
                        return ratio(q, period);
                      }));
    } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
      quota =
          tighter(quota, tightest(path, [&](const std::string& group) {
                    const std::string folder = mount + "/cpu" + group;
                    return ratio(words(folder + "/cpu.cfs_quota_us").first, words(folder + "/cpu.cfs_period_us").first);
                  }));
    }
  }
  return quota;
}

int usable_cpus(int cpus, double quota) {
  if (quota > 0 && quota < cpus) cpus = int(std::ceil(quota));
  return std::max(cpus, 1);
}

int threads_from_environment() {
  const Setting own("PYDL_NUM_THREADS");
  PYDL_CHECK(own.fine() && own.threads <= kMaxThreads, "[threads] PYDL_NUM_THREADS: expected a whole number from 1 to ",
             kMaxThreads, ", got '", own.text, "'");
  if (own.threads) return int(own.threads);
  return int(std::min<long>(Setting("OMP_NUM_THREADS").threads, kMaxThreads));
}

std::string omp_num_threads_warning() {
  const Setting omp("OMP_NUM_THREADS");
  if (omp.fine() || !Setting("PYDL_NUM_THREADS").text.empty()) return "";
  return message("OMP_NUM_THREADS: expected a whole number of at least 1, got '", omp.text,
                 "'; it counts as unset (PYDL_NUM_THREADS comes before it)");
}

}  // namespace pydl
