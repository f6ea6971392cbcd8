# Uses ccache where it is installed, unless a launcher was chosen. The precompiled header asks for
# -fpch-preprocess and the two kinds of sloppiness, or every file that uses it would be a miss.
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(SON1K_CCACHE ccache)
  if(SON1K_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
                                    CCACHE_SLOPPINESS=pch_defines,time_macros ${SON1K_CCACHE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-fpch-preprocess)
    endif()
  endif()
endif()
