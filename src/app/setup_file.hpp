// DATA_DIR/setup-url: the link by which the first administrator is made, readable by the folder's
// owner alone; gone once it was used.
#pragma once
#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace son1k::app {

// Whole or not at all, in place of an older one. forbidden, storage_full, unavailable with the
// field "data_dir".
result<void> write_private_file(const std::filesystem::path& file, const std::string& content);

std::filesystem::path setup_file_of(const std::filesystem::path& data_dir);

}  // namespace son1k::app
