#include "net/web_peer.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>

namespace son1k::net {
namespace asio = boost::asio;
using asio::ip::tcp;

// A lookup cannot be broken off while the system's resolver is at it, so who waits does not wait
// for it but for a timer, which an answer ends early.
asio::awaitable<std::vector<tcp::endpoint>> look_up(std::string host, std::uint16_t port,
                                                    std::chrono::milliseconds within,
                                                    boost::system::error_code& ec) {
  struct search {
    explicit search(const asio::any_io_executor& on) : names(on), limit(on) {}
    tcp::resolver names;
    asio::steady_timer limit;
    bool answered = false;
    boost::system::error_code ec;
    std::vector<tcp::endpoint> found;
  };
  auto state = std::make_shared<search>(co_await asio::this_coro::executor);
  state->limit.expires_after(within);
  auto answered = [state](const boost::system::error_code& fault, const auto& results) {
    state->answered = true;
    state->ec = fault;
    for (const auto& one : results) state->found.push_back(one.endpoint());
    state->limit.cancel();
  };
  state->names.async_resolve(host, std::to_string(port), tcp::resolver::numeric_service,
                             std::move(answered));
  boost::system::error_code woken;
  co_await state->limit.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (!state->answered) {
    state->names.cancel();
    ec = boost::beast::error::timeout;
    co_return std::vector<tcp::endpoint>();
  }
  ec = state->ec;
  if (!ec && state->found.empty()) ec = asio::error::host_not_found;
  co_return std::move(state->found);
}

std::unique_ptr<asio::ssl::context> client_tls(const std::string& authorities,
                                               boost::system::error_code& ec) {
  auto made = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
  if (authorities.empty()) {
    made->set_default_verify_paths(ec);
  } else {
    made->load_verify_file(authorities, ec);
  }
  return made;
}

asio::awaitable<void> shake_hands(tls_stream& stream, std::string host,
                                  boost::system::error_code& ec) {
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.set_verify_callback(asio::ssl::host_name_verification(host));
  auto token = asio::redirect_error(asio::use_awaitable, ec);
  co_await stream.async_handshake(asio::ssl::stream_base::client, token);
}

}  // namespace son1k::net
