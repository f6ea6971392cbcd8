#include "api/openapi.hpp"

#include <array>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "api_descriptions.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

constexpr std::string_view shared_file = "components.json";
constexpr std::size_t depth_max = 64;

// What is written of one operation, and of the paths of its file.
struct written_operation {
  json::object text;
  std::string tag;
  json::object paths;  // parameter of a path -> what it is
};

struct book {
  json::object shared;                      // components.json
  std::map<std::string, std::string> tags;  // what each group is about
  json::object schemas;
  std::map<std::string, written_operation> operations;  // by "GET /api/x"
  std::vector<std::string> wrong;
};

json::object object_at(const json::object& in, std::string_view name) {
  const auto* found = in.if_contains(name);
  return found != nullptr && found->is_object() ? found->get_object() : json::object();
}

std::string text_at(const json::object& in, std::string_view name) {
  const auto* found = in.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

void copy_if_there(const json::object& from, std::string_view name, json::object& to) {
  if (const auto* found = from.if_contains(name)) to[name] = *found;
}

json::object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

void read_file(const written_description& file, book& out) {
  json::error_code ec;
  json::parse_options options;
  options.max_depth = depth_max;
  auto parsed = json::parse(file.text, ec, {}, options);
  const std::string name(file.name);
  if (ec || !parsed.is_object()) {
    out.wrong.push_back(name + ": is no JSON object");
    return;
  }
  auto& whole = parsed.get_object();
  if (file.name == shared_file) {
    out.shared = std::move(whole);
    return;
  }
  const auto tag = text_at(whole, "tag");
  out.tags[tag] = text_at(whole, "about");
  for (auto& [schema, what] : object_at(whole, "schemas")) {
    if (out.schemas.contains(schema))
      out.wrong.push_back(name + ": a second " + std::string(schema));
    out.schemas[schema] = std::move(what);
  }
  for (auto& [key, what] : object_at(whole, "operations")) {
    const std::string operation(key);
    if (!what.is_object() || out.operations.contains(operation)) {
      out.wrong.push_back(name + ": " + operation + " is no object, or described twice");
      continue;
    }
    out.operations[operation] = {what.get_object(), tag, object_at(whole, "paths")};
  }
}

// "/api/queues/:queue/stats" -> "/api/queues/{queue}/stats", and the names in it.
std::string templated(std::string_view pattern, std::vector<std::string>& names) {
  std::string out;
  while (!pattern.empty()) {
    const auto end = pattern.find('/', 1);
    const auto segment = pattern.substr(0, end);
    if (segment.starts_with("/:")) {
      names.emplace_back(segment.substr(2));
      out += "/{" + names.back() + "}";
    } else {
      out += segment;
    }
    pattern.remove_prefix(end == std::string_view::npos ? pattern.size() : end);
  }
  return out;
}

// The envelope of every JSON reply, around its data.
json::object enveloped(const json::object& reply, const book& from) {
  json::object properties;
  properties["success"] = json::object{{"const", true}};
  const auto* data = reply.if_contains("data");
  properties["data"] = data != nullptr ? *data : json::value(json::object());
  json::array required{"success", "data"};
  json::object schema{{"type", "object"}};
  json::object out;
  json::object example{{"success", true}};
  if (const auto* shown = reply.if_contains("example")) example["data"] = *shown;
  if (const auto page = text_at(reply, "page"); !page.empty()) {
    properties["pagination"] = reference("schemas", page);
    required.emplace_back("pagination");
    const auto about = object_at(from.schemas, page);
    const auto* pages = about.if_contains("examples");
    if (pages != nullptr && pages->is_array() && !pages->get_array().empty())
      example["pagination"] = pages->get_array().front();
  }
  schema["required"] = std::move(required);
  schema["properties"] = std::move(properties);
  out["schema"] = std::move(schema);
  if (example.contains("data")) out["example"] = std::move(example);
  return out;
}

// The content of a reply: {"data": schema, "page"?: name} in the envelope, {"schema": …} JSON of
// its own, {"types": [...]} other media.
json::object content_of(const json::object& reply, const book& from) {
  json::object out;
  if (const auto* types = reply.if_contains("types"); types != nullptr && types->is_array()) {
    for (const auto& type : types->get_array()) {
      json::object media;
      copy_if_there(reply, "schema", media);
      copy_if_there(reply, "example", media);
      out[type.get_string()] = std::move(media);
    }
    return out;
  }
  if (reply.contains("schema")) {
    json::object media;
    copy_if_there(reply, "schema", media);
    copy_if_there(reply, "example", media);
    out["application/json"] = std::move(media);
  } else if (reply.contains("data")) {
    out["application/json"] = enveloped(reply, from);
  }
  return out;
}

json::object reply_of(const json::object& reply, const endpoint& row, const book& from) {
  json::object out{{"description", text_at(reply, "description")}};
  json::object headers;
  if (row.who.counts != charge::none) {
    for (const auto* name : {"RateLimit", "RateLimit-Policy"})
      headers[name] = reference("headers", name);
  }
  if (const auto* named = reply.if_contains("headers"); named != nullptr && named->is_array()) {
    for (const auto& name : named->get_array())
      headers[name.get_string()] = reference("headers", std::string_view(name.get_string()));
  }
  if (!headers.empty()) out["headers"] = std::move(headers);
  if (auto content = content_of(reply, from); !content.empty()) out["content"] = std::move(content);
  return out;
}

// {"code", "message", "description"} as the reply that it stands for.
json::object refusal_of(const json::object& about) {
  json::object fault{{"code", text_at(about, "code")},
                     {"message", text_at(about, "message")},
                     {"requestId", "0192f0c1-7d1a-7c3e-9a44-5d8c2b6f1e07"},
                     {"timestamp", "2026-01-31T12:00:00.000Z"}};
  json::object example{{"success", false}, {"error", std::move(fault)}};
  json::object media{{"schema", reference("schemas", "Refusal")}, {"example", std::move(example)}};
  json::object content{{"application/json", std::move(media)}};
  return {{"description", text_at(about, "description")}, {"content", std::move(content)}};
}

// The refusals that follow from the row itself.
std::set<std::string> usual_refusals(const endpoint& row, bool has_path_parameters) {
  std::set<std::string> out;
  if (!row.who.least.empty()) out.insert({"401", "403"});
  if (row.who.counts != charge::none) out.insert({"422", "429", "503"});
  if (!row.row.options.content_types.empty()) out.insert({"400", "413", "415"});
  if (has_path_parameters) out.insert("404");
  return out;
}

json::object replies_of(const json::object& written, const endpoint& row, bool has_path_parameters,
                        const book& from) {
  json::object out;
  for (const auto& [status, reply] : object_at(written, "replies")) {
    if (reply.is_object()) out[status] = reply_of(reply.get_object(), row, from);
  }
  const auto known = object_at(from.shared, "refusals");
  for (const auto& [status, why] : object_at(written, "refusals")) {
    auto about = object_at(known, status);
    for (const auto* member : {"description", "message"})
      if (why.is_string()) about[member] = why;
    out[status] = refusal_of(about);
  }
  for (const auto& status : usual_refusals(row, has_path_parameters)) {
    if (!out.contains(status)) out[status] = reference("responses", "Refused" + status);
  }
  out["default"] = reference("responses", "Refused");
  return out;
}

json::object body_of(const json::object& body, const endpoint& row) {
  json::object media;
  copy_if_there(body, "schema", media);
  copy_if_there(body, "example", media);
  copy_if_there(body, "examples", media);
  json::object content;
  if (row.row.options.content_types.empty()) content["application/json"] = media;
  for (const auto& type : row.row.options.content_types) content[type] = media;
  const auto* optional = body.if_contains("optional");
  const bool must = optional == nullptr || !optional->is_bool() || !optional->get_bool();
  json::object out{{"required", must}, {"content", std::move(content)}};
  if (row.row.options.body_bytes_max != 0) out["x-max-bytes"] = row.row.options.body_bytes_max;
  return out;
}

std::string_view name_of(charge counts) {
  static constexpr std::array<std::string_view, 5> names{"none", "address", "login", "request",
                                                         "watch"};
  return names[static_cast<std::size_t>(counts)];
}

void add_admission(const admission& who, json::object& to) {
  json::array ways;
  if (!who.least.empty()) {
    for (const auto* way : {"token", "apiKey", "cookie"})
      ways.push_back(json::object{{way, json::array()}});
    to["x-role"] = who.least;
    if (!who.scope.empty()) to["x-scope"] = who.scope;
  }
  to["security"] = std::move(ways);
  to["x-counts-as"] = name_of(who.counts);
}

json::object operation_of(const written_operation& written, const endpoint& row,
                          const std::vector<std::string>& names, book& from,
                          const std::string& key) {
  json::object out{{"tags", json::array{json::value(written.tag)}}};
  for (const auto* name : {"operationId", "summary", "description"})
    copy_if_there(written.text, name, out);
  json::array parameters;
  for (const auto& name : names) {
    const auto* about = written.paths.if_contains(name);
    if (about == nullptr || !about->is_object()) {
      from.wrong.push_back(key + ": its file does not say what :" + name + " is");
      continue;
    }
    json::object one{{"name", name}, {"in", "path"}, {"required", true}};
    for (const auto& [member, value] : about->get_object()) one[member] = value;
    parameters.push_back(std::move(one));
  }
  if (const auto* more = written.text.if_contains("parameters");
      more != nullptr && more->is_array())
    for (const auto& one : more->get_array()) parameters.push_back(one);
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (const auto* body = written.text.if_contains("body"); body != nullptr && body->is_object())
    out["requestBody"] = body_of(body->get_object(), row);
  out["responses"] = replies_of(written.text, row, !names.empty(), from);
  add_admission(row.who, out);
  return out;
}

json::object components_of(book& from) {
  auto out = object_at(from.shared, "components");
  out["schemas"] = std::move(from.schemas);
  json::object responses;
  for (const auto& [status, about] : object_at(from.shared, "refusals")) {
    if (about.is_object())
      responses["Refused" + (status == "default" ? "" : std::string(status))] =
          refusal_of(about.get_object());
  }
  out["responses"] = std::move(responses);
  return out;
}

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

std::vector<written_description> written_descriptions() {
  std::vector<written_description> out;
  for (const auto& file : written::api_descriptions()) out.push_back({file.name, file.text});
  return out;
}

api_description describe(const endpoint_table& table, std::span<const written_description> files,
                         std::string_view version) {
  book from;
  for (const auto& file : files) read_file(file, from);
  for (auto& [name, schema] : object_at(object_at(from.shared, "components"), "schemas"))
    from.schemas[name] = std::move(schema);
  api_description out;
  json::object paths;
  json::array tags;  // in the order of the table
  for (const auto& row : table.rows()) {
    const auto method = net::name_of(row.row.method);
    const auto key = std::string(method) + " " + row.row.pattern;
    const auto found = from.operations.find(key);
    if (found == from.operations.end()) {
      out.missing.push_back(key);
      continue;
    }
    if (const auto tag = from.tags.extract(found->second.tag))
      tags.push_back(json::object{{"name", tag.key()}, {"description", tag.mapped()}});
    std::vector<std::string> names;
    const auto path = templated(row.row.pattern, names);
    if (!paths.contains(path)) paths[path] = json::object();
    paths[path].get_object()[lower(method)] = operation_of(found->second, row, names, from, key);
    from.operations.erase(found);
  }
  for (const auto& [key, unused] : from.operations) out.left_over.push_back(key);
  auto info = object_at(from.shared, "info");
  info["version"] = version;
  out.document = {{"openapi", "3.1.0"},
                  {"info", std::move(info)},
                  {"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"},
                  {"servers", json::array{json::value(json::object{{"url", "/"}})}},
                  {"tags", std::move(tags)},
                  {"paths", std::move(paths)},
                  {"components", components_of(from)}};
  out.wrong = std::move(from.wrong);
  return out;
}

}  // namespace son1k::api
