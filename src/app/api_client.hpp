// How commands reach the API: a running server over HTTP, or, where none runs, the data folder
// opened in this process and the same handlers called without a socket. Same requests, same
// replies. One thread.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "app/command_line.hpp"
#include "app/server_file.hpp"
#include "app/settings.hpp"
#include "base/error.hpp"
#include "net/http_client.hpp"

namespace son1k::app {

// What a command that talks to the API takes beside its own flags.
struct client_flags {
  common_flags common;
  std::string server;
  std::string token;  // an access token or API key for `server`
};
// --server, --token, --data-dir, --config, --json.
void add_client_flags(CLI::App& command, client_flags& flags);

struct api_reply {
  int status = 0;
  boost::json::value data;
  boost::json::object pagination;  // empty where the reply has none
};

class api_client {
 public:
  // By the first that fits: the server that the flags (or SON1K_SERVER) name; the one that
  // server.json in the data folder tells of, if it answers; the data folder itself.
  // unavailable: the named server does not answer, the folder is in use or (unless `may_create`)
  // not there. Otherwise as settings::load and running_system::open.
  static result<std::unique_ptr<api_client>> open(const client_flags& flags,
                                                  bool may_create = false);
  virtual ~api_client() = default;

  // Sends `body` as JSON where it is given. A refusal of the API comes back as the error that it
  // tells, in the terminal's language.
  result<api_reply> call(net::http_method method, std::string target,
                         const boost::json::value* body = nullptr);
  result<api_reply> get(std::string target) {
    return call(net::http_method::get, std::move(target));
  }
  result<api_reply> post(std::string target, const boost::json::value& body) {
    return call(net::http_method::post, std::move(target), &body);
  }
  // True where the data folder was opened here: nothing runs its jobs while the command does.
  virtual bool local() const = 0;

 private:
  virtual result<net::client_reply> send(const net::client_request& what) = 0;
};

// The server that server.json in the data folder tells of, if it answers.
std::optional<noted_server> running_server(const settings& config);

// "a b/c" → "a%20b%2Fc", for a segment of a path or a value of a query.
std::string url_part(std::string_view text);

}  // namespace son1k::app
