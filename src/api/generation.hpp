// The resource /api/generation: ask for a piece, follow it, fetch it.
#pragma once
#include <memory>
#include <string>

#include "api/endpoint.hpp"
#include "api/generation_request.hpp"
#include "api/pace.hpp"
#include "api/services.hpp"

namespace son1k::api {

inline constexpr std::string_view generation_queue = "generation";

struct submitted_generation {
  std::string id;
  std::int64_t position = 0;  // pieces of the queue that go first
};

// Stages row and job of a new piece, and what it is charged, into one unit of work. validation. The
// caller commits; quota_exceeded if the plan's limits are reached.
result<submitted_generation> stage_generation_job(const services& with, store::transaction& tx,
                                                  const std::string& owner,
                                                  const generation_request& request, std::string id,
                                                  const accounts::tier& plan);

// What the reply to a request for a piece says of it, serialised.
std::string accepted_reply(const services& with, const pace& learnt,
                           const submitted_generation& made, const generation_request& request);

void bind_generation(endpoint_table& routes, const services& with, std::shared_ptr<pace> learnt);

}  // namespace son1k::api
