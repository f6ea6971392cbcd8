#include "api/metrics.hpp"

#include <array>
#include <map>

#include "api/queue_names.hpp"

namespace son1k::api {
using metrics::family;
using metrics::family_type;
namespace {

constexpr std::size_t workers_max = 1'000;
constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

struct state_field {
  const char* name;
  std::int64_t queue::queue_counts::*count;
};
constexpr std::array<state_field, 7> states{{
    {"waiting", &queue::queue_counts::waiting},
    {"prioritized", &queue::queue_counts::prioritized},
    {"delayed", &queue::queue_counts::delayed},
    {"active", &queue::queue_counts::active},
    {"waiting-children", &queue::queue_counts::waiting_children},
    {"completed", &queue::queue_counts::completed},
    {"failed", &queue::queue_counts::failed},
}};

void collect_depths(const services& with, std::vector<family>& out) {
  family jobs{"son1k_queue_jobs", "Jobs in a queue by state.", family_type::gauge, {}};
  family age{"son1k_queue_oldest_ready_age_seconds",
             "For how long the oldest ready job has waited; 0 if none is ready.",
             family_type::gauge,
             {}};
  family paused{"son1k_queue_paused", "1 while the queue is paused.", family_type::gauge, {}};
  const auto names = known_queues(with);
  const auto now = with.clock.now_ms();
  for (std::size_t n = 0; names && n < names->size() && n < queue_meter::queues_max; ++n) {
    const auto& name = (*names)[n];
    const auto counts = with.queue.counts(name);
    if (!counts) continue;
    for (const auto& state : states) {
      jobs.add({{"queue", name}, {"state", state.name}},
               static_cast<double>((*counts).*state.count));
    }
    const auto since = counts->oldest_ready_at_ms;
    const auto waited = since == 0 ? 0 : std::max<std::int64_t>(now - since, 0);
    age.add({{"queue", name}}, static_cast<double>(waited) / 1'000.0);
    paused.add({{"queue", name}}, counts->paused ? 1.0 : 0.0);
  }
  for (auto* one : {&jobs, &age, &paused}) out.push_back(std::move(*one));
}

void collect_totals(const queue_meter& meter, std::vector<family>& out) {
  struct total {
    const char* name;
    const char* help;
    metrics::tally queue_figures::*count;
  };
  static constexpr std::array<total, 6> totals{{
      {"son1k_queue_added_total", "Jobs added.", &queue_figures::added},
      {"son1k_queue_completed_total", "Jobs completed.", &queue_figures::completed},
      {"son1k_queue_failed_total", "Jobs that failed for good: new dead letters.",
       &queue_figures::failed},
      {"son1k_queue_cancelled_total", "Jobs cancelled.", &queue_figures::cancelled},
      {"son1k_queue_retried_total", "Runs that failed and are tried again.",
       &queue_figures::retried},
      {"son1k_queue_stalled_total", "Runs whose lease ran out.", &queue_figures::stalled},
  }};
  const auto all = meter.all();
  for (const auto& row : totals) {
    family one{row.name, row.help, family_type::counter, {}};
    for (const auto& [name, figures] : all) {
      one.add({{"queue", name}}, static_cast<double>(((*figures).*row.count).load()));
    }
    out.push_back(std::move(one));
  }
  family run{"son1k_queue_run_seconds", "Time of runs.", family_type::histogram, {}};
  family wait{
      "son1k_queue_wait_seconds", "Time from ready to started.", family_type::histogram, {}};
  for (const auto& [name, figures] : all) {
    run.add({{"queue", name}}, figures->run_seconds);
    wait.add({{"queue", name}}, figures->wait_seconds);
  }
  out.push_back(std::move(run));
  out.push_back(std::move(wait));
}

void collect_workers(const services& with, std::vector<family>& out) {
  family slots{"son1k_worker_slots", "Jobs a worker may run at once.", family_type::gauge, {}};
  family busy{"son1k_worker_busy", "Jobs a worker runs.", family_type::gauge, {}};
  family memory{"son1k_worker_resident_memory_bytes",
                "Resident memory of the worker's process.",
                family_type::gauge,
                {}};
  family info{"son1k_worker_info", "1; version and host of a worker.", family_type::gauge, {}};
  auto workers = with.queue.workers();
  if (workers.size() > workers_max) workers.resize(workers_max);
  for (const auto& w : workers) {
    slots.add({{"worker", w.name}}, static_cast<double>(w.slots));
    busy.add({{"worker", w.name}}, static_cast<double>(w.busy));
    memory.add({{"worker", w.name}}, static_cast<double>(w.rss_bytes));
    info.add({{"worker", w.name}, {"version", w.version}, {"host", w.host}}, 1.0);
  }
  for (auto* one : {&slots, &busy, &memory, &info}) out.push_back(std::move(*one));
}

void collect_letters(const services& with, const queue::history_figures& now,
                     std::vector<family>& out) {
  std::map<std::string, queue::letters_of_queue> by_queue;
  if (const auto names = known_queues(with)) {
    for (std::size_t n = 0; n < names->size() && n < queue_meter::queues_max; ++n) {
      by_queue[(*names)[n]];
    }
  }
  for (const auto& one : now.letters) by_queue[one.queue] = one;
  family groups{"son1k_dead_letter_groups",
                "Different errors of failed jobs that nobody has dealt with; seconds old.",
                family_type::gauge,
                {}};
  family jobs{"son1k_dead_letters",
              "Failed jobs that nobody has dealt with; seconds old.",
              family_type::gauge,
              {}};
  for (const auto& [name, one] : by_queue) {
    groups.add({{"queue", name}}, static_cast<double>(one.groups));
    jobs.add({{"queue", name}}, static_cast<double>(one.jobs));
  }
  out.push_back(std::move(groups));
  out.push_back(std::move(jobs));
}

void collect_history(const queue::history_figures& now, std::vector<family>& out) {
  metrics::add_figure(out, "son1k_history_recorded_total",
                      "Records of runs written into the history.", family_type::counter,
                      static_cast<double>(now.recorded));
  metrics::add_figure(out, "son1k_history_dropped_total", "Records that could not be written.",
                      family_type::counter, static_cast<double>(now.dropped));
  metrics::add_figure(out, "son1k_history_buffered", "Records that wait to be written.",
                      family_type::gauge, static_cast<double>(now.buffered));
  metrics::add_figure(out, "son1k_history_blocked_seconds_total",
                      "How long the queue was held by a full buffer.", family_type::counter,
                      static_cast<double>(now.blocked_ms) / 1'000.0);
}

void collect_build(const services& with, std::vector<family>& out) {
  family build{"son1k_build_info", "1; the version of this program.", family_type::gauge, {}};
  build.add({{"version", with.version}, {"compiler", __VERSION__}}, 1.0);
  out.push_back(std::move(build));
}

// The statuses that the server and the resources give; others are told together.
constexpr std::array<int, 26> statuses{200, 202, 204, 206, 304, 400, 401, 402, 403,
                                       404, 405, 408, 409, 412, 413, 414, 415, 416,
                                       417, 421, 422, 429, 500, 503, 504, 507};

std::size_t index_of(int status) {
  const auto at = std::lower_bound(statuses.begin(), statuses.end(), status);
  const bool known = at != statuses.end() && *at == status;
  return known ? static_cast<std::size_t>(at - statuses.begin()) : statuses.size();
}

}  // namespace

struct http_meter::row {
  row(std::string r, std::string m) : route(std::move(r)), method(std::move(m)) {}
  const std::string route;
  const std::string method;
  std::array<metrics::tally, statuses.size() + 1> by_status{};
  metrics::histogram took{metrics::request_seconds};
};

http_meter::http_meter(const net::router& routes) {
  for (const auto* one : routes.rows()) {
    rows_.push_back(std::make_unique<row>(one->pattern, std::string(net::name_of(one->method))));
  }
  rows_.push_back(std::make_unique<row>("none", "any"));
  for (const auto& one : rows_) by_route_[one->route].push_back(one.get());
}

http_meter::~http_meter() = default;

void http_meter::observe(const net::request_report& report) {
  row* at = rows_.back().get();
  if (const auto found = by_route_.find(report.request->route); found != by_route_.end()) {
    const auto method = report.request->head() ? "GET" : net::name_of(report.request->method);
    for (auto* one : found->second) {
      if (one->method == method) at = one;
    }
  }
  at->by_status[index_of(report.status)].fetch_add(1, std::memory_order_relaxed);
  at->took.observe(std::chrono::duration<double>(report.took).count());
}

void http_meter::collect(std::vector<family>& out) const {
  family requests{"son1k_http_requests_total", "Requests answered.", family_type::counter, {}};
  family took{"son1k_http_request_seconds",
              "From the request's head to its reply.",
              family_type::histogram,
              {}};
  for (const auto& one : rows_) {
    bool any = false;
    for (std::size_t n = 0; n <= statuses.size(); ++n) {
      const auto count = one->by_status[n].load(std::memory_order_relaxed);
      if (count == 0) continue;
      any = true;
      const auto code = n < statuses.size() ? std::to_string(statuses[n]) : std::string("other");
      requests.add({{"route", one->route}, {"method", one->method}, {"code", code}},
                   static_cast<double>(count));
    }
    if (any) took.add({{"route", one->route}, {"method", one->method}}, one->took);
  }
  out.push_back(std::move(requests));
  out.push_back(std::move(took));
}

request_totals http_meter::totals() const {
  request_totals out;
  out.took.bounds = metrics::request_seconds;
  out.took.counts.assign(metrics::request_seconds.size() + 1, 0);
  for (const auto& one : rows_) {
    if (one->route == "/api/events" || one->route.starts_with("/socket.io")) continue;
    for (std::size_t n = 0; n <= statuses.size(); ++n) {
      const auto count = one->by_status[n].load(std::memory_order_relaxed);
      out.requests += count;
      if (n < statuses.size() && statuses[n] >= 500) out.failed += count;
    }
    const auto took = one->took.values();
    for (std::size_t n = 0; n < out.took.counts.size() && n < took.counts.size(); ++n)
      out.took.counts[n] += took.counts[n];
  }
  return out;
}

void add_own_figures(metrics::registry& to, const services& with) {
  to.add([with](std::vector<family>& out) {
    collect_build(with, out);
    if (with.history != nullptr) collect_history(with.history->figures(), out);
    metrics::add_process_figures(out);
  });
}

void add_queue_figures(metrics::registry& to, const services& with,
                       std::shared_ptr<const queue_meter> meter) {
  to.add([with, meter = std::move(meter)](std::vector<family>& out) {
    collect_build(with, out);
    collect_depths(with, out);
    collect_totals(*meter, out);
    collect_workers(with, out);
    if (with.history != nullptr) {
      const auto now = with.history->figures();
      collect_letters(with, now, out);
      collect_history(now, out);
    }
    metrics::add_process_figures(out);
  });
}

void collect_scheduler(const queue::scheduler_stats& now, std::vector<family>& out) {
  const auto total = [&out](const char* name, const char* help, std::uint64_t value) {
    metrics::add_figure(out, name, help, family_type::counter, static_cast<double>(value));
  };
  metrics::add_figure(out, "son1k_scheduler_leads", "1 while this process runs the schedules.",
                      family_type::gauge, now.leads ? 1.0 : 0.0);
  metrics::add_figure(
      out, "son1k_scheduler_behind_seconds",
      "For how long the schedule that is due has waited; 0 if none is, or another process leads.",
      family_type::gauge, static_cast<double>(now.behind_ms) / 1'000.0);
  total("son1k_schedule_runs_total", "Jobs added by schedules.", now.runs);
  total("son1k_schedule_missed_total",
        "Times of schedules that were missed, left out or made up for by one run.", now.missed);
  total("son1k_schedule_overlap_skipped_total",
        "Runs left out because the one before had not ended.", now.skipped);
  total("son1k_schedule_failed_total", "Runs that could not be added and are tried again.",
        now.failed);
  total("son1k_scheduler_refused_total", "Writes that came too late: another process leads.",
        now.refused);
}

void bind_metrics(endpoint_table& routes, std::shared_ptr<const metrics::registry> figures) {
  const auto show = [figures = std::move(figures)](net::http_request&) {
    net::http_response out(200);
    out.content_type = metrics_type;
    out.body = figures->text();
    return out;
  };
  routes.add_all({{net::http_method::get, "/metrics", net::sync_handler(show), reads_consoles}});
}

}  // namespace son1k::api
