// How many CPUs this process may really use, which in a container is less than the machine has.
#pragma once
#include <string>

namespace pydl {

// The CPU time that the container's cgroups allow, in CPUs (2.5 means 250 ms every 100 ms); 0 when there is no limit.
// `root` comes before /proc and /sys, for tests.
double cgroup_cpu_quota(const std::string& root = "");

// `cpus` cut down to a quota, rounded up: part of a CPU still feeds a thread. At least 1.
int usable_cpus(int cpus, double quota);

// The thread count in the environment variable `name`: 0 when it is unset or empty. A list "4,2" counts as its first
// entry (OMP_NUM_THREADS may hold one). Throws std::invalid_argument on anything but a whole number of at least 1.
int threads_from_environment(const char* name);

}  // namespace pydl
