// run_if_supported <isa> <command>...: becomes the command if this CPU has the instruction set, else exits with 77.
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "runtime/dispatch.h"

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  for (int i = 0; i < pydl::isa_count(); i++) {
    if (std::strcmp(argv[1], pydl::isa_name(i)) != 0) continue;
    if (!pydl::isa_supported(i)) {
      std::printf("this CPU does not have %s\n", argv[1]);
      return 77;
    }
    execv(argv[2], argv + 2);
    std::perror(argv[2]);
  }
  return 2;
}
