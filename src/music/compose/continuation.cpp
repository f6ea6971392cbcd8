#include "music/compose/continuation.hpp"

#include <algorithm>

namespace son1k::music {
namespace {

// A hand is up to a 32nd early on the first beat of a bar; swing keeps what belongs to the bar
// before further away than that.
constexpr std::int32_t upbeat = ticks_per_quarter / 8;
constexpr int pedal = 64;

bool same_instrument(const track& a, const track& b) {
  return a.percussion == b.percussion && a.program == b.program && a.role == b.role &&
         a.name == b.name;
}

// The notes and controllers of `before` ahead of those of `after`.
void put_before(const track& before, std::int32_t cut, track& after) {
  const std::int32_t from = cut - upbeat;
  std::erase_if(after.notes, [&](const note& n) { return n.tick < from; });
  std::erase_if(after.controllers, [&](const controller& c) { return c.tick < from; });
  std::vector<note> notes;
  for (note n : before.notes) {
    if (n.tick >= from) break;
    n.duration = std::min(n.duration, cut + ticks_per_quarter - n.tick);
    notes.push_back(n);
  }
  std::vector<controller> controllers;
  for (const controller& c : before.controllers) {
    if (c.tick < from) controllers.push_back(c);
  }
  after.notes.insert(after.notes.begin(), notes.begin(), notes.end());
  after.controllers.insert(after.controllers.begin(), controllers.begin(), controllers.end());
}

// Nothing of an instrument that plays no more is left hanging.
void let_go(std::int32_t cut, track& alone) {
  const bool pedalled = std::any_of(alone.controllers.begin(), alone.controllers.end(),
                                    [](const controller& c) { return c.number == pedal; });
  if (pedalled) alone.controllers.push_back({cut, pedal, 0});
}

std::vector<track> joined_tracks(const score& before, std::vector<track> after, std::int32_t cut) {
  std::vector<bool> used(before.tracks.size(), false);
  for (track& t : after) {
    const track silent;
    const track* earlier = &silent;
    for (std::size_t i = 0; i < used.size() && earlier == &silent; ++i) {
      if (used[i] || !same_instrument(before.tracks[i], t)) continue;
      used[i] = true;
      earlier = &before.tracks[i];
    }
    put_before(*earlier, cut, t);
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) continue;
    track alone = before.tracks[i];
    alone.notes.clear();
    alone.controllers.clear();
    put_before(before.tracks[i], cut, alone);
    let_go(cut, alone);
    after.push_back(std::move(alone));
  }
  std::erase_if(after, [](const track& t) { return t.notes.empty(); });
  return after;
}

template <class Mark>
std::vector<Mark> joined_marks(const std::vector<Mark>& before, const std::vector<Mark>& after,
                               std::int32_t cut) {
  std::vector<Mark> out;
  for (Mark m : before) {
    if (m.tick >= cut) break;
    m.duration = std::min(m.duration, cut - m.tick);
    out.push_back(m);
  }
  for (const Mark& m : after) {
    if (m.tick >= cut) out.push_back(m);
  }
  return out;
}

error bad_parts() {
  return {errc::validation, "parts",
          text("each part must end later than the one before",
               "cada parte debe terminar después de la anterior")};
}

// Mood and instruments of a part's own prompt, over the brief of the whole.
result<void> bend(const piece_request& request, const std::string& prompt, brief& b) {
  piece_request more = request;
  more.prompt = prompt;
  more.style.clear();
  more.title.clear();
  more.duration_seconds = b.duration_seconds;
  const auto asked = understand(more);
  if (!asked) return asked.error();
  if (!asked->mood.words.empty()) b.mood = asked->mood;
  for (const auto& name : asked->excluded) {
    std::erase_if(b.instruments, [&](const auto& one) { return one.name == name; });
    b.excluded.push_back(name);
  }
  for (const auto& wish : asked->instruments) {
    std::erase_if(b.instruments, [&](const auto& one) { return one.name == wish.name; });
    std::erase(b.excluded, wish.name);
    b.instruments.push_back(wish);
  }
  return {};
}

}  // namespace

score joined(const score& before, score after, std::int32_t cut) {
  after.tracks = joined_tracks(before, std::move(after.tracks), cut);
  after.chords = joined_marks(before.chords, after.chords, cut);
  after.sections = joined_marks(before.sections, after.sections, cut);
  std::vector<std::int32_t> hooks;
  for (const auto tick : before.hook_ticks)
    if (tick < cut - upbeat) hooks.push_back(tick);
  for (const auto tick : after.hook_ticks)
    if (tick >= cut - upbeat) hooks.push_back(tick);
  after.hook_ticks = std::move(hooks);
  return after;
}

result<composed> compose_request(const piece_request& request) {
  // A tempo that nobody asked for is chosen to fill the length: that of the first part.
  piece_request first = request;
  if (!request.parts.empty()) first.duration_seconds = request.parts.front().until_seconds;
  auto whole = understand(first);
  if (!whole) return whole.error();
  if (request.parts.empty()) {
    auto notes = compose(*whole, whole->seed);
    return composed{std::move(*whole), std::move(notes)};
  }
  if (request.parts.size() > piece_parts_max) return bad_parts();
  brief b = *whole;
  form shape = plan_form(b, style_of(b));
  score notes = compose_form(b, shape, b.seed);
  for (std::size_t i = 1; i < request.parts.size(); ++i) {
    const piece_part& part = request.parts[i];
    if (part.until_seconds <= b.duration_seconds) return bad_parts();
    b.duration_seconds = part.until_seconds;
    if (!part.prompt.empty()) {
      if (auto ok = bend(request, part.prompt, b); !ok) return ok.error();
    }
    const auto longer = continue_form(shape, part.until_seconds, b, style_of(b));
    const auto cut = longer.from_bar * longer.whole.time.bar_ticks();
    notes = joined(notes, compose_form(b, longer.whole, b.seed), cut);
    shape = longer.whole;
  }
  whole->duration_seconds = b.duration_seconds;
  return composed{std::move(*whole), std::move(notes)};
}

}  // namespace son1k::music
