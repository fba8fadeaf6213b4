// How many CPUs this process may really use, which in a container is less than the machine has.
#pragma once
#include <string>

namespace pydl {

// The CPU time that the container's cgroups allow, in CPUs (2.5 means 250 ms every 100 ms); 0 without a limit. `root`
// is put before /proc and /sys, for tests.
double cgroup_cpu_quota(const std::string& root = "");

// `cpus` limited to a quota, rounded up: a part of a CPU still serves a thread. At least 1.
int usable_cpus(int cpus, double quota);

// The value of PYDL_NUM_THREADS, else of OMP_NUM_THREADS; 0 if neither gives one. Of a list "4,2" the first entry
// counts. A PYDL_NUM_THREADS that is not a whole number from 1 to kMaxThreads throws std::invalid_argument with its
// name. OMP_NUM_THREADS is for every program: a value that is no number counts as unset, as in OpenMP, and a larger one
// as kMaxThreads.
int threads_from_environment();

// The text of a warning if OMP_NUM_THREADS is ignored because it is no number; else empty.
std::string omp_num_threads_warning();

}  // namespace pydl
