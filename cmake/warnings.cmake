# One INTERFACE target carries the warnings of the whole project; third parties are SYSTEM.
option(SON1K_WERROR "Treat warnings as errors" OFF)

add_library(son1k_warnings INTERFACE)
target_compile_options(son1k_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wpedantic
                                                -Wno-psabi
                                                # designated initialisers name what differs
                                                -Wno-missing-field-initializers)
if(SON1K_WERROR)
  target_compile_options(son1k_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports false positives from inlined standard and Boost headers at -O2 and above.
  target_compile_options(son1k_warnings INTERFACE -Wno-maybe-uninitialized -Wno-restrict
                                                  -Wno-stringop-overflow -Wno-array-bounds
                                                  -Wno-stringop-overread -Wno-free-nonheap-object
                                                  -Wno-mismatched-new-delete)
endif()

# Files that are compiled as one see each other's names, and what a file keeps to itself looks like
# part of a header.
add_library(son1k_gathered INTERFACE)
target_compile_options(son1k_gathered INTERFACE -Wno-subobject-linkage -Wno-shadow -Wshadow=local)
