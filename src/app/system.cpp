#include "app/system.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "accounts/audit/audit_records.hpp"
#include "accounts/identity/revocations.hpp"
#include "accounts/sessions/session_records.hpp"
#include "api/alerts/alert_records.hpp"
#include "api/analytics/analytics.hpp"
#include "api/idempotency.hpp"
#include "api/left_files.hpp"
#include "api/metrics.hpp"
#include "api/share_records.hpp"
#include "app/register_kinds.hpp"
#include "app/version.hpp"
#include "base/log.hpp"
#include "kinds/maintenance/maintenance.hpp"
#include "store/async.hpp"

namespace son1k::app {
namespace fs = std::filesystem;
namespace {

std::size_t cores() {
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

// What has had its time in the tables of the API; how many rows.
result<std::int64_t> forget_old(store::connection& db, std::int64_t now_ms, std::int64_t audit_days,
                                std::int64_t most) {
  auto records = accounts::forget_audit(db, now_ms, audit_days, most);
  if (!records) return records;
  std::int64_t gone = *records;
  for (auto* forget :
       {api::forget_replies, api::forget_shares, api::forget_alerts, accounts::forget_revocations,
        accounts::forget_sessions, api::forget_analytics, webhooks::forget_deliveries}) {
    auto some = forget(db, now_ms, most);
    if (!some) return some;
    gone += *some;
  }
  return gone;
}

error folder_error(const fs::path& folder, int code) {
  const std::string why = std::error_code(code, std::generic_category()).message();
  const auto kind = code == ENOSPC                                     ? errc::storage_full
                    : code == EROFS || code == EACCES || code == EPERM ? errc::forbidden
                                                                       : errc::unavailable;
  return {kind, "data_dir",
          text("cannot write to " + folder.string() + ": " + why +
                   "; choose another folder with --data-dir or DATA_DIR",
               "no se puede escribir en " + folder.string() + ": " + why +
                   "; elija otra carpeta con --data-dir o DATA_DIR")};
}

result<api::own_site> read_own_site(const settings& config) {
  const bool older = config.text("public_url").empty();
  auto site = api::own_site::make(config.text(older ? "frontend_url" : "public_url"),
                                  config.text("allowed_hosts"));
  if (site || !older || site.error().field != "public_url") return site;
  auto why = site.error();
  why.field = "frontend_url";
  return why;
}

}  // namespace

result<void> prepare_data_dir(const fs::path& folder) {
  std::error_code ec;
  if (!fs::exists(folder, ec)) {
    if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), ec);
    if (!ec && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return folder_error(folder, errno);
    }
    if (ec) return folder_error(folder, ec.value());
  }
  // Permission bits do not tell a read-only mount or a full disk from a usable folder; a file does.
  const auto trial = folder / (".writable-" + std::to_string(::getpid()));
  const int fd = ::open(trial.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return folder_error(folder, errno);
  const bool written = ::write(fd, "son1k", 5) == 5;
  const int code = errno;
  ::close(fd);
  ::unlink(trial.c_str());
  if (!written) return folder_error(folder, code);
  return {};
}

running_system::running_system(const settings& config)
    : config_(config), folder_(config.text("data_dir")) {}

running_system::~running_system() {
  stop();
}

result<std::unique_ptr<running_system>> running_system::open(const settings& config) {
  std::unique_ptr<running_system> out(new running_system(config));
  if (auto ok = out->open_parts(); !ok) return ok.error();
  return out;
}

result<void> running_system::open_parts() {
  auto tiers = accounts::tier_table::parse(config_.text("tiers"));
  if (!tiers) return tiers.error();
  auto site = read_own_site(config_);
  if (!site) return site.error();
  if (auto ok = prepare_data_dir(folder_); !ok && needs_data_dir(config_)) return ok;
  auto messages = webhooks_of(config_);
  if (!messages) return messages.error();
  std::error_code ec;
  fs::create_directories(artifacts_folder(config_), ec);
  if (ec) return folder_error(artifacts_folder(config_), ec.value());

  auto opened = open_backends(config_);
  if (!opened) return opened.error();
  with_ = std::move(*opened);
  // A queue that could not read its jobs answers every call with the reason.
  if (auto counts = queue().counts("generation"); !counts) return counts.error();
  auto callers = callers::make(config_, with_.redis.get());
  if (!callers) return callers.error();
  callers_ = std::move(*callers);
  auto accounts =
      account_service::open(config_, database(), system_clock(), with_.kind == profile::cluster);
  if (!accounts) return accounts.error();
  accounts_ = std::move(*accounts);
  open_history();
  conversions_ = std::make_unique<queue::compute_pool>(1, 64);
  static_cast<void>(conversions_->submit(
      [this] { api::sweep_deleted(database(), system_clock(), artifacts_folder(config_)); }));
  services_.reset(new api::services{database(), queue(), system_clock(), artifacts_folder(config_),
                                    std::string(version), "local", cores(),
                                    config_.integer("workers") > 0,
                                    [pool = conversions_.get()](std::function<void()> work) {
                                      return pool->submit(std::move(work)).has_value();
                                    }});
  services_->tiers = std::move(*tiers);
  services_->site = std::move(*site);
  callers_->give_to(*services_);
  services_->accounts = &accounts_->engines();
  services_->reach = messages->within;
  dispatcher_ =
      std::make_unique<kinds::webhook_dispatcher>(database(), queue(), std::move(*messages));
  key_uses_ = std::make_unique<accounts::key_uses>(database(), system_clock());
  services_->key_uses = key_uses_.get();
  services_->sound_font = config_.text("sound_font");
  services_->history = history_.get();
  services_->letters = history_.get();
  services_->settle = settle_by_kind(register_kinds(config_));
  queue::scheduler_settings with;
  with.settle = services_->settle;
  scheduler_ =
      std::make_unique<queue::scheduler>(database(), queue(), system_clock(), std::move(with));
  if (with_.kind == profile::cluster) {
    std::vector<std::shared_ptr<queue::job_kind>> kinds;
    for (auto& row : register_kinds(config_, &database())) kinds.push_back(std::move(row.kind));
    reconciler_ = std::make_unique<queue::reconciler>(*with_.redis, database(), queue(),
                                                      shared_queue(config_), std::move(kinds));
  }
  services_->schedules = std::make_shared<queue::schedules>(
      database(), queue(), system_clock(), [runs = scheduler_.get()] { runs->wake(); });
  for (const auto& row : register_kinds(config_)) services_->queues.push_back(row.queue);
  return {};
}

void running_system::open_history() {
  queue::history_settings with;
  with.days = config_.integer("history_days");
  with.rows = config_.integer("history_rows");
  with.shared = with_.kind == profile::cluster;
  history_ = std::make_unique<queue::lasting_history>(*with_.history, *with_.history_tables,
                                                      database(), queue(), system_clock(), with,
                                                      settle_by_kind(register_kinds(config_)));
  history_->start();
}

result<void> running_system::start_workers(std::vector<std::string> queues) {
  const auto kinds = register_kinds(config_, &database());
  if (queues.empty() && config_.integer("workers") > 0) {
    if (auto ok = start_maintenance(); !ok) return ok;
    for (const auto& row : kinds) {
      if (!row.waits) continue;
      if (auto ok = start_waiting(row); !ok) return ok;
    }
  }
  queue::worker_settings with;
  std::vector<std::shared_ptr<queue::job_kind>> run;
  for (const auto& row : kinds) {
    if (!row.waits) with.queues.push_back(row.queue);
    run.push_back(row.kind);
  }
  if (!queues.empty()) with.queues = std::move(queues);
  with.version = std::string(version);
  with.lease_ms = config_.integer("lease_ms");
  const auto asked = static_cast<std::size_t>(config_.integer("concurrency"));
  with.concurrency = asked == 0 ? cores() : asked;
  const auto rate = config_.integer("rate_limit");
  if (rate == 0) {
    with.limiter.reset();
  } else {
    with.limiter->max = rate;
  }
  for (std::int64_t i = 0; i < config_.integer("workers"); ++i) {
    auto one = std::make_unique<queue::worker>(queue(), database(), run, with);
    if (auto ok = one->start(); !ok) return ok;
    workers_.push_back(std::move(one));
  }
  return {};
}

// A worker of its own, so that work on the system takes no slot from the pieces.
result<void> running_system::start_maintenance() {
  queue::worker_settings with;
  with.queues = {std::string(kinds::maintenance_queue)};
  with.concurrency = 2;
  with.compute_threads = 1;
  with.version = std::string(version);
  const auto forget = [days = config_.integer("audit_days")](store::connection& db,
                                                             std::int64_t most) {
    return forget_old(db, system_clock().now_ms(), days, most);
  };
  auto kind = kinds::make_maintenance_kind(
      {queue(), database(), *history_, *history_, settle_by_kind(register_kinds(config_)), forget});
  std::vector<std::shared_ptr<queue::job_kind>> run{std::move(kind)};
  auto one = std::make_unique<queue::worker>(queue(), database(), std::move(run), with);
  if (auto ok = one->start(); !ok) return ok;
  workers_.push_back(std::move(one));
  return {};
}

// A worker of its own: others' slow servers take no slot from the pieces.
result<void> running_system::start_waiting(const registered_kind& row) {
  queue::worker_settings with;
  with.queues = {row.queue};
  with.compute_threads = 1;
  with.version = std::string(version);
  with.lease_ms = config_.integer("lease_ms");
  std::vector<std::shared_ptr<queue::job_kind>> run{row.kind};
  auto one = std::make_unique<queue::worker>(queue(), database(), std::move(run), with);
  if (auto ok = one->start(); !ok) return ok;
  workers_.push_back(std::move(one));
  return {};
}

result<void> running_system::start_scheduler() {
  for (auto& one : kinds::maintenance_schedules()) {
    if (auto ok = services_->schedules->ensure(std::move(one)); !ok) return ok;
  }
  scheduler_->start();
  dispatcher_->start();
  if (reconciler_) reconciler_->start();
  return {};
}

void running_system::stop_scheduler() {
  if (dispatcher_) dispatcher_->stop();
  if (reconciler_) reconciler_->stop();
  if (scheduler_) scheduler_->stop();
}

bool running_system::workers_running() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->running(); });
}

void running_system::collect_figures(std::vector<metrics::family>& out) const {
  with_.collect_figures(out);
  callers_->collect_figures(out);
  api::collect_scheduler(scheduler_->stats(), out);
  if (reconciler_) reconciler_->collect_figures(out);
}

void running_system::stop_workers() {
  for (auto& one : workers_) one->stop();
  workers_.clear();
}

void running_system::write_key_uses() {
  if (!key_uses_ || key_uses_->empty()) return;
  store::transaction tx(store::durability::process);
  key_uses_->stage(tx);
  if (auto done = store::commit_and_wait(database(), std::move(tx)); !done)
    log::warn("analytics.not_written", {{"error", done.error().what()}});
}

void running_system::stop() {
  stop_scheduler();
  stop_workers();
  write_key_uses();
  if (accounts_) accounts_->stop();
  if (conversions_) conversions_->stop();
  if (history_) history_->stop();
  if (callers_) callers_->stop();
  with_.stop();
}

}  // namespace son1k::app
