# Fails if an object compiled for one instruction set defines a symbol that the linker could give to other code, or holds
# state of its own.
#
# cmake -DISA=avx512 -DNM=nm -DOBJDUMP=objdump -DOBJECTS=a.o;b.o -P check_isa_symbols.cmake
#
# A weak copy of, say, std::max compiled for AVX-512 may be the one that the linker keeps for everybody: the library then
# dies with "illegal instruction" on older CPUs. So every defined symbol that is weak or global lies in pydl::<isa>.
# Mach-O (macOS) puts one more underscore before every name.
#
# Kernels have no static state: no variable in .bss, .tbss, .data or .tdata but the table and its guard. OBJDUMP may be
# empty where the platform has none.
string(LENGTH ${ISA} length)
execute_process(COMMAND ${NM} --defined-only --format=posix ${OBJECTS} OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${NM} failed on ${OBJECTS}")
endif()
# The pointer through which exceptions find the C++ library's handler: data, the same in every object.
set(personality "DW.ref.__gxx_personality_v0")

string(REPLACE "\n" ";" symbols "${symbols}")
set(leaks "")
foreach(line IN LISTS symbols)
  # "name type value size"; lower-case types are local, but for weak (w, v) and unique (u) symbols.
  if(NOT line MATCHES "^([^ ]+) ([A-Zwvu]) ")
    continue()
  endif()
  set(name ${CMAKE_MATCH_1})
  if(NOT name MATCHES "^_?_Z[A-Z]*N[VK]*4pydl${length}${ISA}" AND NOT name STREQUAL personality)
    list(APPEND leaks ${name})
  endif()
endforeach()
if(leaks)
  list(REMOVE_DUPLICATES leaks)
  list(JOIN leaks "\n  " text)
  message(FATAL_ERROR "objects for ${ISA} define symbols outside pydl::${ISA} (csrc/kernels/README.md):\n  ${text}")
endif()

if(NOT OBJDUMP)
  return()
endif()
execute_process(COMMAND ${OBJDUMP} -t ${OBJECTS} OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${OBJDUMP} failed on ${OBJECTS}")
endif()
string(REPLACE "\n" ";" symbols "${symbols}")
set(state "")
foreach(line IN LISTS symbols)
  # "value flags section<tab>size name"; the flag d marks the section itself. Constants lie in .rodata and .data.rel.ro.
  if(NOT line MATCHES "^[0-9a-f]+ [^d]* (\\.(bss|tbss|data|tdata)[^\t]*)\t[0-9a-f]+ (.*)$")
    continue()
  endif()
  set(section ${CMAKE_MATCH_1})
  string(REPLACE ".hidden " "" name "${CMAKE_MATCH_3}")
  if(NOT section MATCHES "^\\.data\\.rel\\.ro" AND NOT name STREQUAL personality AND
     NOT name MATCHES "^_Z(GV)?ZN4pydl${length}${ISA}5tableEvE7kernels$")
    list(APPEND state "${name} in ${section}")
  endif()
endforeach()
if(state)
  list(REMOVE_DUPLICATES state)
  list(JOIN state "\n  " text)
  message(FATAL_ERROR "objects for ${ISA} hold static state (csrc/kernels/README.md):\n  ${text}")
endif()
