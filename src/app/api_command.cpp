#include "app/api_command.hpp"

#include <boost/json.hpp>

namespace son1k::app {
namespace json = boost::json;

int run_on_api(const client_flags& flags, const api_ask& ask, const api_show& show,
               bool may_create) {
  auto client = api_client::open(flags, may_create);
  if (!client) return fail(client.error(), flags.common.json);
  auto reply = ask(**client);
  if (!reply) {
    const auto& e = reply.error();
    if (e.code == errc::cancelled && e.message.en.empty()) return exit_failed;
    return fail(e, flags.common.json);
  }
  if (!flags.common.json) {
    show(*reply);
    return exit_ok;
  }
  json::object out{{"success", true}, {"data", std::move(reply->data)}};
  if (!reply->pagination.empty()) out["pagination"] = std::move(reply->pagination);
  print_json(std::move(out));
  return exit_ok;
}

error declined() {
  return {errc::cancelled, text()};
}

const json::value& member(const json::value& of, std::string_view path) {
  static const json::value none;
  const json::value* at = &of;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const auto* object = at->if_object();
    at = object != nullptr ? object->if_contains(path.substr(0, dot)) : nullptr;
    if (at == nullptr) return none;
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return *at;
}

std::string cell(const json::value& of, std::string_view name) {
  const auto& v = member(of, name);
  if (v.is_null()) return {};
  return v.is_string() ? std::string(v.get_string()) : json::serialize(v);
}

std::int64_t number(const json::value& of, std::string_view name) {
  const auto& v = member(of, name);
  return v.is_number() ? v.to_number<std::int64_t>() : 0;
}

std::string when(const json::value& of, std::string_view name) {
  auto iso = cell(of, name);
  if (iso.size() < 19) return iso;
  iso[10] = ' ';
  return iso.substr(0, 19);
}

std::string query_of(std::initializer_list<std::pair<std::string_view, std::string>> parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    out += out.empty() ? '?' : '&';
    out.append(name).append("=").append(url_part(value));
  }
  return out;
}

}  // namespace son1k::app
