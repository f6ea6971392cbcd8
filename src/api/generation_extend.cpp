#include "api/generation_extend.hpp"

#include <cmath>

#include "api/envelope.hpp"
#include "api/generation.hpp"
#include "api/generation_plan.hpp"
#include "api/generation_view.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "base/uuid.hpp"
#include "music/brief/brief.hpp"

namespace son1k::api {
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

constexpr std::size_t body_bytes_max = 16'384;
constexpr std::size_t prompt_points_max = 500;
constexpr int added_min = 5;  // seconds
constexpr int whole_max = 600;
constexpr int bars_max = 400;

struct context {
  services with;
  std::shared_ptr<pace> learnt;
};
using context_ptr = std::shared_ptr<const context>;

// How many seconds are added; the reader keeps what is wrong.
int read_added(object_reader& in, const music::brief& understood) {
  const auto seconds = in.integer("duration", added_min, whole_max);
  const auto bars = in.integer("bars", 1, bars_max);
  if (seconds.has_value() == bars.has_value()) {
    in.fail("duration", {"must be given, or bars in its place", "debe darse, o bars en su lugar"});
    return added_min;
  }
  if (seconds) return static_cast<int>(*seconds);
  const double bar_seconds = understood.beats_per_bar * (4.0 / understood.beat_unit) * 60.0 /
                             music::quarter_bpm(understood);
  return std::max(added_min, static_cast<int>(std::ceil(static_cast<double>(*bars) * bar_seconds)));
}

error too_long(int before) {
  const auto left = std::to_string(whole_max - before);
  return {errc::validation, "duration",
          text("a piece lasts up to 600 s, so at most " + left + " s can be added",
               "una pieza dura hasta 600 s, así que se pueden añadir " + left + " s como mucho")};
}

awaitable<result<generation_request>> read_request(context_ptr self, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return ok.error();
  if (auto ok = no_parameters(request); !ok) co_return ok.error();
  const std::string id(request.param("id"));
  auto row = co_await find_piece_row(self->with, caller_of(request).user, id);
  if (!row) co_return row.error();
  if (row->status != "completed") {
    co_return error(
        errc::conflict, "id",
        text("only a finished piece can be extended; this one is " + row->status,
             "solo se puede extender una pieza terminada; esta está en estado " + row->status));
  }
  auto before = read_job_data(row->request);
  if (!before) co_return before.error();
  before->extends = id;
  before->tags = row->tags;
  co_return read_extension(request.body, std::move(*before));
}

awaitable<http_response> extend(context_ptr self, http_request& request) {
  const auto& with = self->with;
  auto keyed = co_await read_keyed(with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = co_await read_request(self, request);
  if (!wanted) co_return refuse(wanted.error(), request);
  const std::string owner = caller_of(request).user;
  const auto& plan = with.tiers.of(caller_of(request).tier);
  if (auto ok = fit_to_plan(plan, *wanted); !ok) co_return refuse(ok.error(), request);
  auto left = co_await check_quota(with, owner, plan);
  if (!left) co_return refuse(left.error(), request);
  store::transaction tx;
  auto staged = stage_generation_job(with, tx, owner, *wanted, uuid_v7(), plan);
  if (!staged) co_return refuse(staged.error(), request);
  auto data = accepted_reply(with, *self->learnt, *staged, *wanted);
  auto out = co_await commit_and_reply(with, std::move(tx), std::move(keyed.key), 202,
                                       std::move(data), request);
  co_return out;
}

}  // namespace

result<generation_request> read_extension(std::string_view body, generation_request before) {
  // As its first part was understood: see music::compose_request().
  auto first = before.piece;
  if (!first.parts.empty()) first.duration_seconds = first.parts.front().until_seconds;
  const auto understood = music::understand(first);
  if (!understood) return understood.error();
  const auto parsed = parse_json(body);
  if (!parsed) return parsed.error();
  object_reader in(*parsed);
  const int added = read_added(in, *understood);
  auto prompt = in.utf8("prompt", {1, prompt_points_max, false}).value_or("");
  if (auto ok = in.finish(); !ok) return ok.error();
  auto& piece = before.piece;
  const int sounds =
      piece.parts.empty() ? understood->duration_seconds : piece.parts.back().until_seconds;
  if (sounds + added > whole_max) return too_long(sounds);
  if (piece.parts.empty()) piece.parts.push_back({sounds, ""});
  if (piece.parts.size() >= music::piece_parts_max) {
    return error(errc::validation, "id",
                 text("a piece has up to 20 parts", "una pieza tiene hasta 20 partes"));
  }
  piece.parts.push_back({sounds + added, std::move(prompt)});
  piece.duration_seconds = sounds + added;
  return before;
}

void bind_generation_extend(endpoint_table& routes, const services& with,
                            std::shared_ptr<pace> learnt) {
  auto self = std::make_shared<const context>(context{with, std::move(learnt)});
  const auto bound = bound_to(self);
  const auto json_body = json_body_of(body_bytes_max);
  routes.add_all(
      {{http_method::post, "/api/generation/:id/extend", bound(extend), makes_own, json_body}});
}

}  // namespace son1k::api
