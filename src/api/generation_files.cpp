#include "api/generation_files.hpp"

#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/generation_view.hpp"
#include "api/parameters.hpp"
#include "music/produce.hpp"
#include "net/files.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

struct stored_file {
  std::string path;  // below the artifacts folder
  std::string_view content_type;
};

// Content types must be static storage; these are all that a piece has.
std::string_view known_type(std::string_view name) {
  static constexpr std::array<std::string_view, 8> types{
      "audio/mpeg",  "audio/ogg",  "audio/flac", "audio/wav",
      "audio/x-wav", "audio/midi", "audio/mid",  "application/json"};
  for (const auto type : types) {
    if (name.substr(0, type.size()) == type) return type;
  }
  return "application/octet-stream";
}

std::optional<stored_file> pick(const json::value& facts, std::string_view kind,
                                std::string_view name) {
  const auto* files = facts.is_object() ? facts.get_object().if_contains("files") : nullptr;
  if (files == nullptr || !files->is_array()) return std::nullopt;
  for (const auto& item : files->get_array()) {
    const auto& file = item.get_object();
    if (file.at("kind").get_string() != kind) continue;
    if (!name.empty() && file.at("name").get_string() != name) continue;
    return stored_file{std::string(file.at("path").get_string()),
                       known_type(file.at("contentType").get_string())};
  }
  return std::nullopt;
}

error not_ready(const generation_record& row) {
  return {errc::conflict, "id",
          text("the piece is " + row.status + ", so it has no files",
               "la pieza está en estado " + row.status + ", así que no tiene archivos")};
}

// Runs on the compute pool; resumes with the outcome.
awaitable<result<void>> convert(const services& with, fs::path master, music::audio_format format,
                                fs::path to) {
  auto executor = co_await asio::this_coro::executor;
  auto answer = std::make_shared<std::optional<result<void>>>();
  auto initiate = [&with, executor, answer, master, format, to](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto resume = [executor, shared] { asio::post(executor, [shared] { (*shared)(); }); };
    const bool queued = with.offload([=] {
      answer->emplace(music::transcode(master, format, to));
      resume();
    });
    if (!queued) {
      answer->emplace(error(errc::unavailable, "format",
                            text("too many conversions are running; try again soon",
                                 "hay demasiadas conversiones en curso; reintente pronto")));
      resume();
    }
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(std::move(initiate),
                                                                       asio::use_awaitable);
  co_return std::move(**answer);
}

// The stored file of that format, made from the master if there is none yet.
awaitable<result<stored_file>> audio_file(const services& with, json::value facts,
                                          std::string format) {
  if (auto found = pick(facts, "audio", format)) co_return std::move(*found);
  const auto at = std::find(music::format_names.begin(), music::format_names.end(), format);
  if (at == music::format_names.end()) {
    co_return error(
        errc::validation, "format",
        text("must be one of: mp3, ogg, flac, wav", "debe ser uno de: mp3, ogg, flac, wav"));
  }
  const auto master = pick(facts, "master", "");
  if (!master) {
    co_return error(
        errc::not_found, "format",
        text("the piece was not kept in another format", "la pieza no se guardó en otro formato"));
  }
  const auto wanted = static_cast<music::audio_format>(at - music::format_names.begin());
  const auto relative =
      fs::path(master->path).replace_extension().string() + ".converted." + format;
  const auto target = with.artifacts / relative;
  std::error_code ec;
  if (!fs::exists(target, ec)) {
    auto made = co_await convert(with, with.artifacts / master->path, wanted, target);
    if (!made) co_return made.error();
  }
  co_return stored_file{relative, known_type(music::content_type_of(wanted))};
}

awaitable<http_response> send_own_file(std::shared_ptr<const services> with, http_request& request,
                                       std::string_view kind) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  auto row =
      co_await find_piece_row(*with, caller_of(request).user, std::string(request.param("id")));
  if (!row) co_return refuse(row.error(), request);
  auto out = co_await send_piece_file(*with, request, std::move(*row), kind,
                                      "private, max-age=31536000, immutable");
  co_return out;
}

}  // namespace

awaitable<http_response> send_piece_file(const services& with, http_request& request,
                                         generation_record row, std::string_view kind,
                                         std::string cache_control) {
  parameters in(request);
  const auto format = kind == "audio" ? in.text("format") : std::nullopt;
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  if (row.status != "completed") co_return refuse(not_ready(row), request);
  const auto facts = parsed_or_null(row.result);
  result<stored_file> file = no_such_piece();
  if (format) {
    file = co_await audio_file(with, facts, *format);
  } else if (auto found = pick(facts, kind, "")) {
    file = std::move(*found);
  }
  if (!file) co_return refuse(file.error(), request);
  auto opened = net::open_file::open(with.artifacts / file->path);
  if (!opened) co_return refuse(opened.error(), request);
  net::file_facts about;
  about.content_type = file->content_type;
  // A finished piece never changes, so name and size are its identity.
  about.etag = "\"" + row.id + "-" + std::to_string((*opened)->size()) + "\"";
  about.cache_control = std::move(cache_control);
  const auto extension = fs::path(file->path).extension().string();
  about.disposition = "inline; filename=\"son1k-" + row.id.substr(0, 8) + extension + "\"";
  co_return net::file_response(request, std::move(*opened), about);
}

void bind_generation_files(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto sender = [self](std::string_view kind) {
    return net::handler([self, kind](http_request& r) { return send_own_file(self, r, kind); });
  };
  routes.add_all({
      {http_method::get, "/api/generation/:id/audio", sender("audio"), watches_own},
      {http_method::get, "/api/generation/:id/midi", sender("midi"), watches_own},
      {http_method::get, "/api/generation/:id/peaks", sender("peaks"), watches_own},
  });
}

}  // namespace son1k::api
