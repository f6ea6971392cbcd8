// JSON from outside: parsed under bounds, read field by field, unknown fields refused. Each error
// names the field and the reason in both languages.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k {

inline constexpr std::size_t json_depth_max = 32;
inline constexpr std::size_t json_members_max = 256;

// malformed: not JSON (RFC 8259), not UTF-8, a lone surrogate, a number no double can hold, a
// duplicate member, more than `members` members in an object, or nested deeper than `depth`;
// the message says where.
result<boost::json::value> parse_json(std::string_view bytes, std::size_t depth = json_depth_max,
                                      std::size_t members = json_members_max);

// Reads the members of one object. The first problem is kept and later reads return nothing, so a
// caller reads all fields and checks once with finish(), which also refuses members nobody read.
class object_reader {
 public:
  // `where` prefixes field names ("options." for nested objects).
  explicit object_reader(const boost::json::value& v, std::string where = "");

  struct text_bounds {
    std::size_t min_points = 0;
    std::size_t max_points = 10'000;
    bool blank_allowed = true;
  };
  std::optional<std::string> utf8(std::string_view name, text_bounds bounds);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<double> number(std::string_view name, double min, double max);
  std::optional<bool> boolean(std::string_view name);
  // One of `allowed`; its index.
  std::optional<std::size_t> choice(std::string_view name,
                                    std::span<const std::string_view> allowed);
  std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t count_max,
                                                std::size_t points_max);
  // Any JSON value (the member is marked as read).
  const boost::json::value* any(std::string_view name);

  void require(std::string_view name);  // the member must be there and not null
  void fail(std::string_view name, text why);
  // validation: the first problem, or an unknown member.
  result<void> finish();

 private:
  const boost::json::value* take(std::string_view name);
  std::string path(std::string_view name) const;

  const boost::json::object* object_ = nullptr;
  std::string where_;
  std::vector<std::string_view> known_;
  std::optional<error> problem_;
};

// Writes one flat object as text, without a tree in between: for paths where each allocation
// counts.
class json_writer {
 public:
  void text(std::string_view name, std::string_view v);  // valid UTF-8
  void integer(std::string_view name, std::int64_t v);
  void boolean(std::string_view name, bool v);
  // The object; the writer is empty again.
  std::string finish();

 private:
  void open(std::string_view name);
  void append_quoted(std::string_view v);
  std::string out_;
};

}  // namespace son1k
