#include "kinds/generation/generation_kind.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <optional>

#include "accounts/quota/ledger.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "kinds/generation/owed_pieces.hpp"
#include "music/produce.hpp"
#include "queue/policy.hpp"
#include "webhooks/generation_events.hpp"

namespace son1k::kinds {
namespace fs = std::filesystem;
namespace json = boost::json;
using boost::asio::awaitable;
namespace {

using store::statement;

struct order {
  std::string id;
  music::piece_request piece;
  music::audio_format format = music::audio_format::mp3;
};

template <class Enum, std::size_t N>
std::optional<Enum> one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

std::string text_of(const json::object& in, std::string_view name) {
  const auto* v = in.if_contains(name);
  return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
}

error bad_data(std::string_view field) {
  return {errc::validation, std::string(field),
          text("the job's data has no valid value for it",
               "los datos del trabajo no tienen un valor válido para este campo")};
}

result<order> read_order(std::string_view data) {
  boost::system::error_code ec;
  const auto parsed = json::parse(data, ec);
  if (ec || !parsed.is_object()) return bad_data("data");
  const auto& in = parsed.get_object();
  order out;
  out.id = text_of(in, "generationId");
  if (out.id.empty()) return bad_data("generationId");
  out.piece.prompt = text_of(in, "prompt");
  out.piece.style = text_of(in, "style");
  out.piece.title = text_of(in, "title");
  out.piece.lyrics = text_of(in, "lyrics");
  out.piece.negative_tags = text_of(in, "negativeTags");
  const auto grade = one_of<music::quality>(music::quality_names, text_of(in, "quality"));
  const auto format = one_of<music::audio_format>(music::format_names, text_of(in, "format"));
  if (!grade) return bad_data("quality");
  if (!format) return bad_data("format");
  out.piece.grade = *grade;
  out.format = *format;
  boost::system::error_code number;
  if (const auto* v = in.if_contains("duration")) {
    out.piece.duration_seconds = v->to_number<int>(number);
    if (number) return bad_data("duration");
  }
  if (const auto* v = in.if_contains("seed")) {
    out.piece.seed = v->to_number<std::uint64_t>(number);
    if (number) return bad_data("seed");
  }
  auto parts = music::read_parts(in.if_contains("parts"));
  if (!parts) return bad_data("parts");
  out.piece.parts = std::move(*parts);
  return out;
}

// The facts of a finished piece with its files as paths below the artifacts folder.
std::string result_of(const music::piece& piece, const std::string& folder) {
  json::object out = piece.to_json();
  json::array files;
  for (const auto& file : piece.files) {
    files.push_back({{"kind", file.kind},
                     {"name", file.name},
                     {"path", folder + "/" + file.path.filename().string()},
                     {"contentType", file.content_type},
                     {"bytes", file.bytes}});
  }
  out["files"] = std::move(files);
  return json::serialize(out);
}

// What a finished piece is searched by.
struct heard_facts {
  std::string title;
  std::string style;
};
heard_facts heard_of(const queue::job_view& ended) {
  if (ended.state != queue::job_state::completed) return {};
  boost::system::error_code ec;
  const auto facts = json::parse(ended.result, ec);
  if (ec || !facts.is_object()) return {};
  const auto* style = facts.find_pointer("/understood/style/value", ec);
  return {text_of(facts.get_object(), "title"), style != nullptr && style->is_string()
                                                    ? std::string(style->get_string())
                                                    : std::string()};
}

// The piece has ended, or a later run has it: what that one has made must not be touched.
error nobody_waits() {
  return {errc::conflict, "generationId",
          text("no piece waits for this run", "ninguna pieza espera esta ejecución")};
}

store::transaction started(const std::string& owner, const std::string& id, std::int64_t fence) {
  static const statement begin(
      "update generation set status = 'processing', fence = $2, "
      "started_at_ms = coalesce(started_at_ms, $3) "
      "where id = $1 and owner = $4 and status in ('pending', 'processing') and fence <= $2");
  store::transaction tx(store::durability::process);
  tx.stage(
      [owner, id, fence, now = system_clock().now_ms()](store::connection& db) -> result<void> {
        auto rows = db.execute(begin, {std::string_view(id), fence, now, std::string_view(owner)});
        if (!rows) return rows.error();
        if (*rows == 0) return nobody_waits();
        return {};
      });
  return tx;
}

queue::job_error as_job_error(const error& e) {
  // The same input gives the same refusal, so only faults of the surroundings are worth a retry.
  const bool retry = e.code == errc::unavailable || e.code == errc::storage_full ||
                     e.code == errc::internal || e.code == errc::timeout;
  return {std::string(name_of(e.code)), e.what(), retry};
}

class generation_kind final : public queue::job_kind {
 public:
  explicit generation_kind(generation_settings settings) : settings_(std::move(settings)) {}

  std::string_view name() const override { return "generation"; }

  awaitable<queue::outcome> run(queue::job_context& context) override {
    auto wanted = read_order(context.job().data);
    if (!wanted) {
      auto refused = as_job_error(wanted.error());
      co_return queue::outcome::fail(std::move(refused));
    }
    const auto id = wanted->id;
    const auto fence = context.job().held.fence;
    auto begin = started(context.job().user, id, fence);
    auto begun = co_await context.commit(std::move(begin));
    if (!begun) {
      auto fault = as_job_error(begun.error());
      co_return queue::outcome::fail(std::move(fault));
    }
    // What an earlier start left behind when its process died goes with the piece's folder.
    remove_folder(settings_.artifacts / id);
    const std::string folder = fmt::format("{}/{}", id, fence);
    std::optional<result<music::piece>> made;
    std::function<void()> work = [&] { made.emplace(make(*wanted, folder, context)); };
    co_await context.offload(std::move(work));
    if (made && *made) co_return queue::outcome::complete(result_of(**made, folder));
    remove_folder(settings_.artifacts / id);
    if (!made || made->error().code == errc::cancelled) co_return stopped(context);
    auto fault = as_job_error(made->error());
    co_return queue::outcome::fail(std::move(fault));
  }

  result<std::vector<queue::owed_job>> owed(store::connection& db, const std::string& after,
                                            std::int64_t most) override {
    return owed_pieces(db, after, most);
  }
  result<std::vector<std::string>> take_over(store::connection& db,
                                             std::span<const queue::owed_job> jobs) override {
    return take_over_pieces(db, jobs);
  }

  void settle(const queue::job_view& ended, store::transaction& tx) override {
    static const statement complete(
        "update generation set status = 'completed', result = $2, finished_at_ms = $3, fence = $4, "
        "title = coalesce(nullif(title, ''), $6), style = $7 "
        "where id = $1 and owner = $5 and status in ('pending', 'processing') and fence <= $4");
    static const statement fail(
        "update generation set status = 'failed', error_code = $2, error_message = $5, "
        "finished_at_ms = $3, fence = $4 "
        "where id = $1 and owner = $6 and status in ('pending', 'processing') and fence <= $4");
    static const statement cancel(
        "update generation set status = 'cancelled', finished_at_ms = $2 "
        "where id = $1 and owner = $3 and status in ('pending', 'processing')");
    static const statement again(
        "update generation set status = 'pending', error_code = null, error_message = null, "
        "result = null, finished_at_ms = null, fence = 0 "
        "where id = $1 and owner = $2 and status in ('completed', 'failed', 'cancelled')");
    // What the piece was charged ends or begins with the change of its row, never without it.
    tx.stage([id = ended.id, ended, heard = heard_of(ended), now = system_clock().now_ms(),
              told = uuid_v7()](store::connection& db) -> result<void> {
      const std::string_view key(id), owner(ended.user);
      const auto changed = [&](const statement& sql, std::initializer_list<store::value> with) {
        auto rows = db.execute(sql, with);
        return rows ? result<bool>(*rows > 0) : result<bool>(rows.error());
      };
      if (!queue::is_ended(ended.state)) {
        auto pending = changed(again, {key, owner});
        if (!pending) return pending.error();
        if (!*pending) return {};
        return accounts::reserve_again(db, {ended.user, id, {}, now});
      }
      if (ended.state == queue::job_state::completed) {
        auto done =
            changed(complete, {key, std::string_view(ended.result), now, ended.starts, owner,
                               std::string_view(heard.title), std::string_view(heard.style)});
        if (!done) return done.error();
        if (!*done) return {};
        if (auto ok = accounts::commit_reserved(db, owner, key, now); !ok) return ok;
        return webhooks::announce(db, webhooks::completed_piece(ended.user, id, now, told));
      }
      const bool failed = ended.error && ended.error->code != name_of(errc::cancelled);
      auto gone = failed
                      ? changed(fail, {key, std::string_view(ended.error->code), now, ended.starts,
                                       std::string_view(ended.error->message), owner})
                      : changed(cancel, {key, now, owner});
      if (!gone) return gone.error();
      if (!*gone) return {};
      if (auto ok = accounts::refund_reserved(db, owner, key, now); !ok) return ok;
      return webhooks::announce(db, failed
                                        ? webhooks::failed_piece(ended.user, id, ended.error->code,
                                                                 ended.error->message, now, told)
                                        : webhooks::cancelled_piece(ended.user, id, now, told));
    });
  }

 private:
  result<music::piece> make(const order& wanted, const std::string& folder,
                            queue::job_context& context) {
    std::error_code ec;
    fs::create_directories(settings_.artifacts / folder, ec);
    if (ec) {
      return error(ec == std::errc::no_space_on_device ? errc::storage_full : errc::unavailable,
                   "data_dir",
                   text("the folder for the piece cannot be made: " + ec.message(),
                        "no se puede crear la carpeta de la pieza: " + ec.message()));
    }
    music::production_settings production;
    production.sound_font = settings_.sound_font;
    production.folder = settings_.artifacts / folder;
    const auto report = [&](const music::stage_report& stage) {
      // 100 belongs to the commit that makes the piece visible.
      const int percent = std::min(99, static_cast<int>(std::floor(stage.fraction * 100.0)));
      context.progress(percent, stage.message.en);
    };
    return music::produce(wanted.piece, {wanted.format}, production, report, context.stop());
  }

  static queue::outcome stopped(queue::job_context& context) {
    switch (context.why_stopped()) {
      case queue::stop_reason::shutting_down:
        return queue::outcome::release();
      case queue::stop_reason::timed_out:
        return queue::outcome::fail({"timeout", "the run took longer than its limit", true});
      default:
        return queue::outcome::cancel();
    }
  }

  static void remove_folder(const fs::path& folder) {
    std::error_code ec;
    fs::remove_all(folder, ec);
    if (ec) log::warn("artifact.left_behind", {{"path", folder.string()}, {"why", ec.message()}});
  }

  const generation_settings settings_;
};

}  // namespace

std::shared_ptr<queue::job_kind> make_generation_kind(generation_settings settings) {
  return std::make_shared<generation_kind>(std::move(settings));
}

}  // namespace son1k::kinds
