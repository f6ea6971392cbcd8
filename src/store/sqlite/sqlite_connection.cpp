#include "store/sqlite/sqlite_connection.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <charconv>
#include <mutex>

#include "store/sqlite/sqlite_error.hpp"

namespace son1k::store {
namespace {

class sqlite_row final : public row {
 public:
  explicit sqlite_row(sqlite3_stmt* s) : statement_(s) {}
  bool is_null(int c) const override { return sqlite3_column_type(statement_, c) == SQLITE_NULL; }
  std::int64_t integer(int c) const override { return sqlite3_column_int64(statement_, c); }
  double real(int c) const override { return sqlite3_column_double(statement_, c); }
  std::string_view text(int c) const override {
    const void* bytes = sqlite3_column_type(statement_, c) == SQLITE_BLOB
                            ? sqlite3_column_blob(statement_, c)
                            : sqlite3_column_text(statement_, c);
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, c))};
  }

 private:
  sqlite3_stmt* statement_;
};

struct binder {
  sqlite3_stmt* statement;
  int slot;

  int operator()(std::monostate) const { return sqlite3_bind_null(statement, slot); }
  int operator()(std::int64_t v) const { return sqlite3_bind_int64(statement, slot, v); }
  int operator()(double v) const { return sqlite3_bind_double(statement, slot, v); }
  // A null pointer would bind NULL instead of an empty text.
  int operator()(std::string_view v) const {
    return sqlite3_bind_text64(statement, slot, v.data() ? v.data() : "", v.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  int operator()(blob v) const {
    return sqlite3_bind_blob64(statement, slot, v.bytes.data() ? v.bytes.data() : "",
                               v.bytes.size(), SQLITE_STATIC);
  }
};

// SQLite's counters of memory take one lock for the whole program with every allocation.
void configure_library_once() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

// A script runs inside a transaction that is not its own to end.
int keeps_transaction(void*, int action, const char*, const char*, const char*, const char*) {
  return action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT ? SQLITE_DENY : SQLITE_OK;
}

error wrong_sql(std::string_view sql, const std::string& what) {
  return {errc::internal, text(fmt::format("{} in: {}", what, sql))};
}

}  // namespace

class sqlite_connection::use {
 public:
  use(sqlite_connection& owner, const statement& sql) : owner_(owner) {
    if (sql.id() >= owner.statements_.size()) owner.statements_.resize(sql.id() + 1);
    prepared& kept = owner.statements_[sql.id()];
    if (kept.handle == nullptr) {
      code_ = owner.prepare(sql.sql(), true, kept);
    } else if (sqlite3_stmt_busy(kept.handle)) {
      // A callback of a query runs the same text again: it needs a statement of its own.
      code_ = owner.prepare(sql.sql(), false, own_);
      current_ = &own_;
      return;
    }
    slot_ = sql.id();
  }
  ~use() {
    if (own_.handle != nullptr) {
      sqlite3_finalize(own_.handle);
    } else if (code_ == SQLITE_OK) {
      sqlite3_reset(get().handle);
    }
  }
  use(const use&) = delete;
  use& operator=(const use&) = delete;

  bool ready() const { return code_ == SQLITE_OK; }
  error failure(const statement& sql) const {
    if (code_ == SQLITE_MISUSE) return wrong_sql(sql.sql(), "Not one statement with $1, $2, …");
    return owner_.last_error();
  }
  // Not a pointer kept from the start: a nested statement may have grown the vector.
  const prepared& get() const { return current_ ? *current_ : owner_.statements_[slot_]; }

 private:
  sqlite_connection& owner_;
  prepared own_;
  prepared* current_ = nullptr;
  std::size_t slot_ = 0;
  int code_ = SQLITE_OK;
};

result<std::unique_ptr<sqlite_connection>> sqlite_connection::open(const std::string& file, mode m,
                                                                   int busy_ms,
                                                                   const std::string& vfs) {
  configure_library_once();
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE |
              (m == mode::read_write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(file.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<sqlite_connection> opened(new sqlite_connection(handle, file));
  if (code != SQLITE_OK) {
    return handle ? opened->last_error() : sqlite_failure(code, 0, sqlite3_errstr(code), file);
  }
  sqlite3_busy_timeout(handle, busy_ms);
  return opened;
}

sqlite_connection::sqlite_connection(sqlite3* handle, std::string file)
    : handle_(handle), file_(std::move(file)) {}

sqlite_connection::~sqlite_connection() {
  for (prepared& p : statements_) sqlite3_finalize(p.handle);
  sqlite3_close(handle_);
}

bool sqlite_connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

error sqlite_connection::last_error() const {
  return sqlite_failure(handle_, file_);
}

int sqlite_connection::prepare(std::string_view sql, bool keep, prepared& out) {
  const char* rest = nullptr;
  int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                keep ? SQLITE_PREPARE_PERSISTENT : 0u, &out.handle, &rest);
  if (code != SQLITE_OK) return code;
  if (out.handle == nullptr) return SQLITE_MISUSE;  // nothing but space or comments
  int count = sqlite3_bind_parameter_count(out.handle);
  for (int index = 1; index <= count; ++index) {
    const char* name = sqlite3_bind_parameter_name(out.handle, index);
    std::string_view digits = name ? std::string_view(name).substr(1) : std::string_view();
    std::size_t number = 0;
    auto end = digits.data() + digits.size();
    auto parsed = std::from_chars(digits.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number == 0 || number > 1'000) {
      sqlite3_finalize(std::exchange(out.handle, nullptr));
      return SQLITE_MISUSE;
    }
    if (out.slots.size() < number) out.slots.resize(number);
    out.slots[number - 1] = index;
  }
  return SQLITE_OK;
}

result<void> sqlite_connection::bind(const prepared& p, std::span<const value> params) {
  if (params.size() != p.slots.size()) {
    return wrong_sql(sqlite3_sql(p.handle),
                     fmt::format("{} parameters for {} places", params.size(), p.slots.size()));
  }
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (p.slots[i] == 0) continue;
    if (std::visit(binder{p.handle, p.slots[i]}, params[i]) != SQLITE_OK) return last_error();
  }
  return {};
}

result<std::int64_t> sqlite_connection::execute(const statement& sql,
                                                std::span<const value> params) {
  use statement(*this, sql);
  if (!statement.ready()) return statement.failure(sql);
  if (auto bound = bind(statement.get(), params); !bound) return bound.error();
  std::int64_t before = sqlite3_total_changes64(handle_);
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement.get().handle);
  if (code != SQLITE_DONE) return last_error();
  // Without a change the counter still holds that of an earlier statement.
  return sqlite3_total_changes64(handle_) == before ? 0 : sqlite3_changes64(handle_);
}

result<void> sqlite_connection::query(const statement& sql, std::span<const value> params,
                                      const std::function<bool(const row&)>& on_row) {
  use statement(*this, sql);
  if (!statement.ready()) return statement.failure(sql);
  if (auto bound = bind(statement.get(), params); !bound) return bound.error();
  sqlite3_stmt* handle = statement.get().handle;
  sqlite_row current(handle);
  int code = sqlite3_step(handle);
  while (code == SQLITE_ROW && on_row(current)) code = sqlite3_step(handle);
  if (code != SQLITE_DONE && code != SQLITE_ROW) return last_error();
  return {};
}

result<void> sqlite_connection::run_script(std::string_view sql) {
  std::string terminated(sql);
  sqlite3_set_authorizer(handle_, keeps_transaction, nullptr);
  int code = sqlite3_exec(handle_, terminated.c_str(), nullptr, nullptr, nullptr);
  sqlite3_set_authorizer(handle_, nullptr, nullptr);
  if (code == SQLITE_AUTH) return wrong_sql(sql.substr(0, 80), "A word of transactions stands");
  if (code != SQLITE_OK) return last_error();
  return {};
}

int sqlite_connection::run(const statement& sql) {
  use statement(*this, sql);
  if (!statement.ready()) return SQLITE_ERROR;
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement.get().handle);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

result<std::string> sqlite_connection::text_of(const std::string& sql, std::string fallback) {
  prepared once;
  if (prepare(sql, false, once) != SQLITE_OK) return last_error();
  int code = sqlite3_step(once.handle);
  if (code == SQLITE_ROW) fallback = sqlite_row(once.handle).text(0);
  result<std::string> answer = std::move(fallback);
  if (code != SQLITE_ROW && code != SQLITE_DONE) answer = last_error();
  sqlite3_finalize(once.handle);
  return answer;
}

}  // namespace son1k::store
