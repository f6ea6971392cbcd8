// Names for threads, as top, gdb and perf show them.
#pragma once
#include <pthread.h>

#include <string>
#include <string_view>

namespace son1k {

// Names the calling thread; the kernel keeps the first 15 bytes.
inline void name_thread(std::string_view name) {
  const std::string shown(name.substr(0, 15));
  pthread_setname_np(pthread_self(), shown.c_str());
}

}  // namespace son1k
