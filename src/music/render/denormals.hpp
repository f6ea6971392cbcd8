// Flushes denormal floats to zero on this thread while the object lives: decaying filters and
// reverbs otherwise run many times slower on silence. A no-op where SSE2 is absent.
#pragma once
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace son1k::music::render {

class no_denormals {
 public:
#if defined(__SSE2__)
  no_denormals() : saved_(_mm_getcsr()) {
    _mm_setcsr(saved_ | flush_to_zero | denormals_are_zero);
  }
  ~no_denormals() {
    _mm_setcsr(saved_);
  }
#else
  no_denormals() = default;
#endif
  no_denormals(const no_denormals&) = delete;
  no_denormals& operator=(const no_denormals&) = delete;

 private:
#if defined(__SSE2__)
  static constexpr unsigned flush_to_zero = 0x8000;
  static constexpr unsigned denormals_are_zero = 0x0040;
  unsigned saved_;
#endif
};

}  // namespace son1k::music::render
