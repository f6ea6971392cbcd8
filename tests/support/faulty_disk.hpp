// A file layer for SQLite that passes everything to the system's and fails on demand: writes
// without room, broken writes, fsyncs that are not confirmed. One for the program, registered by
// its first use; its name goes into sqlite_settings::vfs. Thread-safe.
#pragma once
#include <string>

namespace son1k::test {

enum class disk_fault { none, no_room, broken_write, lost_fsync };

// Registers the layer if need be; its name.
std::string faulty_disk();
// From now on every such call on a file whose name ends in `suffix` ("" = any) fails.
void set_disk_fault(disk_fault f, std::string suffix = {});
// fsyncs that were confirmed since the program began, of files whose name ends in `suffix`.
int confirmed_fsyncs(const std::string& suffix);

}  // namespace son1k::test
