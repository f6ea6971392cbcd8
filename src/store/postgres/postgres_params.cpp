#include "store/postgres/postgres_params.hpp"

#include <algorithm>
#include <bit>
#include <boost/endian/conversion.hpp>

namespace son1k::store {
namespace {

// Of the catalogue pg_type; they never change.
constexpr postgres_params::type type_bytea = 17;
constexpr postgres_params::type type_int8 = 20;
constexpr postgres_params::type type_text = 25;
constexpr postgres_params::type type_float8 = 701;
constexpr int binary = 1;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

struct postgres_binder {
  postgres_params& out;

  bool operator()(std::monostate) const { return out.add(0, nullptr, 0), true; }
  bool operator()(std::int64_t v) const {
    return out.add_number(type_int8, static_cast<std::uint64_t>(v)), true;
  }
  bool operator()(double v) const {
    return out.add_number(type_float8, std::bit_cast<std::uint64_t>(v)), true;
  }
  bool operator()(std::string_view v) const {
    out.add(type_text, v.data() ? v.data() : "", v.size());
    return v.find('\0') == std::string_view::npos;
  }
  bool operator()(blob v) const {
    out.add(type_bytea, v.bytes.data() ? v.bytes.data() : "", v.bytes.size());
    return true;
  }
};

result<void> postgres_params::set(std::span<const value> params) {
  types_.clear();
  values_.clear();
  lengths_.clear();
  formats_.clear();
  numbers_.clear();
  numbers_.reserve(params.size());  // values_ points into it
  for (const value& v : params) {
    if (!std::visit(postgres_binder{*this}, v)) {
      return error(errc::validation,
                   text("A text with a zero character cannot be stored in PostgreSQL.",
                        "PostgreSQL no puede guardar un texto con un carácter cero."));
    }
  }
  return {};
}

void postgres_params::add(type t, const char* bytes, std::size_t size) {
  types_.push_back(t);
  values_.push_back(bytes);
  lengths_.push_back(static_cast<int>(size));
  formats_.push_back(binary);
}

void postgres_params::add_number(type t, std::uint64_t bits) {
  numbers_.push_back(boost::endian::native_to_big(bits));
  add(t, reinterpret_cast<const char*>(&numbers_.back()), sizeof bits);
}

std::size_t count_places(std::string_view sql) {
  std::size_t highest = 0;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (c == '\'' || c == '"') {
      i = std::min(sql.find(c, i + 1), sql.size());
    } else if (c == '$') {
      std::size_t number = 0;
      while (i + 1 < sql.size() && is_digit(sql[i + 1]) && number < 100'000) {
        number = number * 10 + static_cast<std::size_t>(sql[++i] - '0');
      }
      highest = std::max(highest, number);
    }
  }
  return highest;
}

}  // namespace son1k::store
