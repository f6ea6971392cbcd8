// The job kind "generation": a prompt becomes a finished piece of music by the local composer.
// Job data: {"generationId","owner","prompt","style"?,"title"?,"lyrics"?,"negativeTags"?,
// "duration"?,"quality","format","instrumental","seed","parts"?}. Result: see piece::to_json, plus
// "files".
#pragma once
#include <filesystem>
#include <memory>

#include "queue/kind.hpp"

namespace son1k::kinds {

struct generation_settings {
  std::filesystem::path artifacts;   // one folder a start: <id>/<fence>
  std::filesystem::path sound_font;  // empty: the usual places
};

std::shared_ptr<queue::job_kind> make_generation_kind(generation_settings settings);

}  // namespace son1k::kinds
