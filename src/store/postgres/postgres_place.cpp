#include "store/postgres/postgres_place.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>

#include "store/postgres/postgres_error.hpp"

namespace son1k::store {
namespace {

using clock = std::chrono::steady_clock;

error wrong_url() {
  return {errc::validation, "DATABASE_URL",
          text("This is no URL of a PostgreSQL database. It must look like "
               "postgresql://user:password@host:5432/database; percent-encode what is neither "
               "letter nor digit in the password.",
               "No es la URL de una base de datos PostgreSQL. Debe ser como "
               "postgresql://usuario:clave@servidor:5432/base; codifica con % lo que no sea letra "
               "ni cifra en la clave.")};
}

bool is_list_of_ports(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return (c >= '0' && c <= '9') || c == ','; });
}

// Waits until the socket is ready for what libpq wants next; false when the time is up.
bool wait_for(int socket, short events, clock::time_point until) {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    if (left <= 0) return false;
    pollfd one{socket, events, 0};
    int ready = poll(&one, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

void say_nothing(void*, const PGresult*) {}

}  // namespace

void postgres_closer::operator()(pg_conn* c) const {
  PQfinish(c);
}

result<postgres_place> postgres_place::parse(const std::string& url) {
  char* complaint = nullptr;
  std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      url.empty() ? nullptr : PQconninfoParse(url.c_str(), &complaint), &PQconninfoFree);
  PQfreemem(complaint);
  if (!options) return wrong_url();
  postgres_place out;
  std::string host;
  std::string port;
  std::string database;
  for (const PQconninfoOption* o = options.get(); o->keyword != nullptr; ++o) {
    if (o->val == nullptr) continue;
    out.words_.emplace_back(o->keyword, o->val);
    const std::string_view keyword = o->keyword;
    if (keyword == "host" || (keyword == "hostaddr" && host.empty())) host = o->val;
    if (keyword == "port") port = o->val;
    if (keyword == "dbname") database = o->val;
    if (keyword == "password") out.password_ = o->val;
  }
  // A password with a character that should have been encoded ends up in these.
  if (!is_list_of_ports(port) || host.find('@') != std::string::npos) return wrong_url();
  out.name_ = fmt::format("{}:{}/{}", host.empty() ? "localhost" : host,
                          port.empty() ? "5432" : port, database);
  return out;
}

std::string postgres_place::clean(std::string_view message) const {
  std::string out(message);
  if (password_.empty()) return out;
  constexpr std::string_view instead = "[redacted]";
  for (auto at = out.find(password_); at != std::string::npos;
       at = out.find(password_, at + instead.size())) {
    out.replace(at, password_.size(), instead);
  }
  return out;
}

result<postgres_handle> postgres_place::connect(std::chrono::milliseconds at_most) const {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  // Ours first: what the URL says comes later and counts.
  add("application_name", "son1k");
  add("keepalives_idle", "10");
  add("keepalives_interval", "5");
  add("keepalives_count", "3");
  add("tcp_user_timeout", "20000");
  for (const auto& [keyword, value] : words_) add(keyword.c_str(), value.c_str());
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);
  postgres_handle handle(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (!handle) return postgres_failure("53200", {}, name_);
  PGconn* c = handle.get();
  PQsetNoticeReceiver(c, say_nothing, nullptr);
  // Only so does the message of a refusal carry its code.
  PQsetErrorVerbosity(c, PQERRORS_VERBOSE);
  const auto until = clock::now() + at_most;
  // The beginning counts as "wants to write" (libpq's documentation of PQconnectPoll).
  auto wanted = PQstatus(c) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (wanted != PGRES_POLLING_OK) {
    if (wanted == PGRES_POLLING_FAILED) {
      const std::string message = clean(PQerrorMessage(c));
      auto state = sqlstate_of(message);
      if (state == "08P01") state = {};  // a pooler says so of whatever is behind it
      return postgres_failure(state, message.substr(0, message.find('\n')), name_);
    }
    if (!wait_for(PQsocket(c), wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT, until)) {
      return postgres_failure({}, fmt::format("no answer within {} ms", at_most.count()), name_);
    }
    wanted = PQconnectPoll(c);
  }
  PQsetErrorVerbosity(c, PQERRORS_DEFAULT);
  return handle;
}

}  // namespace son1k::store
