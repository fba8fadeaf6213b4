# The only place that knows compiler flags per instruction set.
# pydl_add_isa(name flags...) compiles csrc/kernels/*.cpp once more, into the object library pydl_kernels_<name>.
function(pydl_add_isa name)
  set(target pydl_kernels_${name})
  add_library(${target} OBJECT ${PYDL_KERNEL_SOURCES})
  target_compile_definitions(${target} PRIVATE PYDL_ISA=${name})
  # -ffp-contract=fast: a*b+c may become one fused multiply-add. -fno-math-errno and -fno-trapping-math let loops
  # vectorise and change no result. -fno-semantic-interposition keeps calls inside the folder direct.
  target_compile_options(${target} PRIVATE ${ARGN} -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math -fno-exceptions
                                           -fno-rtti)
  target_link_libraries(${target} PRIVATE pydl_flags)
  set_property(GLOBAL APPEND PROPERTY PYDL_ISA_NAMES ${name})
endfunction()

# Sets PYDL_ISA_NAMES, worst first. PYDL_ISAS restricts it (the baseline is always built).
macro(pydl_add_isas)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(known baseline avx2 avx512)
    set(flags_baseline -march=x86-64-v2)
    set(flags_avx2 -march=x86-64-v3)
    set(flags_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
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
