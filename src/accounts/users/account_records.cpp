#include "accounts/users/account_records.hpp"

#include <algorithm>
#include <array>

namespace son1k::accounts {
using store::statement;
namespace {

constexpr std::string_view columns =
    "id, email, name, role, tier, external_id, password IS NOT NULL, disabled_at_ms, "
    "created_at_ms, updated_at_ms";
constexpr std::array<std::string_view, 4> ladder{"user", "viewer", "operator", "admin"};

account read_account(const store::row& r) {
  account out;
  out.id = r.text(0);
  out.email = r.text(1);
  out.name = r.text(2);
  out.role = r.text(3);
  out.tier = r.text(4);
  out.external_id = r.text(5);
  out.has_password = r.integer(6) != 0;
  out.disabled_at_ms = r.integer(7);
  out.created_at_ms = r.integer(8);
  out.updated_at_ms = r.integer(9);
  return out;
}

result<std::optional<account>> first_account(store::connection& db, const statement& select,
                                             std::string_view key) {
  std::optional<account> found;
  auto read = db.query(select, {key}, [&](const store::row& r) {
    found = read_account(r);
    return false;
  });
  if (!read) return read.error();
  return found;
}

store::value or_null(std::string_view text) {
  return text.empty() ? store::value() : store::value(text);
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool may_stand_in_email(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte != 0x7F &&
         std::string_view("()<>[]\\,;:\"").find(c) == std::string::npos;
}

}  // namespace

std::string login_of(std::string_view email) {
  while (!email.empty() && is_space(email.front())) email.remove_prefix(1);
  while (!email.empty() && is_space(email.back())) email.remove_suffix(1);
  std::string out(email);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

result<void> check_email(std::string_view field, std::string_view email) {
  const auto login = login_of(email);
  const auto at = login.find('@');
  const auto domain = at == login.npos ? std::string() : login.substr(at + 1);
  const bool good = login.size() <= 254 && at != login.npos && at >= 1 && at <= 64 &&
                    domain.find('@') == domain.npos && domain.find('.') != domain.npos &&
                    domain.front() != '.' && domain.back() != '.' &&
                    domain.find("..") == domain.npos &&
                    std::ranges::all_of(login, may_stand_in_email);
  if (good) return {};
  return error(errc::validation, std::string(field),
               text("is not an e-mail address", "no es una dirección de correo"));
}

bool is_role(std::string_view role) {
  return std::ranges::find(ladder, role) != ladder.end();
}

std::vector<std::string> roles_of(std::string_view role) {
  // A service does what operators do; who there is, is the administrators' affair.
  const auto top = role == "system" ? std::string_view("operator") : role;
  const auto last = std::ranges::find(ladder, top);
  if (last == ladder.end()) return {};
  std::vector<std::string> out(ladder.begin(), last + 1);
  if (role == "system") out.emplace_back(role);
  return out;
}

result<account> find_account(store::connection& db, std::string_view id) {
  static const statement select("SELECT " + std::string(columns) + " FROM account WHERE id = $1");
  auto found = first_account(db, select, id);
  if (!found) return found.error();
  if (*found) return std::move(**found);
  return error(errc::not_found, "user",
               text("there is no such account", "no hay ninguna cuenta así"));
}

result<std::optional<account>> account_by_login(store::connection& db, std::string_view login) {
  static const statement select("SELECT " + std::string(columns) +
                                " FROM account WHERE login = $1");
  return first_account(db, select, login);
}

result<std::optional<account>> account_by_external_id(store::connection& db,
                                                      std::string_view external_id) {
  static const statement select("SELECT " + std::string(columns) +
                                " FROM account WHERE external_id = $1");
  return first_account(db, select, external_id);
}

result<std::string> password_of(store::connection& db, std::string_view id) {
  static const statement select("SELECT password FROM account WHERE id = $1");
  std::string out;
  auto read = db.query(select, {id}, [&](const store::row& r) {
    out = r.text(0);
    return false;
  });
  if (!read) return read.error();
  return out;
}

result<std::vector<account>> list_accounts(store::connection& db, const account_query& query) {
  static const statement select(
      "SELECT " + std::string(columns) +
      " FROM account WHERE ($1 = '' OR id < $1) AND ($2 = '' OR lower(email) LIKE lower($2) "
      "escape '\\' OR lower(name) LIKE lower($2) escape '\\') ORDER BY id DESC LIMIT $3");
  std::string pattern;
  if (!query.search.empty()) {
    pattern = "%";
    for (const char c : query.search) {
      if (c == '%' || c == '_' || c == '\\') pattern += '\\';
      pattern += c;
    }
    pattern += '%';
  }
  std::vector<account> out;
  auto read = db.query(select,
                       {std::string_view(query.before), std::string_view(pattern),
                        static_cast<std::int64_t>(query.limit)},
                       [&](const store::row& r) {
                         out.push_back(read_account(r));
                         return true;
                       });
  if (!read) return read.error();
  return out;
}

result<bool> has_administrator(store::connection& db) {
  static const statement select(
      "SELECT count(*) FROM account WHERE role = 'admin' AND password IS NOT NULL");
  std::int64_t count = 0;
  auto read = db.query(select, {}, [&](const store::row& r) {
    count = r.integer(0);
    return false;
  });
  if (!read) return read.error();
  return count > 0;
}

result<void> insert_account(store::connection& db, const account& row, std::string_view login,
                            std::string_view password) {
  static const statement insert(
      "INSERT INTO account (id, login, email, name, role, tier, password, external_id, "
      "disabled_at_ms, created_at_ms, updated_at_ms) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $9)");
  auto written = db.execute(
      insert, {std::string_view(row.id), or_null(login), std::string_view(row.email),
               std::string_view(row.name), std::string_view(row.role), std::string_view(row.tier),
               or_null(password), or_null(row.external_id), row.created_at_ms});
  if (!written) return written.error();
  return {};
}

}  // namespace son1k::accounts
