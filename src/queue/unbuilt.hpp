// Interim: the methods of the port that a backend does not have yet. Goes when both have all.
#pragma once
#include "queue/queue.hpp"

namespace son1k::queue {

class unbuilt : public queue_port {
  static error none() { return {errc::internal, "not built"}; }

 public:
  boost::asio::awaitable<finish_and_claim_reply> finish_and_claim(std::vector<finish_request>,
                                                                  claim_request) override {
    co_return finish_and_claim_reply{{}, none()};
  }
  worker_order beat(const worker_facts&) override { return {}; }
  void leave(const std::string&) override {}
  boost::asio::awaitable<result<std::vector<result<void>>>> edit(std::string,
                                                                 std::vector<std::string>,
                                                                 job_edit) override {
    co_return none();
  }
  boost::asio::awaitable<result<std::size_t>> clean(clean_request) override { co_return none(); }
  boost::asio::awaitable<result<void>> obliterate(std::string, bool, settle_function) override {
    co_return none();
  }
  boost::asio::awaitable<result<void>> set_limits(std::string, queue_limits) override {
    co_return none();
  }
  boost::asio::awaitable<result<void>> set_group_limits(std::string, std::string,
                                                        std::optional<group_limits>) override {
    co_return none();
  }
  result<void> order(const std::string&, worker_order) override { return none(); }
  boost::asio::awaitable<result<jobs_page>> list(list_request) override { co_return none(); }
  boost::asio::awaitable<result<std::vector<child_view>>> children(std::string,
                                                                   std::string) override {
    co_return none();
  }
  result<std::vector<std::string>> queues() override { return none(); }
  result<queue_limits> limits(const std::string&) override { return none(); }
  std::vector<worker_facts> workers() override { return {}; }
  std::shared_ptr<void> record_runs(std::function<void(std::span<const run_record>)>) override {
    return nullptr;
  }
};

}  // namespace son1k::queue
