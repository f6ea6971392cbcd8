// How long the message of a failed run may be: every backend cuts what is beyond.
#pragma once
#include <cstddef>

namespace son1k::queue {

inline constexpr std::size_t error_bytes_max = 8'192;

}  // namespace son1k::queue
