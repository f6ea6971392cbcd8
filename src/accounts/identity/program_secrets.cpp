#include "accounts/identity/program_secrets.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "accounts/identity/secrets.hpp"
#include "store/async.hpp"

namespace son1k::accounts {
using store::statement;
namespace {

constexpr std::array<std::string_view, 8> placeholders{"changeme", "change-me",  "change_me",
                                                       "secret",   "password",   "example",
                                                       "replace",  "placeholder"};
constexpr std::array<std::string_view, 3> placeholder_beginnings{"your-", "your_", "test"};
constexpr std::size_t different_bytes_min = 8;

std::string small_letters(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

result<std::string> read_kept(store::connection& db, const std::string& name) {
  static const statement select("SELECT secret FROM program_secret WHERE name = $1");
  std::string out;
  auto read = db.query(select, {std::string_view(name)}, [&](const store::row& r) {
    out = r.text(0);
    return false;
  });
  if (!read) return read.error();
  return out;
}

}  // namespace

result<void> check_set_secret(std::string_view field, std::string_view secret) {
  const auto refused = [&](text why) { return error(errc::validation, std::string(field), why); };
  if (secret.size() < set_secret_bytes_min)
    return refused({"must have 32 bytes or more", "debe tener 32 bytes o más"});
  const auto plain = small_letters(secret);
  const bool word =
      std::ranges::any_of(placeholders, [&](auto one) { return plain.find(one) != plain.npos; });
  const bool beginning =
      std::ranges::any_of(placeholder_beginnings, [&](auto one) { return plain.starts_with(one); });
  const bool monotonous = std::set<char>(secret.begin(), secret.end()).size() < different_bytes_min;
  if (word || beginning || monotonous) {
    return refused({"is a placeholder; make one with: openssl rand -base64 48",
                    "es un valor de ejemplo; cree uno con: openssl rand -base64 48"});
  }
  return {};
}

result<std::vector<std::string>> read_set_secrets(std::string_view field, std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    auto one = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one.empty()) continue;
    if (auto ok = check_set_secret(field, one); !ok) return ok.error();
    out.emplace_back(one);
  }
  return out;
}

result<std::string> kept_secret(store::database& db, const std::string& name) {
  const auto read = [&name](store::connection& c) { return read_kept(c, name); };
  auto there = store::read_and_wait(db, read);
  if (!there || !there->empty()) return there;
  store::transaction tx;
  // Of processes that start at the same time one is the first; the others read what it wrote.
  tx.stage([name, fresh = new_secret("")](store::connection& c) -> result<void> {
    static const statement insert(
        "INSERT INTO program_secret (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING");
    auto made = c.execute(insert, {std::string_view(name), std::string_view(fresh)});
    if (!made) return made.error();
    return {};
  });
  if (auto done = store::commit_and_wait(db, std::move(tx)); !done) return done.error();
  return store::read_and_wait(db, read);
}

}  // namespace son1k::accounts
