#include "queue/embedded/start_gate.hpp"

namespace son1k::queue::embedded {

void start_gate::set(std::int64_t concurrency, const std::optional<rate_limit>& rate) {
  concurrency_ = concurrency;
  if (!rate)
    rate_.reset();
  else if (!rate_)
    rate_ = std::make_unique<rate_limiter>(*rate);
  else if (rate_->limit() != *rate)
    rate_ = std::make_unique<rate_limiter>(*rate, *rate_);
}

bool start_gate::forgettable(std::int64_t steady) const {
  return running_ == 0 && (!rate_ || rate_->idle(steady));
}

}  // namespace son1k::queue::embedded
