// One SQLite connection with its prepared statements. Owned and used by one thread at a time.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/database.hpp"
#include "store/joint_list.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace son1k::store {

class sqlite_connection final : public connection {
 public:
  enum class mode { read_write, read_only };

  // Opens an existing file. `vfs` names SQLite's file layer; empty = the system's.
  static result<std::unique_ptr<sqlite_connection>> open(const std::string& file, mode m,
                                                         int busy_ms, const std::string& vfs);
  ~sqlite_connection() override;
  sqlite_connection(const sqlite_connection&) = delete;
  sqlite_connection& operator=(const sqlite_connection&) = delete;

  using connection::execute;
  using connection::query;
  result<std::int64_t> execute(const statement& sql, std::span<const value> params) override;
  result<void> query(const statement& sql, std::span<const value> params,
                     const std::function<bool(const row&)>& on_row) override;
  result<void> run_script(std::string_view sql) override;
  joint_write* joined(const void* key) override { return joined_.last(key); }
  bool join(const void* key, std::shared_ptr<joint_write> what) override {
    return joined_.add(key, std::move(what));
  }

  // Whether the steps that come may join what they write; forgets what was joined.
  void begin_joining(bool together) { joined_.begin(together); }
  result<void> write_joined() { return joined_.write(*this); }

  // Transaction words and pragmas, prepared once where that is possible; SQLite's result code.
  int run(const statement& sql);
  // The first column of the first row of a query; `fallback` if there is none.
  result<std::string> text_of(const std::string& sql, std::string fallback = {});

  sqlite3* handle() const { return handle_; }
  bool in_transaction() const;
  error last_error() const;

 private:
  struct prepared {
    sqlite3_stmt* handle = nullptr;
    std::vector<int> slots;  // slots[n - 1] = SQLite's index of $n, 0 if the text leaves it out
  };
  class use;  // a statement ready to step; reset when it goes

  sqlite_connection(sqlite3* handle, std::string file);
  int prepare(std::string_view sql, bool keep, prepared& out);
  result<void> bind(const prepared& p, std::span<const value> params);

  sqlite3* handle_;
  std::string file_;
  std::vector<prepared> statements_;  // by statement::id()
  joint_list joined_;
};

}  // namespace son1k::store
