#include "net/redis/redis_dial.hpp"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/redis/redis_errors.hpp"

namespace son1k::net {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
namespace {

error unreachable(const redis_address& at, const text& why) {
  const auto where = to_text(at);
  return redis_error(errc::unavailable,
                     {"Redis at " + where + " cannot be reached: " + why.en,
                      "no se puede llegar a Redis en " + where + ": " + why.in(true)},
                     call_outcome::not_sent);
}

error connect_error(const redis_address& at, const boost::system::error_code& ec) {
  if (!is_certificate_fault(ec)) return unreachable(at, {ec.message()});
  const auto where = to_text(at);
  return redis_error(errc::unauthenticated,
                     {"the certificate of Redis at " + where +
                          " is not trusted: it must be for "
                          "that host and from an authority in tls_ca_file or the system's",
                      "el certificado de Redis en " + where +
                          " no es de confianza: debe ser de "
                          "ese servidor y de una autoridad de tls_ca_file o del sistema"},
                     call_outcome::not_sent);
}

// What Redis said to a word of the greeting; to a password, no more than its first word, which
// cannot repeat what was sent.
error refused_greeting(const redis_address& at, const redis_value& said, bool login) {
  const auto all = said.bytes();
  auto out = refused_error(login ? all.substr(0, all.find(' ')) : all);
  out.details["outcome"] = "not_sent";
  // An old server says plain ERR to a password that it does not want.
  if (out.code == errc::internal) out.code = login ? errc::unauthenticated : errc::validation;
  out.message.en += " (" + to_text(at) + ")";
  out.message.es += " (" + to_text(at) + ")";
  return out;
}

// One command and its reply, before the link serves anybody.
asio::awaitable<result<redis_value>> ask(redis_link& link, redis_command command) {
  std::string out;
  command.write_to(out);
  boost::system::error_code ec;
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer sent(executor, asio::steady_timer::time_point::max());
  bool left = false;
  auto done = [&](const boost::system::error_code& broken, std::size_t) {
    ec = broken;
    left = true;
    sent.cancel();
  };
  link.stream->write(asio::buffer(out), std::move(done));
  if (!left) {
    boost::system::error_code woken;
    auto token = asio::redirect_error(asio::use_awaitable, woken);
    co_await sent.async_wait(token);
  }
  std::array<char, 4096> buffer;
  while (!ec) {
    auto reply = link.reader->next();
    if (!reply) co_return reply.error();
    if (*reply) co_return std::move(**reply);
    const auto n = co_await link.stream->read_some(asio::buffer(buffer), ec);
    link.reader->feed({buffer.data(), n});
  }
  co_return connect_error(link.at, ec);
}

error no_master(const redis_settings& settings, const redis_address& sentinel) {
  const auto where = to_text(sentinel);
  return redis_error(
      errc::unavailable,
      {"the sentinel at " + where + " knows no master \"" + settings.master_name + "\"",
       "el centinela en " + where + " no conoce al maestro \"" + settings.master_name + "\""},
      call_outcome::not_sent);
}

std::vector<redis_command> login_words(const redis_credentials& as) {
  if (as.password.empty()) return {};
  redis_command login("AUTH");
  if (!as.user.empty()) login.add(as.user);
  login.add(as.password);
  return {std::move(login)};
}

}  // namespace

asio::awaitable<result<redis_link>> redis_dialler::open(redis_address to) {
  tcp::resolver resolver(loop_);
  boost::system::error_code ec;
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  const auto port = std::to_string(to.port);
  const auto found = co_await resolver.async_resolve(to.host, port, token);
  if (ec) co_return unreachable(to, {ec.message()});
  redis_link link;
  link.stream = opening_;
  link.reader = std::make_unique<redis_reply_reader>(settings_.reply_bytes_max);
  link.at = to;
  ec = co_await opening_->open(found, to.host);
  if (ec) co_return connect_error(to, ec);
  co_return link;
}

asio::awaitable<result<redis_link>> redis_dialler::greet(redis_address to, commands words) {
  auto link = co_await open(to);
  if (!link) co_return link;
  for (auto& word : words) {
    const bool login = word.name() == "AUTH";
    auto reply = co_await ask(*link, std::move(word));
    if (!reply) co_return reply.error();
    if (reply->is_error()) co_return refused_greeting(to, *reply, login);
    link->last = std::move(*reply);
  }
  co_return link;
}

asio::awaitable<result<redis_link>> redis_dialler::greet_in_time(redis_address to, commands words) {
  opening_ = make_redis_stream(loop_, tls_);
  auto late = std::make_shared<bool>(false);
  asio::steady_timer limit(loop_, settings_.connect_time);
  auto give_up = [late, stream = opening_](const boost::system::error_code& ec) {
    if (ec) return;
    *late = true;
    stream->close();
  };
  limit.async_wait(std::move(give_up));
  auto link = co_await greet(to, std::move(words));
  opening_.reset();
  if (*late) co_return unreachable(to, {"no answer in time", "sin respuesta a tiempo"});
  co_return link;
}

asio::awaitable<result<redis_link>> redis_dialler::by_sentinel(redis_address sentinel) {
  auto question = login_words(settings_.sentinel_login);
  question.push_back({"SENTINEL", "get-master-addr-by-name", settings_.master_name});
  auto guide = co_await greet_in_time(sentinel, std::move(question));
  if (!guide) co_return guide;
  guide->stream->close();
  const redis_value& where = guide->last;
  const auto port = where[1].number_or(0);
  if (where.size() != 2 || port < 1 || port > 65'535) co_return no_master(settings_, sentinel);
  const redis_address master{std::string(where[0].bytes()), static_cast<std::uint16_t>(port)};
  auto words = server_words();
  words.push_back({"ROLE"});
  auto link = co_await greet_in_time(master, std::move(words));
  if (!link) co_return link;
  if (link->last[0].bytes() != "master") {
    link->stream->close();
    co_return unreachable(master, {"it is not a master any more", "ya no es un maestro"});
  }
  co_return link;
}

redis_dialler::commands redis_dialler::server_words() const {
  auto words = login_words(settings_.login);
  if (settings_.database != 0) {
    words.push_back(std::move(redis_command("SELECT").add(settings_.database)));
  }
  words.push_back({"CLIENT", "SETNAME", name_});
  return words;
}

asio::awaitable<result<redis_link>> redis_dialler::one(redis_address to) {
  if (settings_.layout == redis_layout::sentinel) co_return co_await by_sentinel(to);
  auto words = server_words();
  co_return co_await greet_in_time(std::move(to), std::move(words));
}

asio::awaitable<result<redis_link>> redis_dialler::dial() {
  error last;
  if (preferred_) {
    redis_address node = *preferred_;
    auto words = server_words();
    auto link = co_await greet_in_time(std::move(node), std::move(words));
    if (link) co_return link;
    // The node may be gone for good; the others know who took its keys.
    preferred_.reset();
  }
  const std::size_t hosts = settings_.hosts.size();
  for (std::size_t i = 0; i < hosts; ++i) {
    redis_address host = settings_.hosts[(turn_ + i) % hosts];
    auto link = co_await one(std::move(host));
    if (link) {
      turn_ = (turn_ + i) % hosts;
      co_return link;
    }
    last = link.error();
  }
  co_return last;
}

void redis_dialler::cancel() {
  if (opening_) opening_->close();
}

}  // namespace son1k::net
