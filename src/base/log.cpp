#include "base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cctype>
#include <mutex>

#include "base/clock.hpp"

namespace son1k::log {
namespace {

struct state {
  std::atomic<level> minimum{level::info};
  std::atomic<bool> json{true};
  std::atomic<int> descriptor{2};
  std::mutex writing;
};

state& shared() {
  static state instance;
  return instance;
}

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warn", "error"};

bool equal_fold(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

std::size_t find_fold(std::string_view in, std::string_view what, std::size_t from = 0) {
  if (what.size() > in.size()) return std::string_view::npos;
  for (std::size_t i = from; i + what.size() <= in.size(); ++i) {
    std::size_t k = 0;
    while (k < what.size() && equal_fold(in[i + k], what[k])) ++k;
    if (k == what.size()) return i;
  }
  return std::string_view::npos;
}

bool token_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' ||
         c == '~' || c == '+' || c == '/' || c == '=';
}

constexpr std::string_view hidden = "[redacted]";

// Replaces the run of token characters after each `mark` (at least `least` long).
void hide_after(std::string& s, std::string_view mark, std::size_t least) {
  std::size_t at = 0;
  while ((at = find_fold(s, mark, at)) != std::string::npos) {
    const std::size_t begin = at + mark.size();
    std::size_t end = begin;
    while (end < s.size() && token_char(s[end])) ++end;
    if (end - begin >= least && s.compare(begin, hidden.size(), hidden) != 0) {
      s.replace(begin, end - begin, hidden);
      at = begin + hidden.size();
    } else {
      at = begin;
    }
  }
}

// "scheme://user:password@host": the password goes.
void hide_url_passwords(std::string& s) {
  std::size_t at = 0;
  while ((at = s.find("://", at)) != std::string::npos) {
    at += 3;
    const std::size_t end = s.find_first_of("/ \t\"'", at);
    const std::size_t sign = s.rfind('@', end == std::string::npos ? s.size() : end);
    if (sign == std::string::npos || sign < at) continue;
    const std::size_t colon = s.find(':', at);
    if (colon != std::string::npos && colon < sign) s.replace(colon + 1, sign - colon - 1, hidden);
  }
}

// Three base64url parts, the first of which begins like {"…: a JSON web token.
void hide_jwts(std::string& s) {
  std::size_t at = 0;
  while ((at = s.find("eyJ", at)) != std::string::npos) {
    std::size_t end = at;
    int dots = 0;
    while (end < s.size() && token_char(s[end])) dots += s[end++] == '.';
    if (dots >= 2) s.replace(at, end - at, hidden);
    at += dots >= 2 ? hidden.size() : 3;
  }
}

boost::json::value to_json(const field& f) {
  if (is_secret_name(f.name)) return boost::json::value(hidden);
  if (const auto* text = std::get_if<std::string>(&f.data))
    return boost::json::value(redact(*text));
  if (const auto* integer = std::get_if<std::int64_t>(&f.data)) return *integer;
  if (const auto* real = std::get_if<double>(&f.data)) return *real;
  return std::get<bool>(f.data);
}

std::string json_line(level l, std::string_view event, std::initializer_list<field> fields) {
  boost::json::object line;
  line["time"] = iso_time(system_clock().now_ms()).chars;
  line["level"] = level_names[static_cast<std::size_t>(l)];
  line["event"] = event;
  for (const auto& f : fields) line[f.name] = to_json(f);
  return boost::json::serialize(line) + "\n";
}

std::string plain_line(level l, std::string_view event, std::initializer_list<field> fields) {
  const std::string_view time(iso_time(system_clock().now_ms()).chars, 24);
  std::string line = fmt::format("{} {:<5} {}", time.substr(11, 12),
                                 level_names[static_cast<std::size_t>(l)], event);
  for (const auto& f : fields) {
    const auto v = to_json(f);
    line += fmt::format(" {}={}", f.name, boost::json::serialize(v));
  }
  return line + "\n";
}

}  // namespace

void configure(const settings& s) {
  shared().minimum = s.minimum;
  shared().json = s.json;
  shared().descriptor = s.descriptor;
}

bool enabled(level l) {
  return l >= shared().minimum.load(std::memory_order_relaxed);
}

bool parse_level(std::string_view name, level& out) {
  for (std::size_t i = 0; i < level_names.size(); ++i) {
    if (name == level_names[i]) return out = static_cast<level>(i), true;
  }
  return false;
}

void write(level l, std::string_view event, std::initializer_list<field> fields) {
  const std::string line =
      shared().json ? json_line(l, event, fields) : plain_line(l, event, fields);
  const std::scoped_lock lock(shared().writing);
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto written = ::write(shared().descriptor, rest.data(), rest.size());
    if (written <= 0) return;  // a log that cannot be written must not stop the work
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string redact(std::string_view text) {
  std::string out(text);
  hide_jwts(out);
  hide_after(out, "bearer ", 6);
  hide_after(out, "sk_", 8);
  for (const auto* mark :
       {"password=", "secret=", "token=", "api_key=", "apikey=", "access_key="}) {
    hide_after(out, mark, 1);
  }
  hide_url_passwords(out);
  return out;
}

bool is_secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 9> words{
      "password", "secret", "token",       "authorization", "cookie",
      "api_key",  "apikey", "private_key", "credential"};
  for (const auto word : words) {
    if (find_fold(name, word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace son1k::log
