#include "api/pace.hpp"

#include <boost/json.hpp>

#include "api/generation.hpp"

namespace son1k::api {

std::shared_ptr<void> learn_pace(queue::queue_port& queue, std::shared_ptr<pace> learner) {
  return queue.subscribe([learner = std::move(learner)](const queue::job_event& e) {
    if (e.type != queue::event_type::completed || e.queue != generation_queue) return;
    boost::system::error_code ec;
    const auto facts = boost::json::parse(e.detail, ec);
    if (ec || !facts.is_object()) return;
    const auto* work = facts.get_object().if_contains("renderSeconds");
    const auto* music = facts.get_object().if_contains("duration");
    if (work == nullptr || music == nullptr || !work->is_number() || !music->is_number()) return;
    learner->learn(work->to_number<double>(), music->to_number<double>());
  });
}

}  // namespace son1k::api
