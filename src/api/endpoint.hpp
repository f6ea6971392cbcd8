// The one table of the API: a row says which requests it takes, who may make them, what they count
// as, and what answers. The router's rows, the gate before them and the published description are
// made from it. Filled before the server starts, then only read.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/identity/identity.hpp"
#include "net/router.hpp"

namespace son1k::api {

// What a request takes from its caller's limits.
enum class charge : std::uint8_t {
  none,     // nothing: the request makes and tells next to nothing
  address,  // of whoever has no account: a unit of the client's address
  login,    // as `address`, from the smaller limit of those who try passwords and tokens
  request,  // a unit of what the tier allows in a minute
  watch,    // looks at what is under way, plays or downloads: a limit of its own, a multiple of the
            // tier's, so that whoever waits for a piece does not use up what makes the next one
};

// What is kept of a request that may change something; see api/audit.hpp.
enum class recording : std::uint8_t {
  by_role,  // around, of what operators and administrators alone may do; else none
  around,   // before and after the handler
  within,   // by the handler, with what it changes
  none,
};

// Who may make a request. `least` is the role, empty: anyone; `scope` what a key must allow.
struct admission {
  std::string_view least;
  std::string_view scope;
  charge counts = charge::request;
  recording recorded = recording::by_role;
};

inline constexpr admission open_to_all{"", "", charge::none};
inline constexpr admission open_by_address{"", "", charge::address};
inline constexpr admission logs_in{"", "", charge::login};
inline constexpr admission reads_own{accounts::user_role, "read", charge::request};
inline constexpr admission watches_own{accounts::user_role, "read", charge::watch};
inline constexpr admission makes_own{accounts::user_role, "generate", charge::request};
inline constexpr admission manages_own{accounts::user_role, "manage", charge::request};
inline constexpr admission reads_consoles{accounts::viewer_role, "operate", charge::request};
inline constexpr admission operates{accounts::operator_role, "operate", charge::request};
inline constexpr admission administers{accounts::admin_role, "operate", charge::request};

// The same admission, of a handler that stages its own record, or whose trace is kept otherwise.
constexpr admission recorded_within(admission who) {
  who.recorded = recording::within;
  return who;
}
constexpr admission not_recorded(admission who) {
  who.recorded = recording::none;
  return who;
}

struct endpoint {
  template <class Handler>
  endpoint(net::http_method method, std::string pattern, Handler run, admission a,
           net::route_options options = {})
      : row(method, std::move(pattern), std::move(run), std::move(options)), who(a) {}

  net::route row;
  admission who;
};

// Makes handlers of functions that take what their resource keeps and then the request; each
// handler keeps a share of it.
template <class State>
auto bound_to(std::shared_ptr<State> self) {
  return [self = std::move(self)](auto run) {
    return net::handler([self, run](net::http_request& r) { return run(self, r); });
  };
}

// A body of JSON, of at most so many bytes.
net::route_options json_body_of(std::size_t bytes_max);

class gate;
struct services;

class endpoint_table {
 public:
  void add_all(std::vector<endpoint> rows);
  const std::vector<endpoint>& rows() const { return rows_; }
  // Each row behind the gate, which outlives the router, and what it does recorded.
  void bind(net::router& routes, const gate& before, const services& with) const;
  // Without a gate, for a listener of its own that only operators reach.
  void bind_open(net::router& routes) const;

 private:
  std::vector<endpoint> rows_;
};

// Who makes this request, as the gate found out; lives as long as the handler runs. Of a request to
// a row that is open to all it is nobody: an empty user without roles.
const accounts::identity& caller_of(const net::http_request& request);
// The client's address: the peer's, or what a trusted proxy says of it.
std::string_view address_of(const net::http_request& request);

}  // namespace son1k::api
