// Configuration as one table: a row a setting, with its flag, its environment variable, its key in
// son1k.toml, its default and what it means. Flag > environment > file > default. Values are read
// once at start and never change.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace son1k::app {

enum class setting_type { text, integer, boolean };

struct setting_row {
  std::string_view name;         // key in the file, and of `son1k config`
  std::string_view flag;         // "--port"; empty: no flag
  std::string_view environment;  // "PORT"
  setting_type type;
  std::string_view fallback;
  std::int64_t min;  // for integers
  std::int64_t max;
  std::string_view meaning;
};
std::span<const setting_row> setting_rows();

class settings {
 public:
  // `flags` holds what the command line gave, by name. An empty `file` means none.
  // validation: the field is the setting's name, the message says where the value came from.
  static result<settings> load(const std::map<std::string, std::string>& flags,
                               const std::filesystem::path& file);

  const std::string& text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool boolean(std::string_view name) const;
  // "flag", "environment PORT", "file", or "default".
  const std::string& source(std::string_view name) const;

 private:
  struct entry {
    std::string value;
    std::string source;
  };
  const entry& at(std::string_view name) const;
  std::map<std::string, entry, std::less<>> entries_;
};

}  // namespace son1k::app
