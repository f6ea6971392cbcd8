// Structured logging with redaction. One event a line: JSON when the output is not a terminal (or
// when asked), a short readable line otherwise. Every value passes the redactor: a field whose name
// says "secret", and text that looks like a credential, never reach the output. Thread-safe.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace son1k::log {

enum class level { debug, info, warn, error };

using value = std::variant<std::int64_t, double, bool, std::string>;
struct field {
  field(std::string_view n, std::string_view v) : name(n), data(std::string(v)) {}
  field(std::string_view n, const char* v) : name(n), data(std::string(v)) {}
  field(std::string_view n, const std::string& v) : name(n), data(v) {}
  field(std::string_view n, bool v) : name(n), data(v) {}
  field(std::string_view n, double v) : name(n), data(v) {}
  template <class Integer>
  requires std::is_integral_v<Integer> field(std::string_view n, Integer v)
      : name(n), data(static_cast<std::int64_t>(v)) {}

  std::string_view name;
  value data;
};

struct settings {
  level minimum = level::info;
  bool json = true;
  int descriptor = 2;  // where lines go; standard error unless a test says otherwise
};

// Call once at start, before threads are there. Without it: info, JSON, standard error.
void configure(const settings& s);
bool enabled(level l);
// "debug" | "info" | "warn" | "error"; false for anything else.
bool parse_level(std::string_view name, level& out);

// `event` is a stable dotted name ("http.request"); what varies stands in the fields.
void write(level l, std::string_view event, std::initializer_list<field> fields = {});
inline void debug(std::string_view e, std::initializer_list<field> f = {}) {
  if (enabled(level::debug)) write(level::debug, e, f);
}
inline void info(std::string_view e, std::initializer_list<field> f = {}) {
  if (enabled(level::info)) write(level::info, e, f);
}
inline void warn(std::string_view e, std::initializer_list<field> f = {}) {
  if (enabled(level::warn)) write(level::warn, e, f);
}
inline void error(std::string_view e, std::initializer_list<field> f = {}) {
  if (enabled(level::error)) write(level::error, e, f);
}

// The text with what looks like a credential replaced by "[redacted]": bearer tokens, JWTs, sk_…
// keys, passwords in URLs, secret=… pairs.
std::string redact(std::string_view text);
// True if a field of this name must never be shown (password, token, authorization, api_key, …).
bool is_secret_name(std::string_view name);

}  // namespace son1k::log
