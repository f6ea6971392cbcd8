#include "realtime/cluster/requests.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "realtime/bus/bus.hpp"

namespace son1k::realtime {

bool cluster_request::complete() const {
  const bool all = awaited_.by_name ? awaited_.names.empty()
                                    : std::max(answers_, answered_.size()) >= awaited_.count;
  return all && (what != question::broadcast || acks_ >= acks_due_);
}

std::string cluster_requests::open(std::shared_ptr<cluster_request> request, std::int64_t ms) {
  auto id = new_node_name();
  request->deadline_ = clock_.steady_ms() + ms;
  const std::lock_guard lock(mutex_);
  if (stopped_ || open_.size() >= open_max) return {};
  open_.emplace(id, std::move(request));
  return id;
}

bool cluster_requests::has(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return open_.contains(id);
}

std::set<std::string> cluster_requests::spaces() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> out;
  for (const auto& [id, request] : open_) out.insert(request->space);
  return out;
}

boost::asio::awaitable<result<void>> cluster_requests::wait(
    std::string id, std::shared_ptr<cluster_request> request, result<void> told) {
  if (!told) {
    {
      const std::lock_guard lock(mutex_);
      open_.erase(id);
    }
    const std::lock_guard lock(request->mutex_);
    request->ended_ = true;
    co_return told;
  }
  std::function<void(std::shared_ptr<waiting>)> begin = [request](std::shared_ptr<waiting> waiter) {
    const std::lock_guard lock(request->mutex_);
    if (!request->ended_ && request->complete()) request->ended_ = true;
    if (request->ended_)
      resume_soon(std::move(waiter));
    else
      request->waiter_ = std::move(waiter);
  };
  co_await suspend_until_resumed(std::move(begin));
  bool stopped = false;
  {
    const std::lock_guard lock(mutex_);
    open_.erase(id);
    stopped = stopped_;
  }
  const std::lock_guard lock(request->mutex_);
  if (request->complete()) co_return result<void>();
  if (stopped)
    co_return error(errc::unavailable, "cluster", {"this node stops", "este nodo se detiene"});
  const auto due = request->awaited_.size();
  const auto left = request->awaited_.by_name
                        ? due
                        : due - std::max(request->answers_, request->answered_.size());
  co_return error(errc::timeout, "cluster",
                  {fmt::format("{} of the other servers did not answer in time", left),
                   fmt::format("{} de los demás servidores no respondieron a tiempo", left)});
}

std::shared_ptr<cluster_request> cluster_requests::find(const std::string& id,
                                                        question what) const {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(id);
  return found == open_.end() || found->second->what != what ? nullptr : found->second;
}

std::vector<std::shared_ptr<cluster_request>> cluster_requests::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<cluster_request>> out;
  for (const auto& [id, request] : open_) out.push_back(request);
  return out;
}

void cluster_requests::end(cluster_request& request) {
  request.ended_ = true;
  if (auto waiter = std::exchange(request.waiter_, nullptr)) resume_soon(std::move(waiter));
}

void cluster_requests::note(cluster_request& request, const std::string& from) {
  request.awaited_.names.erase(from);
  if (from.empty())
    ++request.answers_;
  else
    request.answered_.insert(from);
}

bool cluster_requests::on_sockets(const std::string& id, const std::string& from,
                                  std::vector<remote_socket> sockets) {
  const auto request = find(id, question::sockets);
  if (!request) return false;
  const std::lock_guard lock(request->mutex_);
  if (request->ended_ || request->answered_.contains(from)) return true;
  const auto room = answers_max - std::min(answers_max, request->sockets.size());
  if (sockets.size() > room) sockets.resize(room);
  std::ranges::move(sockets, std::back_inserter(request->sockets));
  note(*request, from);
  if (request->complete()) end(*request);
  return true;
}

bool cluster_requests::on_answer(const std::string& id, const std::string& from,
                                 io_payload answer) {
  const auto request = find(id, question::server_emit);
  if (!request) return false;
  const std::lock_guard lock(request->mutex_);
  if (request->ended_ || request->answered_.contains(from)) return true;
  if (request->answers.size() < answers_max) request->answers.push_back(std::move(answer));
  note(*request, from);
  if (request->complete()) end(*request);
  return true;
}

bool cluster_requests::on_asked(const std::string& id, const std::string& from,
                                std::size_t clients) {
  const auto request = find(id, question::broadcast);
  if (!request) return false;
  const std::lock_guard lock(request->mutex_);
  if (request->ended_ || request->answered_.contains(from)) return true;
  request->acks_due_ += clients;
  note(*request, from);
  request->asked(clients);
  if (request->complete()) end(*request);
  return true;
}

bool cluster_requests::on_acked(const std::string& id, io_payload answer) {
  const auto request = find(id, question::broadcast);
  if (!request) return false;
  const std::lock_guard lock(request->mutex_);
  if (request->ended_) return true;
  ++request->acks_;
  request->acked(std::move(answer));
  if (request->complete()) end(*request);
  return true;
}

void cluster_requests::on_gone(const std::string& space, const std::string& node) {
  for (const auto& request : all()) {
    const std::lock_guard lock(request->mutex_);
    if (request->ended_ || request->space != space || !request->awaited_.by_name) continue;
    request->awaited_.names.erase(node);
    if (request->complete()) end(*request);
  }
}

void cluster_requests::on_count(const std::string& space, std::size_t others) {
  for (const auto& request : all()) {
    const std::lock_guard lock(request->mutex_);
    auto& awaited = request->awaited_;
    if (request->ended_ || request->space != space || awaited.by_name) continue;
    awaited.count = std::min(awaited.count, others);
    if (request->complete()) end(*request);
  }
}

void cluster_requests::on_time() {
  const auto now = clock_.steady_ms();
  for (const auto& request : all()) {
    const std::lock_guard lock(request->mutex_);
    if (!request->ended_ && now >= request->deadline_) end(*request);
  }
}

void cluster_requests::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  for (const auto& request : all()) {
    const std::lock_guard lock(request->mutex_);
    if (!request->ended_) end(*request);
  }
}

error too_many_requests() {
  return {errc::unavailable,
          "cluster",
          {"too many questions to other servers are open",
           "hay demasiadas preguntas abiertas a otros servidores"}};
}

error too_large(std::size_t bytes) {
  return {errc::payload_too_large,
          "event",
          {fmt::format("is {} bytes for other servers; 1,000,000 are the bound", bytes),
           fmt::format("son {} bytes para otros servidores; el límite es 1.000.000", bytes)}};
}

}  // namespace son1k::realtime
