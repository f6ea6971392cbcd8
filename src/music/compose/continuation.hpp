// Pieces that go on where they would have ended. Pure, thread safe.
#pragma once
#include <cstdint>

#include "music/compose/compose.hpp"
#include "music/compose/form.hpp"

namespace son1k::music {

// The style that a brief names, else the usual one of its genre.
const style& style_of(const brief& b);

// What compose() does, over a form that is given.
score compose_form(const brief& b, const form& f, std::uint64_t seed);

// `before` up to the tick `cut`, a bar line of both, and `after` from there on. Tracks of the same
// instrument become one; what sounds over the cut is let go within a beat.
score joined(const score& before, score after, std::int32_t cut);

}  // namespace son1k::music
