// A queue of which a test says what it holds: for what reads queues and asks them for edits. It
// runs nothing; limits, workers and events are absent. Thread-safe.
#pragma once
#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "queue/policy.hpp"
#include "queue/queue.hpp"

namespace son1k::test {

class scripted_queue final : public queue::queue_port {
 public:
  template <class T>
  using awaitable = boost::asio::awaitable<T>;
  using key = std::pair<std::string, std::string>;

  // What the test does.
  void put(queue::job_view job) {
    const std::lock_guard lock(mutex_);
    key at{job.queue, job.id};
    jobs_.insert_or_assign(std::move(at), std::move(job));
  }
  void forget(const std::string& name, const std::string& id) {
    const std::lock_guard lock(mutex_);
    jobs_.erase({name, id});
  }
  void tell(std::vector<queue::run_record> records) {
    std::function<void(std::span<const queue::run_record>)> listener;
    {
      const std::lock_guard lock(mutex_);
      listener = listener_;
    }
    if (listener) listener(records);
  }
  std::size_t retries() const { return retries_; }
  std::size_t adds() const { return adds_; }
  std::vector<std::string> removed() const { return removed_; }

  // Parts of the port that it has.
  result<queue::added_job> stage(store::transaction& tx, queue::job_spec spec) override {
    if (auto ok = queue::check(spec); !ok) return ok.error();
    const std::lock_guard lock(mutex_);
    if (jobs_.contains({spec.queue, spec.id})) return queue::added_job{spec.id, true, 0};
    tx.on_outcome([this, spec](bool committed) {
      if (!committed) return;
      queue::job_view job;
      job.queue = spec.queue;
      job.id = spec.id;
      job.kind = spec.kind;
      job.data = spec.data;
      job.user = spec.user;
      job.options = spec.options;
      put(std::move(job));
      ++adds_;
    });
    return queue::added_job{spec.id, false, 0};
  }
  awaitable<result<std::vector<queue::added_job>>> add(std::vector<queue::job_spec>) override {
    co_return absent();
  }
  result<void> stage_cancel(store::transaction& tx, const std::string& name, const std::string& id,
                            const queue::settle_function&) override {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find({name, id});
    if (found == jobs_.end() || queue::is_ended(found->second.state)) return not_there();
    tx.on_outcome([this, name, id](bool committed) {
      if (committed) forget(name, id);
    });
    return {};
  }
  awaitable<result<std::vector<result<void>>>> edit(std::string name, std::vector<std::string> ids,
                                                    queue::job_edit how) override {
    std::vector<result<void>> out;
    const std::lock_guard lock(mutex_);
    for (const auto& id : ids) out.push_back(edit_one({name, id}, how));
    co_return out;
  }
  awaitable<result<queue::job_view>> get(std::string name, std::string id) override {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find({name, id});
    if (found == jobs_.end()) co_return not_there();
    co_return found->second;
  }
  awaitable<result<queue::jobs_page>> list(queue::list_request request) override {
    const std::lock_guard lock(mutex_);
    queue::jobs_page page;
    std::vector<const queue::job_view*> all;
    for (const auto& [at, job] : jobs_) {
      if (at.first == request.queue && job.state == request.state) all.push_back(&job);
    }
    const std::size_t begin = request.after.empty() ? 0 : std::stoul(request.after);
    const auto end = std::min(all.size(), begin + request.limit);
    for (auto i = begin; i < end; ++i) page.jobs.push_back(*all[i]);
    if (end < all.size()) page.next = std::to_string(end);
    co_return page;
  }
  result<std::vector<std::string>> queues() override {
    const std::lock_guard lock(mutex_);
    std::set<std::string> names;
    for (const auto& [at, job] : jobs_) names.insert(at.first);
    return std::vector<std::string>(names.begin(), names.end());
  }
  std::shared_ptr<void> record_runs(
      std::function<void(std::span<const queue::run_record>)> listener) override {
    const std::lock_guard lock(mutex_);
    listener_ = std::move(listener);
    return std::shared_ptr<void>(nullptr, [this](void*) {
      const std::lock_guard inner(mutex_);
      listener_ = nullptr;
    });
  }

  // Parts that it does not have.
  awaitable<result<std::vector<queue::claimed_job>>> claim(queue::claim_request) override {
    co_return absent();
  }
  void end_waits(const std::string&) override {}
  std::vector<std::string> renew(std::span<const queue::lease>, std::int64_t) override {
    return {};
  }
  awaitable<std::vector<result<queue::finish_reply>>> finish(
      std::vector<queue::finish_request>) override {
    co_return std::vector<result<queue::finish_reply>>{};
  }
  awaitable<queue::finish_and_claim_reply> finish_and_claim(std::vector<queue::finish_request>,
                                                            queue::claim_request) override {
    co_return queue::finish_and_claim_reply{{}, absent()};
  }
  void stage_fence_check(store::transaction&, const queue::lease&) override {}
  result<void> progress(const queue::lease&, queue::progress_value) override { return absent(); }
  result<void> log(const queue::lease&, std::string) override { return absent(); }
  awaitable<result<void>> checkpoint(queue::lease, std::string) override { co_return absent(); }
  std::vector<std::string> cancel_requests(std::span<const queue::lease>) override { return {}; }
  awaitable<result<std::size_t>> recover_stalled(std::string) override { co_return absent(); }
  queue::worker_order beat(const queue::worker_facts&) override { return {}; }
  void leave(const std::string&) override {}
  awaitable<result<std::size_t>> clean(queue::clean_request) override { co_return absent(); }
  awaitable<result<void>> obliterate(std::string, bool, queue::settle_function) override {
    co_return absent();
  }
  awaitable<result<void>> pause(std::string, bool) override { co_return absent(); }
  awaitable<result<void>> set_limits(std::string, queue::queue_limits) override {
    co_return absent();
  }
  awaitable<result<void>> set_group_limits(std::string, std::string,
                                           std::optional<queue::group_limits>) override {
    co_return absent();
  }
  result<void> order(const std::string&, queue::worker_order) override { return absent(); }
  awaitable<result<queue::job_glance>> glance(std::string, std::string) override {
    co_return not_there();
  }
  awaitable<result<std::vector<queue::child_view>>> children(std::string, std::string) override {
    co_return absent();
  }
  result<queue::queue_counts> counts(const std::string&) override { return absent(); }
  result<queue::queue_limits> limits(const std::string&) override { return absent(); }
  std::vector<queue::worker_facts> workers() override { return {}; }
  queue::events_page events(std::uint64_t, std::size_t) override { return {}; }
  std::shared_ptr<void> subscribe(std::function<void(const queue::job_event&)>) override {
    return nullptr;
  }
  void stop() override {}

 private:
  static error absent() { return {errc::unavailable, "a scripted queue does not do this"}; }
  static error not_there() { return {errc::not_found, "id", "there is no such job"}; }

  result<void> edit_one(const key& at, const queue::job_edit& how) {
    using what = queue::job_edit::what;
    const auto found = jobs_.find(at);
    if (found == jobs_.end()) return not_there();
    auto& job = found->second;
    const bool fits = how.kind == what::retry     ? queue::is_ended(job.state)
                      : how.kind == what::promote ? job.state == queue::job_state::delayed
                                                  : job.state != queue::job_state::active;
    if (!fits) return error(errc::conflict, "id", "not in this state");
    if (how.kind == what::remove) {
      removed_.push_back(at.second);
      jobs_.erase(found);
      return {};
    }
    if (how.kind == what::priority) job.options.priority = how.priority;
    if (how.kind == what::retry) ++retries_;
    job.state = queue::ready_state(job.options.priority);
    return {};
  }

  mutable std::mutex mutex_;
  std::map<key, queue::job_view> jobs_;
  std::function<void(std::span<const queue::run_record>)> listener_;
  std::atomic<std::size_t> retries_{0};
  std::atomic<std::size_t> adds_{0};
  std::vector<std::string> removed_;
};

}  // namespace son1k::test
