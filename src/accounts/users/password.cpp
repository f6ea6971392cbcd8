#include "accounts/users/password.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <memory>

#include "accounts/identity/secrets.hpp"
#include "base/completion.hpp"
#include "base/utf8.hpp"

namespace son1k::accounts {
using boost::asio::awaitable;
namespace {

// Of the lists of leaked passwords, those of the length that is asked for.
constexpr std::array<std::string_view, 44> commonest{
    "0123456789",   "0987654321",   "1029384756",  "1111111111",   "1122334455",    "1234512345",
    "123456789a",   "1234567890",   "12345678910", "123456789123", "1234567891",    "1234554321",
    "123123123123", "123qweasdzxc", "147258369a",  "1q2w3e4r5t",   "1q2w3e4r5t6y",  "1qaz2wsx3edc",
    "9876543210",   "a123456789",   "abcd123456",  "abcdefghij",   "administrator", "asdfghjkl1",
    "basketball",   "changeme123",  "contrasena",  "contraseña",   "contraseña1",   "iloveyou12",
    "iloveyou123",  "letmein123",   "passw0rd123", "password12",   "password123",   "password1234",
    "q1w2e3r4t5",   "q1w2e3r4t5y6", "qwerty1234",  "qwerty12345",  "qwertyuiop",    "superman123",
    "teamo12345",   "zaq12wsxcde3"};

std::string in_lower_case(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

error too_busy() {
  return {errc::unavailable,
          text("too many are signing in at this moment; try again in some seconds",
               "demasiadas personas inician sesión en este momento; inténtelo en unos segundos")};
}

}  // namespace

result<void> check_password(std::string_view field, std::string_view password,
                            std::string_view email) {
  const auto refused = [&](text why) { return error(errc::validation, std::string(field), why); };
  const auto points = count_code_points(password);
  if (!points || *points < password_points_min || *points > password_points_max ||
      password.find('\0') != password.npos) {
    return refused(text(
        fmt::format("must have {} to {} characters", password_points_min, password_points_max),
        fmt::format("debe tener de {} a {} caracteres", password_points_min, password_points_max)));
  }
  const auto plain = in_lower_case(password);
  if (plain == in_lower_case(email))
    return refused({"must not be the e-mail", "no puede ser el correo"});
  if (std::ranges::find(commonest, plain) != commonest.end()) {
    return refused({"is one of those that are tried first; choose another",
                    "es de las que se prueban primero; elija otra"});
  }
  return {};
}

awaitable<result<void>> password_hasher::run(std::function<void()> work) {
  auto taken = std::make_shared<bool>(true);
  auto start = [this, taken, work = std::move(work)](std::shared_ptr<waiting> waiter) {
    auto task = [work, waiter] {
      work();
      resume_soon(waiter);
    };
    if (offload_(std::move(task))) return;
    *taken = false;
    resume_soon(std::move(waiter));
  };
  co_await suspend_until_resumed(std::move(start));
  if (!*taken) co_return too_busy();
  co_return result<void>();
}

awaitable<result<std::string>> password_hasher::hash(std::string password) {
  auto out = std::make_shared<std::string>();
  auto work = [out, cost = cost_, password = std::move(password)] {
    begin_sodium();
    char text[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(text, password.data(), password.size(), cost.passes, cost.memory_bytes) ==
        0)
      *out = text;
  };
  auto ran = co_await run(std::move(work));
  if (!ran) co_return ran.error();
  if (out->empty()) co_return too_busy();  // no memory
  co_return std::move(*out);
}

awaitable<result<bool>> password_hasher::matches(std::string stored, std::string password) {
  if (stored.empty()) {
    auto hashed = co_await hash(std::move(password));
    if (!hashed) co_return hashed.error();
    co_return false;
  }
  auto same = std::make_shared<bool>(false);
  auto work = [same, stored = std::move(stored), password = std::move(password)] {
    begin_sodium();
    *same = crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0;
  };
  auto ran = co_await run(std::move(work));
  if (!ran) co_return ran.error();
  co_return *same;
}

}  // namespace son1k::accounts
