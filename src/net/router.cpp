#include "net/router.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/log.hpp"

namespace son1k::net {
namespace {

constexpr std::size_t segments_max = 32;

// "/a/b" as {"a", "b"}; "/" as {""}.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> out;
  path.remove_prefix(1);
  while (out.size() < segments_max) {
    const auto slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
  return {};
}

bool is_param(std::string_view segment) {
  return segment.starts_with(':');
}

std::string allow_text(const std::vector<std::unique_ptr<route>>& routes) {
  std::string out;
  for (const auto& row : routes) {
    out.append(name_of(row->method)).append(", ");
    if (row->method == http_method::get) out.append("HEAD, ");
  }
  return out.append("OPTIONS");
}

}  // namespace

result<void> router::add(route row) {
  const bool root = row.pattern == "/";
  const auto parts =
      row.pattern.starts_with('/') ? split(row.pattern) : std::vector<std::string_view>{};
  const auto faulty = std::find_if(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == ":";
  });
  // A path without parameters may end with a slash, which then is a part of its name.
  const bool hollow =
      faulty != parts.end() && !(faulty + 1 == parts.end() && faulty->empty() &&
                                 std::none_of(parts.begin(), parts.end(), is_param));
  if (parts.empty() || (hollow && !root)) {
    return error(errc::validation, "pattern", text("Not a route pattern: " + row.pattern));
  }
  auto same = std::find_if(nodes_.begin(), nodes_.end(),
                           [&](const auto& each) { return each->pattern == row.pattern; });
  if (same == nodes_.end()) {
    auto fresh = std::make_unique<node>();
    fresh->pattern = row.pattern;
    fresh->segments.assign(parts.begin(), parts.end());
    const bool dynamic = std::any_of(parts.begin(), parts.end(), is_param);
    if (dynamic) {
      auto& level = patterns_[parts.size()];
      // Static segments win over parameters at the first place where two patterns differ.
      const auto place = std::find_if(level.begin(), level.end(), [&](const node* other) {
        for (std::size_t i = 0; i < parts.size(); ++i) {
          const bool mine = is_param(parts[i]);
          const bool theirs = is_param(other->segments[i]);
          if (mine != theirs) return theirs;
        }
        return false;
      });
      level.insert(place, fresh.get());
    } else {
      statics_[row.pattern] = fresh.get();
    }
    nodes_.push_back(std::move(fresh));
    same = nodes_.end() - 1;
  }
  auto& routes = (*same)->routes;
  if (std::any_of(routes.begin(), routes.end(),
                  [&](const auto& each) { return each->method == row.method; })) {
    return error(errc::conflict, "pattern", text("Two routes for " + row.pattern));
  }
  routes.push_back(std::make_unique<route>(std::move(row)));
  (*same)->allowed = allow_text(routes);
  return {};
}

void router::add_all(std::vector<route> rows) {
  for (auto& row : rows) {
    if (auto added = add(std::move(row)); !added) {
      log::error("router.faulty_table", {{"what", added.error().what()}});
      std::abort();
    }
  }
}

bool router::bind(const node& candidate, const std::vector<std::string_view>& segments,
                  http_request& request) {
  request.params.clear();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string_view wanted = candidate.segments[i];
    if (!is_param(wanted)) {
      if (wanted != segments[i]) return false;
      continue;
    }
    auto value = percent_decode(segments[i]);
    if (!value || value->empty() || *value == "." || *value == ".." ||
        value->find_first_of("/\\") != std::string::npos) {
      return false;
    }
    request.params.emplace_back(wanted.substr(1), std::move(*value));
  }
  return true;
}

router::match router::choose(const node& candidate, http_request& request) {
  request.route = candidate.pattern;
  const http_method wanted = request.head() ? http_method::get : request.method;
  match out;
  out.allowed = candidate.allowed;
  for (const auto& row : candidate.routes) {
    if (row->method == request.method) {
      out.found = row.get();
      return out;
    }
    if (row->method == wanted) out.found = row.get();
  }
  return out;
}

router::match router::find(http_request& request) const {
  request.params.clear();
  request.route = {};
  if (const auto hit = statics_.find(request.path); hit != statics_.end()) {
    return choose(*hit->second, request);
  }
  if (!request.path.starts_with('/')) return {};
  const auto segments = split(request.path);
  const auto level = patterns_.find(segments.size());
  if (level == patterns_.end()) return {};
  for (const node* candidate : level->second) {
    if (bind(*candidate, segments, request)) return choose(*candidate, request);
  }
  request.params.clear();
  return {};
}

std::vector<const route*> router::rows() const {
  std::vector<const route*> out;
  for (const auto& each : nodes_) {
    for (const auto& row : each->routes) out.push_back(row.get());
  }
  return out;
}

}  // namespace son1k::net
