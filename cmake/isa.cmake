# The only place that knows compiler flags per instruction set.
# pydl_add_isa(name flags...) compiles csrc/kernels/**/*.cpp once more, into the object library pydl_kernels_<name>.
# pydl_isa_<name> holds what any file needs that is built for this set (the kernels, and their own C++ tests).
function(pydl_add_isa name)
  add_library(pydl_isa_${name} INTERFACE)
  target_compile_definitions(pydl_isa_${name} INTERFACE PYDL_ISA=${name})
  # -ffp-contract=fast: a*b+c may become one fused multiply-add. -fno-math-errno and -fno-trapping-math let loops
  # vectorise and change no result.
  target_compile_options(pydl_isa_${name} INTERFACE ${ARGN} -ffp-contract=fast -fno-math-errno -fno-trapping-math)
  target_link_libraries(pydl_isa_${name} INTERFACE pydl_flags)

  # Exceptions stay on: std::bad_alloc from Scratch passes through kernels and must free what they hold.
  add_library(pydl_kernels_${name} OBJECT ${PYDL_KERNEL_SOURCES})
  set(level -O3)
  if(PYDL_SANITIZE)
    set(level -O1) # sanitizers take minutes for unrolled kernels at -O3
  endif()
  target_compile_options(pydl_kernels_${name} PRIVATE ${level} -fno-rtti)
  target_link_libraries(pydl_kernels_${name} PRIVATE pydl_isa_${name})
  if(NOT PYDL_SANITIZE) # sanitizers add symbols of their own
    pydl_check_symbols(pydl_kernels_${name} ${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY PYDL_ISA_NAMES ${name})
endfunction()

# The target check_<target>: see check_isa_symbols.cmake.
set(PYDL_CHECK_ISA_SYMBOLS ${CMAKE_CURRENT_LIST_DIR}/check_isa_symbols.cmake)
function(pydl_check_symbols target name)
  set(checked ${CMAKE_CURRENT_BINARY_DIR}/${target}.checked)
  add_custom_command(
    OUTPUT ${checked}
    COMMAND ${CMAKE_COMMAND} -DISA=${name} -DNM=${CMAKE_NM} -DOBJDUMP=${CMAKE_OBJDUMP}
            "-DOBJECTS=$<TARGET_OBJECTS:${target}>" -P
            ${PYDL_CHECK_ISA_SYMBOLS}
    COMMAND ${CMAKE_COMMAND} -E touch ${checked}
    DEPENDS ${target} $<TARGET_OBJECTS:${target}> ${PYDL_CHECK_ISA_SYMBOLS}
    COMMENT "Checking the symbols of ${target}"
    VERBATIM)
  add_custom_target(check_${target} DEPENDS ${checked})
endfunction()

# Sets PYDL_ISA_NAMES, worst first. PYDL_ISAS restricts it (the baseline is always built).
macro(pydl_add_isas)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(known baseline avx2 avx512)
    set(flags_baseline -march=x86-64-v2)
    set(flags_avx2 -march=x86-64-v3)
    # GCC 12 warns about the undefined vectors in its own avx512fintrin.h.
    set(flags_avx512 -march=x86-64-v4 -mprefer-vector-width=512 -Wno-maybe-uninitialized)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(known baseline)
    set(flags_baseline -march=armv8-a) # NEON is part of the baseline
  else()
    set(known baseline)
  endif()
  foreach(name IN LISTS known)
    if(name STREQUAL baseline OR NOT PYDL_ISAS OR name IN_LIST PYDL_ISAS)
      pydl_add_isa(${name} ${flags_${name}})
    endif()
  endforeach()
  get_property(PYDL_ISA_NAMES GLOBAL PROPERTY PYDL_ISA_NAMES)
endmacro()
