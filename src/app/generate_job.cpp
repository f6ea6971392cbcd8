#include "app/generate_job.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>

#include "api/generation.hpp"
#include "api/generation_records.hpp"
#include "app/terminal.hpp"
#include "store/async.hpp"

namespace son1k::app {
namespace json = boost::json;
namespace {

volatile std::sig_atomic_t interrupted = 0;

// What the queue's events say of the one job; written by the queue's thread.
struct watch {
  std::mutex lock;
  std::condition_variable changed;
  queue::progress_value progress{0, "queued"};
  bool ended = false;

  void hear(const queue::job_event& e) {
    const std::scoped_lock hold(lock);
    switch (e.type) {
      case queue::event_type::progress:
        progress = e.progress;
        break;
      case queue::event_type::completed:
      case queue::event_type::failed:
      case queue::event_type::cancelled:
      case queue::event_type::removed:
        ended = true;
        break;
      default:
        break;
    }
    changed.notify_all();
  }
};

void cancel(running_system& system, const std::string& id) {
  store::transaction tx;
  api::stage_generation_cancel(tx, system.services().owner, id, system_clock().now_ms());
  const auto staged = system.queue().stage_cancel(tx, std::string(api::generation_queue), id,
                                                  system.services().settle);
  // Both may find that the piece has just ended; the row then says how.
  if (staged) (void)store::commit_and_wait(system.database(), std::move(tx));
}

void follow(running_system& system, watch& job, const std::string& id, bool quiet) {
  progress_display display(quiet);
  bool asked = false;
  std::unique_lock hold(job.lock);
  while (!job.ended) {
    const auto now = job.progress;
    hold.unlock();
    display.show(now.percent, now.message);
    if (interrupted != 0 && !asked) {
      asked = true;
      cancel(system, id);
    }
    hold.lock();
    job.changed.wait_for(hold, std::chrono::milliseconds(100));
  }
  hold.unlock();
  if (job.progress.percent >= 99) display.show(100, "done");
  display.finish();
}

result<finished_generation> read_outcome(running_system& system, const std::string& id) {
  const auto& with = system.services();
  auto row = store::read_and_wait(system.database(), [&](store::connection& db) {
    return api::find_generation(db, with.owner, id);
  });
  if (!row) return row.error();
  if (row->status == "cancelled") {
    return error(errc::cancelled, text("the piece was cancelled", "la pieza fue cancelada"));
  }
  if (row->status != "completed") {
    return error(errc::internal, text(row->error_message.empty() ? "the run ended as " + row->status
                                                                 : row->error_message));
  }
  finished_generation out;
  out.facts = json::parse(row->result).as_object();
  for (const auto& file : out.facts.at("files").as_array()) {
    if (file.at("kind").as_string() == "audio") {
      out.audio = with.artifacts / std::string(file.at("path").as_string());
      break;
    }
  }
  out.facts.erase("files");
  return out;
}

std::string words(const json::value* v) {
  if (v == nullptr) return "";
  if (v->is_string()) return std::string(v->get_string());
  if (v->is_number()) return fmt::format("{:g}", v->to_number<double>());
  if (!v->is_array()) return "";
  std::string out;
  for (const auto& item : v->get_array()) {
    const auto one = item.is_object() ? words(item.get_object().if_contains("name")) : words(&item);
    if (!one.empty()) out += (out.empty() ? "" : ", ") + one;
  }
  return out;
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, [](int) { interrupted = 1; });
  std::signal(SIGTERM, [](int) { interrupted = 1; });
}

result<finished_generation> run_generation(running_system& system,
                                           const api::generation_request& request,
                                           const std::string& id, bool quiet) {
  auto job = std::make_shared<watch>();
  const auto subscription = system.queue().subscribe([job, id](const queue::job_event& e) {
    if (e.job_id == id) job->hear(e);
  });
  store::transaction tx;
  const auto& plan = system.services().tiers.of(accounts::system_tier);
  auto staged = api::stage_generation_job(system.services(), tx, system.services().owner, request,
                                          id, plan);
  if (!staged) return staged.error();
  if (auto ok = store::commit_and_wait(system.database(), std::move(tx)); !ok) return ok.error();
  if (auto ok = system.start_workers(); !ok) return ok.error();
  follow(system, *job, id, quiet);
  system.stop_workers();
  return read_outcome(system, id);
}

void print_summary(const json::object& facts, const std::filesystem::path& out) {
  const auto line = [](std::string_view label, const std::string& v) {
    if (!v.empty()) fmt::print("{:<12} {}\n", label, v);
  };
  const auto number = [&](std::string_view name) {
    const auto* v = facts.if_contains(name);
    return v != nullptr && v->is_number() ? v->to_number<double>() : 0.0;
  };
  const auto* brief = facts.if_contains("understood");
  const auto part = [&](std::string_view name) -> const json::value* {
    return brief != nullptr && brief->is_object() ? brief->get_object().if_contains(name) : nullptr;
  };
  const auto value_of = [&](std::string_view name) {
    const auto* v = part(name);
    return v != nullptr && v->is_object() ? words(v->get_object().if_contains("value")) : words(v);
  };
  line("title", words(facts.if_contains("title")));
  const auto* mood = part("mood");
  const auto moods = mood != nullptr && mood->is_object()
                         ? words(mood->get_object().if_contains("words"))
                         : std::string();
  line("understood", value_of("style") + (moods.empty() ? "" : ", ") + moods);
  line("instruments", words(facts.if_contains("instruments")));
  line("ignored", words(part("ignored")));
  line("key", words(facts.if_contains("key")));
  line("tempo", words(facts.if_contains("tempo")) + " bpm");
  line("form", words(facts.if_contains("form")));
  line("duration", fmt::format("{:.2f} s", number("duration")));
  line("loudness", fmt::format("{:.1f} LUFS, true peak {:.1f} dBTP", number("loudnessLufs"),
                               number("truePeakDbtp")));
  line("speed", fmt::format("{:.1f} x real time ({:.1f} s of work)", number("timesRealTime"),
                            number("renderSeconds")));
  line("file", out.string());
  std::fflush(stdout);
}

}  // namespace son1k::app
