// Loaded before the program under test (LD_PRELOAD): its wall clock is the machine's plus the
// milliseconds that stand, as a 64-bit number, in the file that SHIFTED_CLOCK names. Whoever writes
// there sets the clock of the running program at once. The monotonic clock stays as it is.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

using shift_ms = std::atomic<std::int64_t>;
static_assert(sizeof(shift_ms) == sizeof(std::int64_t) && shift_ms::is_always_lock_free);

// The clock is read before any constructor has run, also by the allocator: no allocation here.
constinit std::atomic<const shift_ms*> shift{nullptr};

__attribute__((constructor)) void map_file() {
  const char* name = std::getenv("SHIFTED_CLOCK");
  const int fd = name == nullptr ? -1 : ::open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void* at = ::mmap(nullptr, sizeof(shift_ms), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at != MAP_FAILED) shift = static_cast<const shift_ms*>(at);
}

std::int64_t shifted_by() {
  const auto* ms = shift.load();
  return ms == nullptr ? 0 : ms->load();
}

constexpr long nanos_of_second = 1'000'000'000;

}  // namespace

extern "C" {

int clock_gettime(clockid_t which, timespec* out) noexcept {
  const auto done = static_cast<int>(::syscall(SYS_clock_gettime, which, out));
  if (done != 0 || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)) return done;
  const auto ms = shifted_by();
  out->tv_sec += ms / 1'000;
  out->tv_nsec += ms % 1'000 * 1'000'000;
  if (out->tv_nsec < 0) {
    out->tv_nsec += nanos_of_second;
    --out->tv_sec;
  } else if (out->tv_nsec >= nanos_of_second) {
    out->tv_nsec -= nanos_of_second;
    ++out->tv_sec;
  }
  return 0;
}

int gettimeofday(timeval* out, void*) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1'000;
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
}
