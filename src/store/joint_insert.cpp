#include "store/joint_insert.hpp"

#include <memory>
#include <string>

namespace son1k::store {
namespace {

constexpr std::size_t doublings_max = 6;
constexpr std::size_t rows_max = std::size_t{1} << doublings_max;

std::string sql_of(std::string_view head, std::size_t columns, std::size_t rows,
                   std::string_view tail) {
  std::string sql(head);
  sql += " values ";
  for (std::size_t row = 0; row < rows; ++row) {
    sql += row == 0 ? "(" : ", (";
    for (std::size_t column = 1; column <= columns; ++column)
      sql += (column == 1 ? "$" : ", $") + std::to_string(row * columns + column);
    sql += ")";
  }
  if (!tail.empty()) sql.append(" ").append(tail);
  return sql;
}

}  // namespace

class joint_insert::gathered final : public joint_write {
 public:
  explicit gathered(const joint_insert& into) : into_(into) {}

  result<void> add(connection& db, std::initializer_list<value> row) {
    rows_.insert(rows_.end(), row);
    return rows_.size() < rows_max * into_.columns_ ? result<void>() : write(db);
  }
  result<void> write(connection& db) override {
    auto sent = into_.send(db, rows_);
    rows_.clear();
    return sent;
  }

 private:
  const joint_insert& into_;
  std::vector<value> rows_;
};

joint_insert::joint_insert(std::string_view head, std::size_t columns, std::string_view tail)
    : columns_(columns) {
  for (std::size_t n = 0; n <= doublings_max; ++n)
    by_doublings_.emplace_back(sql_of(head, columns, std::size_t{1} << n, tail));
}

result<void> joint_insert::add(connection& db, std::initializer_list<value> row) const {
  auto* open = static_cast<gathered*>(db.joined(this));
  if (open == nullptr) {
    auto fresh = std::make_shared<gathered>(*this);
    if (!db.join(this, fresh)) return db.send(by_doublings_.front(), row);
    open = fresh.get();
  }
  return open->add(db, row);
}

result<void> joint_insert::flush(connection& db) const {
  auto* open = db.joined(this);
  return open == nullptr ? result<void>() : open->write(db);
}

// In as few statements as the numbers of rows that are prepared allow.
result<void> joint_insert::send(connection& db, std::span<const value> rows) const {
  for (std::size_t n = doublings_max + 1; n-- > 0;) {
    const auto size = columns_ << n;
    while (rows.size() >= size) {
      if (auto sent = db.send(by_doublings_[n], rows.first(size)); !sent) return sent;
      rows = rows.subspan(size);
    }
  }
  return {};
}

}  // namespace son1k::store
