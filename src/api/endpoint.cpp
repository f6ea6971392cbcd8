#include "api/endpoint.hpp"

#include "api/audit.hpp"
#include "api/gate.hpp"
#include "api/services.hpp"

namespace son1k::api {

net::route_options json_body_of(std::size_t bytes_max) {
  net::route_options out;
  out.body_bytes_max = bytes_max;
  out.content_types = {"application/json"};
  return out;
}

void endpoint_table::add_all(std::vector<endpoint> rows) {
  rows_.insert(rows_.end(), std::make_move_iterator(rows.begin()),
               std::make_move_iterator(rows.end()));
}

void endpoint_table::bind(net::router& routes, const gate& before, const services& with) const {
  const auto self = std::make_shared<const services>(with);
  std::vector<net::route> out;
  out.reserve(rows_.size());
  for (const auto& one : rows_) {
    const bool open = one.who.least.empty() && one.who.counts == charge::none;
    if (open) {
      out.push_back(one.row);
      continue;
    }
    auto inner = one;
    inner.row = recorded_route(one, self);
    out.emplace_back(one.row.method, one.row.pattern, before.guard(inner), one.row.options);
  }
  routes.add_all(std::move(out));
}

void endpoint_table::bind_open(net::router& routes) const {
  std::vector<net::route> out;
  for (const auto& one : rows_) out.push_back(one.row);
  routes.add_all(std::move(out));
}

}  // namespace son1k::api
