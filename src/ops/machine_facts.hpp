// What a figure was measured on. Linux; unknown facts are absent.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>

namespace son1k::ops {

// {"cpu", "cores", "memory_mib", "kernel", "compiler", "fsync_us"}; `folder` is where fsync_us (the
// median of a few small synced writes) is measured.
boost::json::object machine_facts(const std::filesystem::path& folder);

// Resident memory of this process in MiB; 0 if unknown.
double resident_mib();

}  // namespace son1k::ops
