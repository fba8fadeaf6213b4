// How many CPUs this process may really use, which in a container is less than the machine has.
#pragma once
#include <string>

namespace pydl {

// The CPU time that the container's cgroups allow, in CPUs (2.5 means 250 ms every 100 ms); 0 when there is no limit.
// `root` comes before /proc and /sys, for tests.
double cgroup_cpu_quota(const std::string& root = "");

// `cpus` cut down to a quota, rounded up: part of a CPU still feeds a thread. At least 1.
int usable_cpus(int cpus, double quota);

// What PYDL_NUM_THREADS, else OMP_NUM_THREADS says; 0 where neither says anything. A list "4,2" counts as its first
// entry. PYDL_NUM_THREADS that is no whole number from 1 to kMaxThreads: std::invalid_argument, which names it.
// OMP_NUM_THREADS is for every program: what is no number counts as unset, as it does for OpenMP, and a larger number
// as kMaxThreads.
int threads_from_environment();

// The words of a warning where OMP_NUM_THREADS is passed over because it is no number; empty where it is not.
std::string omp_num_threads_warning();

}  // namespace pydl
