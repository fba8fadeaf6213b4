# Fails if a header does not compile alone, or not together with all others in sorted and in reverse order.
#
# cmake -DCXX=g++ "-DFLAGS=-std=c++17 -fsyntax-only" -DROOT=csrc "-DPARTS=contract kernels" -DFOLDER=build/headers
#       -P check_headers.cmake
#
# FOLDER is for the generated sources. A compiler takes several of them in one call.
separate_arguments(FLAGS)
separate_arguments(PARTS)
set(headers "")
foreach(part IN LISTS PARTS)
  file(GLOB_RECURSE found RELATIVE ${ROOT} ${ROOT}/${part}/*.h)
  list(APPEND headers ${found})
endforeach()
list(SORT headers)
if(NOT headers)
  message(FATAL_ERROR "no headers in ${PARTS}")
endif()

file(REMOVE_RECURSE ${FOLDER})
set(sources "")
set(all "")
set(reverse "")
foreach(header IN LISTS headers)
  string(REPLACE "/" "." name ${header})
  set(include "#include \"${header}\"\n")
  file(WRITE ${FOLDER}/${name}.cpp "${include}${include}")
  list(APPEND sources ${FOLDER}/${name}.cpp)
  string(APPEND all "${include}")
  string(PREPEND reverse "${include}")
endforeach()
file(WRITE ${FOLDER}/all_sorted.cpp "${all}")
file(WRITE ${FOLDER}/all_reverse.cpp "${reverse}")
execute_process(COMMAND ${CXX} ${FLAGS} -I${ROOT} ${sources} ${FOLDER}/all_sorted.cpp ${FOLDER}/all_reverse.cpp
                ERROR_VARIABLE errors RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "headers do not compile:\n${errors}")
endif()
