#include "store/postgres/postgres_rows.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace son1k::store {
namespace {

// "($7, $8, $9)"
std::string places_from(std::size_t first, std::size_t count) {
  std::string out = "(";
  for (std::size_t n = 0; n < count; ++n) {
    if (n > 0) out += ", ";
    out += '$' + std::to_string(first + n);
  }
  return out + ')';
}

}  // namespace

postgres_rows::form* postgres_rows::form_of(const statement& sql) {
  if (sql.id() >= forms_.size()) forms_.resize(sql.id() + 1);
  auto& known = forms_[sql.id()];
  if (!known) {
    known.emplace();
    std::string lower(sql.sql());
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto count = count_places(sql.sql());
    const auto row = places_from(1, count);
    const std::string tail = " values " + row;
    if (count > 0 && lower.starts_with("insert into ") && lower.ends_with(tail)) {
      known->head = sql.sql().substr(0, sql.sql().size() - row.size());
      known->places = count;
      known->of_rows.push_back(sql);
    }
  }
  return known->places > 0 ? &*known : nullptr;
}

const statement& postgres_rows::of_rows(form& f, std::size_t doublings) {
  while (f.of_rows.size() <= doublings) {
    const std::size_t rows = std::size_t{1} << f.of_rows.size();
    std::string text = f.head;
    for (std::size_t n = 0; n < rows; ++n)
      text += (n > 0 ? ", " : "") + places_from(n * f.places + 1, f.places);
    f.of_rows.emplace_back(text);
  }
  return f.of_rows[doublings];
}

bool postgres_rows::keep(const statement& sql, std::span<const value> params,
                         std::span<const postgres_params::type> types) {
  if (form_of(sql) == nullptr) return false;
  const auto same = [&](const table& t) {
    return t.id == sql.id() && std::ranges::equal(t.types, types);
  };
  auto at = std::ranges::find_if(tables_, same);
  if (at == tables_.end()) {
    tables_.push_back({sql.id(), {types.begin(), types.end()}, {}, 0});
    at = std::prev(tables_.end());
  }
  const auto copy = [this](std::string_view bytes) -> std::string_view {
    bytes_ += bytes.size();
    return kept_.emplace_back(bytes);
  };
  for (const value& v : params) {
    if (const auto* words = std::get_if<std::string_view>(&v)) {
      at->values.emplace_back(copy(*words));
    } else if (const auto* some = std::get_if<blob>(&v)) {
      at->values.emplace_back(blob{copy(some->bytes)});
    } else {
      at->values.push_back(v);
    }
  }
  ++at->rows;
  ++rows_;
  return true;
}

void postgres_rows::clear() {
  tables_.clear();
  kept_.clear();
  rows_ = bytes_ = 0;
}

void postgres_rows::take(
    const std::function<void(const statement&, std::span<const value>)>& give) {
  const auto tables = std::exchange(tables_, {});
  const auto kept = std::exchange(kept_, {});
  clear();
  for (const table& t : tables) {
    form& f = *forms_[t.id];
    for (std::size_t row = 0; row < t.rows;) {
      std::size_t doublings = 0, rows = 1;
      while (2 * rows <= std::min(t.rows - row, rows_of_statement_max)) {
        rows *= 2;
        ++doublings;
      }
      give(of_rows(f, doublings), std::span(t.values).subspan(row * f.places, rows * f.places));
      row += rows;
    }
  }
}

}  // namespace son1k::store
