# SON1K_SANITIZE is a comma-separated list for -fsanitize (address,undefined or thread).
set(SON1K_SANITIZE "" CACHE STRING "Sanitizers to build with")

if(SON1K_SANITIZE)
  add_compile_options(-fsanitize=${SON1K_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SON1K_SANITIZE})
  if(SON1K_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
    # A fifth of the compile time, for what AddressSanitizer reports as well or x86 allows.
    add_compile_options(-fno-sanitize=null,alignment,vptr)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      # clang 14 cannot emit the function check's data for a coroutine.
      add_compile_options(-fno-sanitize=function)
    endif()
  endif()
  if(SON1K_SANITIZE MATCHES "thread")
    # g++'s TSan does not model std::atomic_thread_fence, which Asio uses in one place on purpose.
    add_compile_options(-Wno-tsan)
  endif()
endif()
if(SON1K_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
