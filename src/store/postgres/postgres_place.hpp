// Where a PostgreSQL is, read from a URL, and how it is connected to. Keeps the password out of
// everything a person reads. Immutable, thread-safe.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

struct pg_conn;

namespace son1k::store {

struct postgres_closer {
  void operator()(pg_conn* c) const;
};
using postgres_handle = std::unique_ptr<pg_conn, postgres_closer>;

class postgres_place {
 public:
  // "postgresql://user:password@host:port/database?sslmode=…" (libpq's documentation, 34.1.1) or
  // its keyword form. validation: it is neither; the message never quotes it.
  static result<postgres_place> parse(const std::string& url);

  // "host:port/database", for messages and logs.
  const std::string& name() const { return name_; }
  // A message of libpq without the password.
  std::string clean(std::string_view message) const;
  // unavailable: not reached within the time, or the server takes no connections now ·
  // unauthenticated · not_found: no such database.
  result<postgres_handle> connect(std::chrono::milliseconds at_most) const;

 private:
  std::vector<std::pair<std::string, std::string>> words_;  // libpq's keywords and values
  std::string name_;
  std::string password_;
};

}  // namespace son1k::store
