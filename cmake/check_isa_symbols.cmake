# Fails if an object compiled for one instruction set defines a symbol that the linker could give to other code.
#
# cmake -DISA=avx512 -DNM=nm -DOBJECTS=a.o;b.o -P check_isa_symbols.cmake
#
# A weak copy of, say, std::max compiled for AVX-512 may be the one that the linker keeps for everybody: the library then
# dies with "illegal instruction" on older CPUs. So every defined symbol that is weak or global lies in pydl::<isa>.
# Mach-O (macOS) puts one more underscore before every name.
string(LENGTH ${ISA} length)
execute_process(COMMAND ${NM} --defined-only --format=posix ${OBJECTS} OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${NM} failed on ${OBJECTS}")
endif()

string(REPLACE "\n" ";" symbols "${symbols}")
set(leaks "")
foreach(line IN LISTS symbols)
  # "name type value size"; lower-case types are local, but for weak (w, v) and unique (u) symbols.
  if(NOT line MATCHES "^([^ ]+) ([A-Zwvu]) ")
    continue()
  endif()
  set(name ${CMAKE_MATCH_1})
  # The pointer through which exceptions find the C++ library's handler: data, the same in every object.
  if(NOT name MATCHES "^_?_Z[A-Z]*N[VK]*4pydl${length}${ISA}" AND NOT name STREQUAL "DW.ref.__gxx_personality_v0")
    list(APPEND leaks ${name})
  endif()
endforeach()
if(leaks)
  list(REMOVE_DUPLICATES leaks)
  list(JOIN leaks "\n  " text)
  message(FATAL_ERROR "objects for ${ISA} define symbols outside pydl::${ISA} (csrc/kernels/README.md):\n  ${text}")
endif()
