// The body of POST /api/generation/create and of the command `generate`: read, checked, and written
// down as the job's data.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "music/request.hpp"
#include "queue/job.hpp"

namespace son1k::api {

// What a JavaScript number holds exactly, so that a seed survives every client.
inline constexpr std::uint64_t seed_max = 9'007'199'254'740'991;

struct generation_request {
  music::piece_request piece;
  music::audio_format format = music::audio_format::mp3;
  std::vector<std::string> tags;  // also words of the style
  std::string extends;            // id of the piece that it goes on from; empty: none
  queue::job_options job;         // not part of the body: who asks may be given others
};

// Reads and checks a body. malformed, validation: the error names the field and the reason in both
// languages; unknown fields are refused. Without a seed, one is made from `id`.
result<generation_request> read_generation_request(std::string_view body, std::string_view id);

// The member "tags": up to 20 words of up to 60 characters, without control characters.
std::vector<std::string> read_tags(object_reader& in);

// Checks a request that did not come as JSON (the command line). validation.
result<void> check(const generation_request& request);

// What a piece was asked with, from its job's data. internal: that is not what to_job_data() wrote.
result<generation_request> read_job_data(const std::string& data);

// The job's data: {"generationId", "owner", "prompt", …}; of an extended piece also
// "extends", its id, and "parts". kinds/generation reads it.
std::string to_job_data(const generation_request& request, std::string_view id,
                        std::string_view owner);

}  // namespace son1k::api
