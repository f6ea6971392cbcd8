// What `son1k doctor` looks at: each finding says what is, whether it is well, and what to do.
// Checks change nothing that stays; any thread.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::ops {

enum class verdict { good, warning, bad };
std::string_view name_of(verdict v);  // "ok" | "warning" | "bad"

struct finding {
  std::string about;
  verdict how = verdict::good;
  text what;
  text advice;  // empty where all is well
};

finding check_folder(const std::filesystem::path& data_dir);
// Free space: bad under 100 MB, a warning under 1 GB.
finding check_disk(const std::filesystem::path& data_dir);
// How long a small durable write takes (median of 20): a warning over 20 ms.
finding check_fsync(const std::filesystem::path& data_dir);
finding check_sound_font(const std::filesystem::path& configured);
// The limit of open files bounds the connections: a warning under 4,096.
finding check_descriptors();

using open_database = std::function<result<std::unique_ptr<store::database>>()>;
// Opens the database and looks at its schema. A file in use by a running server is well; an empty
// `file` stands for a database on a server.
finding check_database(const std::string& about, const std::filesystem::path& file,
                       const open_database& open);

}  // namespace son1k::ops
