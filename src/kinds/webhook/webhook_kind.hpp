// The job kind "webhook": one message is sent to one address, signed, until the receiver takes it.
// Job data: {"deliveryId"}. The row of the message is the truth (webhooks/deliveries.hpp): it is
// written in the commit of what it tells, and its job is made from it as often as need be. So a
// message is sent at least once; receivers tell repeated ones by the field webhook-id.
#pragma once
#include <memory>

#include "net/guarded_post.hpp"
#include "queue/kind.hpp"
#include "webhooks/deliveries.hpp"

namespace son1k::kinds {

struct webhook_settings {
  std::int64_t attempts = 8;
  std::int64_t retry_ms = 5'000;     // before the second attempt; each wait is twice the one before
  std::int64_t timeout_ms = 10'000;  // of one attempt
  std::int64_t failures_max = 5;     // messages given up in a row before an address is disabled
  net::reach within;                 // where messages may go
};

// The job that sends the message.
queue::job_spec delivery_job(const webhooks::due_delivery& what, const webhook_settings& how);

// Without a database it settles and does not run. The database outlives it.
std::shared_ptr<queue::job_kind> make_webhook_kind(webhook_settings settings, store::database* db);

}  // namespace son1k::kinds
