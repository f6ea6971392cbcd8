// Readers of the exact things in a prompt: tempo, duration, metre and key. Each looks over the
// tokens, marks what it used and gives the first value it finds. Pure, thread safe.
#pragma once
#include <optional>
#include <vector>

#include "music/brief/brief.hpp"
#include "music/brief/text.hpp"

namespace son1k::music {

struct key_reading {
  std::optional<int> tonic;  // pitch class
  std::optional<mode> scale;
  bool flats = false;
};

struct metre_reading {
  int beats = 4;
  int unit = 4;
};

// "45 segundos", "1 min 20 s", "2:30", "a minute and a half", "dos minutos": seconds.
std::optional<double> read_duration(std::vector<token>& tokens);

// "80 bpm", "a 100 pulsaciones por minuto", "tempo 92", "at 120": beats per minute.
std::optional<double> read_tempo(std::vector<token>& tokens);

// "3/4", "seis por ocho".
std::optional<metre_reading> read_metre(std::vector<token>& tokens);

// "in D minor", "F#m", "key of Eb", "si bemol mayor", "la menor", "D dorian".
key_reading read_key(std::vector<token>& tokens);

}  // namespace son1k::music
