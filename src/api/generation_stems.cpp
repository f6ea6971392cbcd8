#include "api/generation_stems.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/generation_request.hpp"
#include "api/generation_view.hpp"
#include "api/offload.hpp"
#include "api/parameters.hpp"
#include "base/uuid.hpp"
#include "music/produce.hpp"
#include "net/files.hpp"

namespace son1k::api {
namespace fs = std::filesystem;
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

constexpr int render_ms_max = 300'000;

// What is asked of a piece, and where its stems are.
struct stem_order {
  music::piece_request piece;
  fs::path folder;  // of the stems; there when all of them are
  fs::path sound_font;
};

fs::path file_of(const stem_order& order, const std::string& name) {
  return order.folder / ("piece.stem-" + name + ".flac");
}

// Blocking. Written beside and renamed, so that a folder that is there is whole.
result<void> render(const stem_order& order) {
  std::error_code ec;
  if (fs::exists(order.folder, ec)) return {};
  music::production_settings settings;
  settings.sound_font = order.sound_font;
  settings.folder = order.folder.string() + "." + uuid_v7();
  fs::create_directory(settings.folder, ec);
  if (ec) {
    return error(ec == std::errc::no_space_on_device ? errc::storage_full : errc::unavailable,
                 "stems",
                 text("the stems cannot be written: " + ec.message(),
                      "no se pueden escribir las pistas: " + ec.message()));
  }
  auto made = music::produce_stems(order.piece, settings);
  if (made) fs::rename(settings.folder, order.folder, ec);
  // Failed, or another process was faster.
  if (!made || ec) fs::remove_all(settings.folder, ec);
  if (!made) return made.error();
  return {};
}

using names_work = std::function<result<std::vector<std::string>>()>;

// not_found · conflict: the piece is not finished.
awaitable<result<stem_order>> find_order(services_ptr with, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return ok.error();
  if (auto ok = no_parameters(request); !ok) co_return ok.error();
  const std::string owner = caller_of(request).user;
  const std::string id(request.param("id"));
  auto row = co_await find_piece_row(*with, owner, id);
  if (!row) co_return row.error();
  if (row->status != "completed") {
    co_return error(errc::conflict, "id",
                    text("the piece is " + row->status + ", so it has no stems",
                         "la pieza está en estado " + row->status + ", así que no tiene pistas"));
  }
  auto asked = read_job_data(row->request);
  if (!asked) co_return asked.error();
  const auto facts = parsed_or_null(row->result);
  boost::system::error_code ec;
  const auto* path = facts.find_pointer("/files/0/path", ec);
  if (path == nullptr || !path->is_string()) co_return no_such_piece();
  const fs::path first(std::string_view(path->get_string()));
  co_return stem_order{std::move(asked->piece), with->artifacts / first.parent_path() / "stems",
                       with->sound_font};
}

error no_stem(const std::vector<std::string>& known) {
  std::string list;
  for (const auto& name : known) list += (list.empty() ? "" : ", ") + name;
  return {errc::not_found, "name",
          text("the piece has the stems " + list, "la pieza tiene las pistas " + list)};
}

awaitable<http_response> list(services_ptr with, http_request& request) {
  auto order = co_await find_order(with, request);
  if (!order) co_return refuse(order.error(), request);
  names_work work = [piece = order->piece] { return music::stems_of_request(piece); };
  auto names = co_await offloaded(with, std::move(work));
  if (!names) co_return refuse(names.error(), request);
  std::error_code ec;
  const bool ready = fs::exists(order->folder, ec);
  json::array stems;
  for (const auto& name : *names) {
    if (ready && !fs::exists(file_of(*order, name), ec)) continue;
    const std::string base = "/api/generation/" + std::string(request.param("id"));
    stems.push_back({{"name", name}, {"url", base + "/stems/" + name}});
  }
  co_return reply(
      200,
      json::value{{"ready", ready}, {"contentType", "audio/flac"}, {"stems", std::move(stems)}});
}

awaitable<http_response> send(services_ptr with, http_request& request) {
  auto order = co_await find_order(with, request);
  if (!order) co_return refuse(order.error(), request);
  const std::string name(request.param("name"));
  names_work work = [one = *order, name]() -> result<std::vector<std::string>> {
    auto known = music::stems_of_request(one.piece);
    if (!known) return known;
    if (std::find(known->begin(), known->end(), name) == known->end()) return no_stem(*known);
    if (auto ok = render(one); !ok) return ok.error();
    return known;
  };
  auto done = co_await offloaded(with, std::move(work));
  if (!done) co_return refuse(done.error(), request);
  auto opened = net::open_file::open(file_of(*order, name));
  if (!opened) co_return refuse(opened.error(), request);
  const std::string id(request.param("id"));
  net::file_facts about;
  about.content_type = "audio/flac";
  about.etag = "\"" + id + "-" + name + "-" + std::to_string((*opened)->size()) + "\"";
  about.cache_control = "private, max-age=31536000, immutable";
  about.disposition = "inline; filename=\"son1k-" + id.substr(0, 8) + "-" + name + ".flac\"";
  co_return net::file_response(request, std::move(*opened), about);
}

}  // namespace

void bind_generation_stems(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  net::route_options slow;
  slow.timeout_ms = render_ms_max;
  routes.add_all({
      {http_method::get, "/api/generation/:id/stems", bound(list), reads_own},
      {http_method::get, "/api/generation/:id/stems/:name", bound(send), watches_own, slow},
  });
}

}  // namespace son1k::api
