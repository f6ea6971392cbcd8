#include "support/faulty_disk.hpp"

#include <sqlite3.h>

#include <cstring>
#include <map>
#include <mutex>

namespace son1k::test {
namespace {

struct state {
  std::mutex mutex;
  disk_fault fault = disk_fault::none;
  std::string suffix;
  std::map<std::string, int> fsyncs;  // by file name
};

state& shared() {
  static state instance;
  return instance;
}

// SQLite allocates szOsFile bytes: this, then the system's own file.
struct faulty_file {
  sqlite3_file base;
  const char* name;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

faulty_file& of(sqlite3_file* f) {
  return *reinterpret_cast<faulty_file*>(f);
}
sqlite3_file* real(sqlite3_file* f) {
  return of(f).real();
}

bool struck(sqlite3_file* f, disk_fault fault) {
  state& s = shared();
  std::lock_guard lock(s.mutex);
  std::string name = of(f).name ? of(f).name : "";
  return s.fault == fault && name.ends_with(s.suffix);
}

int close_file(sqlite3_file* f) {
  return real(f)->pMethods->xClose(real(f));
}
int read_file(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, size, at);
}
int write_file(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
  if (struck(f, disk_fault::no_room)) return SQLITE_FULL;
  if (struck(f, disk_fault::broken_write)) return SQLITE_IOERR_WRITE;
  return real(f)->pMethods->xWrite(real(f), from, size, at);
}
int truncate_file(sqlite3_file* f, sqlite3_int64 size) {
  return real(f)->pMethods->xTruncate(real(f), size);
}
int sync_file(sqlite3_file* f, int flags) {
  if (struck(f, disk_fault::lost_fsync)) return SQLITE_IOERR_FSYNC;
  int code = real(f)->pMethods->xSync(real(f), flags);
  if (code == SQLITE_OK && of(f).name != nullptr) {
    std::lock_guard lock(shared().mutex);
    ++shared().fsyncs[of(f).name];
  }
  return code;
}
int size_of_file(sqlite3_file* f, sqlite3_int64* size) {
  return real(f)->pMethods->xFileSize(real(f), size);
}
int lock_file(sqlite3_file* f, int level) {
  return real(f)->pMethods->xLock(real(f), level);
}
int unlock_file(sqlite3_file* f, int level) {
  return real(f)->pMethods->xUnlock(real(f), level);
}
int is_reserved(sqlite3_file* f, int* out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int control_file(sqlite3_file* f, int what, void* argument) {
  return real(f)->pMethods->xFileControl(real(f), what, argument);
}
int sector_size(sqlite3_file* f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
int characteristics(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int map_shared(sqlite3_file* f, int region, int size, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), region, size, extend, out);
}
int lock_shared(sqlite3_file* f, int offset, int count, int flags) {
  return real(f)->pMethods->xShmLock(real(f), offset, count, flags);
}
void barrier_shared(sqlite3_file* f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
int unmap_shared(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}

const sqlite3_io_methods methods{2,
                                 close_file,
                                 read_file,
                                 write_file,
                                 truncate_file,
                                 sync_file,
                                 size_of_file,
                                 lock_file,
                                 unlock_file,
                                 is_reserved,
                                 control_file,
                                 sector_size,
                                 characteristics,
                                 map_shared,
                                 lock_shared,
                                 barrier_shared,
                                 unmap_shared,
                                 nullptr,
                                 nullptr};

sqlite3_vfs* system_layer() {
  static sqlite3_vfs* layer = sqlite3_vfs_find(nullptr);
  return layer;
}

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* out, int flags, int* out_flags) {
  faulty_file& file = of(out);
  file.base.pMethods = nullptr;
  file.name = name;
  int code = system_layer()->xOpen(system_layer(), name, file.real(), flags, out_flags);
  if (file.real()->pMethods != nullptr) file.base.pMethods = &methods;
  return code;
}

}  // namespace

std::string faulty_disk() {
  static sqlite3_vfs layer = [] {
    sqlite3_vfs copy = *system_layer();
    copy.zName = "son1k-faulty";
    copy.szOsFile += static_cast<int>(sizeof(faulty_file));
    copy.pNext = nullptr;
    copy.xOpen = open_file;
    return copy;
  }();
  static int registered = sqlite3_vfs_register(&layer, 0);
  return registered == SQLITE_OK ? layer.zName : "";
}

void set_disk_fault(disk_fault f, std::string suffix) {
  std::lock_guard lock(shared().mutex);
  shared().fault = f;
  shared().suffix = std::move(suffix);
}

int confirmed_fsyncs(const std::string& suffix) {
  std::lock_guard lock(shared().mutex);
  int sum = 0;
  for (const auto& [name, count] : shared().fsyncs)
    if (name.ends_with(suffix)) sum += count;
  return sum;
}

}  // namespace son1k::test
