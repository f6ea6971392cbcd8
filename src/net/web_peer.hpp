// How a request that this program makes itself gets to its server: the lookup of a name and the
// handshake of TLS. What goes wrong is in `ec`; a bound that was reached is beast::error::timeout.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace son1k::net {

// All that the name stands for now. A resolver that is silent for so long is given up: it ends by
// itself, behind the back of who waited.
boost::asio::awaitable<std::vector<boost::asio::ip::tcp::endpoint>> look_up(
    std::string host, std::uint16_t port, std::chrono::milliseconds within,
    boost::system::error_code& ec);

// TLS 1.2 or newer that trusts the system's authorities or, if it is named, those of the file.
// Making one takes milliseconds.
std::unique_ptr<boost::asio::ssl::context> client_tls(const std::string& authorities,
                                                      boost::system::error_code& ec);

using tls_stream = boost::asio::ssl::stream<boost::beast::tcp_stream&>;
// The server must prove that it is `host`, a name or an address.
boost::asio::awaitable<void> shake_hands(tls_stream& stream, std::string host,
                                         boost::system::error_code& ec);

}  // namespace son1k::net
