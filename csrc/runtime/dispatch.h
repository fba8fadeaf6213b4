// Which instruction sets are compiled in, which this CPU has, and which table is in use.
#pragma once
#include "contract/table.h"

namespace pydl {

const Kernels& kernels();  // the table in use; chosen on first call: PYDL_ISA, else the best
int isa_count();           // compiled in, worst first
const char* isa_name(int i);
bool isa_supported(int i);       // by this CPU and its operating system
void set_isa(const char* name);  // throws std::invalid_argument that lists what is there

}  // namespace pydl
