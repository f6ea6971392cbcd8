// The body of POST /api/generation/create and of the command `generate`: read, checked, and written
// down as the job's data.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "music/request.hpp"
#include "queue/job.hpp"

namespace son1k::api {

// What a JavaScript number holds exactly, so that a seed survives every client.
inline constexpr std::uint64_t seed_max = 9'007'199'254'740'991;

struct generation_request {
  music::piece_request piece;
  music::audio_format format = music::audio_format::mp3;
  queue::job_options job;  // not part of the body: who asks may be given others
};

// Reads and checks a body. malformed, validation: the error names the field and the reason in both
// languages; unknown fields are refused. Without a seed, one is made from `id`.
result<generation_request> read_generation_request(std::string_view body, std::string_view id);

// Checks a request that did not come as JSON (the command line). validation.
result<void> check(const generation_request& request);

// The job's data: {"generationId", "owner", "prompt", …}. kinds/generation reads it.
std::string to_job_data(const generation_request& request, std::string_view id,
                        std::string_view owner);

}  // namespace son1k::api
