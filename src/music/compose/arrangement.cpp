#include "music/compose/arrangement.hpp"

#include <algorithm>

namespace son1k::music {
namespace {

bool is_excluded(const brief& b, int program) {
  const instrument& i = instrument_of(program);
  return std::any_of(b.excluded.begin(), b.excluded.end(), [&](const std::string& name) {
    return name == i.name || name == name_of(i.kind);
  });
}

bool excludes(const brief& b, std::string_view word) {
  return std::find(b.excluded.begin(), b.excluded.end(), word) != b.excluded.end();
}

// The first of the choices, from a seeded start, that the brief allows; -1 if none is.
int choose(const brief& b, const std::vector<int>& programs, rng& random) {
  if (programs.empty()) {
    return -1;
  }
  const int count = static_cast<int>(programs.size());
  const int start = random.below(count);
  for (int i = 0; i < count; ++i) {
    const int program = programs[static_cast<std::size_t>((start + i) % count)];
    if (!is_excluded(b, program)) {
      return program;
    }
  }
  return -1;
}

// Stands in for an excluded sound of the same role.
int substitute(const brief& b, stem role) {
  static const std::vector<int> bass = {gm::finger_bass, gm::synth_bass, gm::cello, gm::tuba};
  static const std::vector<int> chords = {gm::piano, gm::nylon_guitar, gm::electric_piano,
                                          gm::organ, gm::strings,      gm::marimba};
  static const std::vector<int> lead = {gm::flute,        gm::violin,      gm::piano,
                                        gm::nylon_guitar, gm::square_lead, gm::vibraphone};
  static const std::vector<int> pad = {gm::strings, gm::warm_pad, gm::organ, gm::choir};
  const std::vector<int>& options = role == stem::bass                            ? bass
                                    : role == stem::lead || role == stem::counter ? lead
                                    : role == stem::pad                           ? pad
                                                                                  : chords;
  for (int program : options) {
    if (!is_excluded(b, program)) {
      return program;
    }
  }
  return -1;
}

player make_player(const part& p, int program) {
  return {std::string(instrument_of(program).name), program, p, false};
}

enum class duty { lead, chords, pad, bass };

duty usual_duty(int program) {
  switch (instrument_of(program).kind) {
    case family::bass:
      return duty::bass;
    case family::brass:
      return program == gm::brass || program == gm::synth_brass ? duty::pad : duty::lead;
    case family::reeds:
    case family::flutes:
    case family::synth_lead:
      return duty::lead;
    case family::strings:
      return program == gm::violin || program == gm::viola || program == gm::cello ||
                     program == gm::fiddle
                 ? duty::lead
             : program == gm::harp || program == gm::pizzicato ? duty::chords
                                                               : duty::pad;
    case family::choir:
    case family::synth_pad:
      return duty::pad;
    case family::organ:
      return program == gm::harmonica || program == gm::bandoneon ? duty::lead : duty::chords;
    default:
      return program == gm::bagpipe ? duty::lead : duty::chords;
  }
}

bool suits(const part& p, duty d) {
  switch (d) {
    case duty::bass:
      return p.role == stem::bass;
    case duty::pad:
      return p.role == stem::pad || p.role == stem::counter;
    case duty::chords:
      return p.role == stem::chords || p.role == stem::arpeggio;
    case duty::lead:
      return false;
  }
  return false;
}

void settle(player& p, const instrument_wish& w) {
  p.program = w.program;
  p.name = w.name;
  p.asked = true;
  p.plays.from_energy = 0.0;
  p.plays.gain_db += w.gain_db;
  // A chord needs room: the instrument's range, if it is wide enough and elsewhere.
  const instrument& i = instrument_of(w.program);
  if (p.plays.role != stem::bass && (i.high < p.plays.low + 12 || i.low > p.plays.high - 12)) {
    p.plays.low = i.low;
    p.plays.high = i.high;
  }
}

part extra_part(duty d, int program) {
  const instrument& i = instrument_of(program);
  const int low = std::max(i.low, d == duty::bass ? 28 : 50);
  part p;
  p.low = low;
  p.high = std::max(low + 16, std::min(i.high, low + 24));
  p.velocity = 66;
  p.reverb = 0.25;
  if (d == duty::bass) {
    p.role = stem::bass;
    p.high = low + 17;
    p.levels = {"R-------5-------", "R-------5---R---", "R---R---5---a---"};
  } else if (d == duty::pad) {
    p.role = stem::pad;
    p.levels = {"X---------------", "", ""};
    p.swell = true;
  } else {
    p.role = stem::arpeggio;
    p.levels = {"1---2---3---2---", "1-3-2-3-4-3-2-3-", "1-3-2-4-3-2-4-3-"};
  }
  return p;
}

// Gives one wish its place: the same instrument, its family, a part of its duty, or a new one.
void grant(band& g, const style& s, const instrument_wish& w) {
  const auto free_player = [&](auto matches) {
    return std::find_if(g.players.begin(), g.players.end(),
                        [&](const player& p) { return !p.asked && matches(p); });
  };
  const family kind = instrument_of(w.program).kind;
  const duty usual = usual_duty(w.program);
  const bool may_lead = !g.lead.asked && w.part != part_wish::accompaniment;
  // Some sounds are a style's own voice: the accordion of the cumbia.
  const bool voice = !s.lead.programs.empty() && s.lead.programs.front() == w.program;
  if (may_lead && (w.part == part_wish::lead || usual == duty::lead || voice)) {
    g.has_lead = true;
    settle(g.lead, w);
    return;
  }
  auto found = free_player([&](const player& p) { return p.program == w.program; });
  if (found == g.players.end()) {
    found = free_player([&](const player& p) {
      return instrument_of(p.program).kind == kind &&
             (kind != family::strings || suits(p.plays, usual));
    });
  }
  if (found == g.players.end()) {
    found = free_player([&](const player& p) { return suits(p.plays, usual); });
  }
  if (found != g.players.end()) {
    settle(*found, w);
    return;
  }
  if (usual == duty::lead && !g.answer.asked) {
    g.has_answer = true;
    settle(g.answer, w);
    return;
  }
  player extra =
      make_player(extra_part(usual == duty::lead ? duty::pad : usual, w.program), w.program);
  settle(extra, w);
  g.players.push_back(std::move(extra));
}

bool has_key(const drum_part& p, const drum_part& wanted) {
  for (const drum_pattern& level : p.levels) {
    for (const drum_line& line : level) {
      for (const drum_line& w : wanted.levels[0]) {
        if (w.key == line.key) return true;
      }
    }
  }
  return false;
}

void grant_percussion(band& g, const instrument_wish& w) {
  drum_part wanted = percussion_named(w.name);
  const bool kit_asked = w.name == "drums";
  for (drum_part& p : g.drums) {
    if (w.name == "percussion" ? p.hand : kit_asked ? !p.hand : has_key(p, wanted)) {
      p.from_energy = 0.0;
      p.gain_db += w.gain_db;
      return;
    }
  }
  wanted.gain_db += w.gain_db;
  g.drums.push_back(std::move(wanted));
}

// "Solo piano", "only guitars": every role goes to the asked instruments.
void keep_only_asked(const brief& b, band& g) {
  std::vector<instrument_wish> pitched;
  bool percussion = false;
  for (const instrument_wish& w : b.instruments) {
    if (w.percussion) {
      percussion = true;
    } else {
      pitched.push_back(w);
    }
  }
  if (!percussion) {
    g.drums.clear();
  }
  if (pitched.empty()) {
    return;
  }
  const auto of = [&](std::size_t n) { return pitched[n % pitched.size()]; };
  std::vector<player> kept;
  std::vector<stem> roles;
  std::size_t next = 0;
  for (player& p : g.players) {
    if (std::count(roles.begin(), roles.end(), p.plays.role) > 0 || p.plays.role == stem::pad) {
      continue;
    }
    roles.push_back(p.plays.role);
    settle(p, of(next++));
    if (p.plays.role == stem::bass) {
      const instrument& i = instrument_of(p.program);
      p.plays.low = std::max(28, std::min(i.low, 43));
      p.plays.high = p.plays.low + 17;
    }
    p.plays.pan = 0.0;
    kept.push_back(std::move(p));
  }
  g.players = std::move(kept);
  settle(g.lead, of(0));
  g.has_answer = pitched.size() > 1;
  if (g.has_answer) {
    settle(g.answer, of(1));
  }
}

player melody_player(const style& s, int program, stem role) {
  part p;
  p.role = role;
  p.reverb = s.lead.reverb;
  p.delay = s.lead.delay;
  p.pan = role == stem::counter ? -0.3 : 0.0;
  p.gain_db = role == stem::counter ? -2.0 : 0.0;
  return make_player(p, program);
}

}  // namespace

drum_part percussion_named(const std::string& name) {
  struct row {
    std::string_view name;
    drum_pattern steps;
  };
  static const std::vector<row> rows = {
      {"congas",
       {{hit::conga_high, "....x..x....x..x"},
        {hit::conga_low, "..........x...x."},
        {hit::conga_mute, "x...x...x...x..."}}},
      {"bongos", {{hit::bongo_high, "x.xxx.x.x.xxx.x."}, {hit::bongo_low, "............x.xx"}}},
      {"guiro", {{hit::guiro_long, "x.......x......."}, {hit::guiro_short, "....x.x.....x.x."}}},
      {"maracas", {{hit::maracas, "x.o.x.o.x.o.x.o."}}},
      {"shaker", {{hit::shaker, "xoxoxoxoxoxoxoxo"}}},
      {"tambourine", {{hit::tambourine, "..o.x.o...o.x.o."}}},
      {"claves", {{hit::claves, "x..x..x...x.x..."}}},
      {"cowbell", {{hit::cowbell, "x...x...x...x..."}}},
      {"claps", {{hit::clap, "....x.......x..."}}},
      {"castanets", {{hit::castanets, "x.xxx.x.x.xxx.x."}}},
      {"triangle", {{hit::triangle, "x...o...x...o..."}}},
      {"timbales",
       {{hit::timbale_high, "..x.x.x...x.x.x."}, {hit::timbale_low, "x.......x......."}}},
      {"toms", {{hit::floor_tom, "X.....x.X..x...."}, {hit::low_tom, "....x.......x..."}}},
      {"percussion",
       {{hit::shaker, "xoxoxoxoxoxoxoxo"},
        {hit::conga_high, "....x..x....x..x"},
        {hit::conga_low, "..........x...x."}}},
  };
  drum_part p;
  p.hand = true;
  for (const row& r : rows) {
    if (r.name == name) {
      p.name = r.name;
      p.levels[0] = r.steps;
      return p;
    }
  }
  p.hand = false;
  p.kit = name == "brushes" ? kit::brush : name == "drum machine" ? kit::tr808 : kit::standard;
  p.levels = {{{{hit::kick, "X.......x......."}, {hit::hat, "x.o.x.o.x.o.x.o."}},
               {{hit::kick, "X.....x.X......."},
                {hit::snare, "....X.......X..g"},
                {hit::hat, "x.o.x.o.x.o.x.o."}},
               {{hit::kick, "X..x..x.X.x....."},
                {hit::snare, "....X.......X..g"},
                {hit::hat, "xoxoxoxoxoxoxoxo"}}}};
  return p;
}

band arrange(const brief& b, const style& s, rng random) {
  band g;
  if (!excludes(b, "drums")) {
    g.drums = s.drums;
  }
  if (excludes(b, "percussion")) {
    std::erase_if(g.drums, [](const drum_part& p) { return p.hand; });
  }
  for (const part& p : s.parts) {
    if (p.role == stem::bass && excludes(b, "bass")) {
      continue;
    }
    int program = choose(b, p.programs, random);
    program = program >= 0 ? program : substitute(b, p.role);
    if (program >= 0) {
      g.players.push_back(make_player(p, program));
    }
  }
  int lead = choose(b, s.lead.programs, random);
  lead = lead >= 0 ? lead : substitute(b, stem::lead);
  g.has_lead = lead >= 0;
  g.lead = melody_player(s, std::max(lead, 0), stem::lead);
  const int answer = choose(b, s.lead.answers, random);
  g.has_answer = answer >= 0 && answer != lead;
  g.answer = melody_player(s, std::max(answer, 0), stem::counter);
  for (const instrument_wish& w : b.instruments) {
    if (w.percussion) {
      grant_percussion(g, w);
    } else {
      grant(g, s, w);
    }
  }
  // The tune should stand out: not the sound that the chords were asked to have.
  const auto doubled = [&](const player& p) { return p.asked && p.program == g.lead.program; };
  if (!g.lead.asked && std::any_of(g.players.begin(), g.players.end(), doubled)) {
    for (int program : s.lead.programs) {
      if (program != g.lead.program && !is_excluded(b, program)) {
        g.lead = melody_player(s, program, stem::lead);
        break;
      }
    }
  }
  if (b.only_asked) {
    keep_only_asked(b, g);
  }
  return g;
}

}  // namespace son1k::music
