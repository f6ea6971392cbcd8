// A style: everything the composer knows of "reggae" or "house" as plain data. One file a genre in
// this folder (reggae.cpp holds reggae's groove); catalogue.cpp lists them all. Constant, thread
// safe.
//
// Patterns are text, one character a step; the length of a bar's text says how fine the steps are
// (16 = sixteenths of a 4/4 bar, 12 = triplets of it), "|" parts bars and spaces are only for the
// eye. Played in another metre than the style's own, they are adapted beat by beat.
//   drums    X accent  x stroke  o soft  g ghost  . rest
//   chords   X x o a whole chord (loud to soft)  1..6 one tone, counted from the lowest
//            - holds  . rest
//   bass     R root  r soft root  3 5 7 8 chord tones  L the fifth below  a leads to the next root
//   melody   x onset  - holds  . rest
// Chords of a progression are roman numerals in the key: "i | VI iv | V7".
#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "music/brief/brief.hpp"
#include "music/instruments.hpp"
#include "music/score.hpp"

namespace son1k::music {

struct drum_line {
  int key = hit::kick;
  std::string_view steps{};
};
using drum_pattern = std::vector<drum_line>;

// Patterns for low, middle and high energy; an empty one means "as the level below".
struct drum_part {
  std::string_view name = "drums";
  int kit = kit::standard;
  bool hand = false;  // hand percussion: its own track, apart from the drum kit
  std::array<drum_pattern, 3> levels{};
  drum_pattern fill{};  // replaces the last bar of a section; empty: the composer's own fill
  double from_energy = 0.0;
  double gain_db = 0.0;
  int late = 0;  // ticks behind the beat
};

struct part {
  stem role = stem::chords;
  std::vector<int> programs{};  // the seed picks one
  int low = 48;                 // range of the keys it uses
  int high = 72;
  std::array<std::string_view, 3> levels{};
  double from_energy = 0.0;
  int velocity = 76;
  int roll = 0;  // ticks from one chord tone to the next: a strum
  double gain_db = 0.0;
  double pan = 0.0;
  double reverb = 0.2;
  double delay = 0.0;
  bool pedal = false;  // sustain pedal, changed with the chord
  bool swell = false;  // expression rises and falls over each chord
};

struct lead_part {
  std::vector<int> programs{};
  std::vector<std::string_view> rhythms{};  // one-bar cells for motifs; empty: the common ones
  int velocity = 88;
  double reverb = 0.3;
  double delay = 0.15;
  bool blue = false;       // blue thirds and sevenths as passing notes
  bool chromatic = false;  // chromatic neighbours on weak steps
  double from_energy = 0.3;
  std::vector<int> answers{};  // programs of the counter-melody; empty: none
};

// Each a list to choose from.
struct progressions {
  std::vector<std::string_view> verse{}, chorus{}, bridge{};
};

struct style {
  std::string_view id{};  // "reggae": also its name in the reply
  genre kind = genre::pop;
  std::array<int, 3> bpm{80, 100, 120};  // slow, usual, fast
  int beats_per_bar = 4;
  int beat_unit = 4;
  int swing = 50;      // percent of the pair that its first note takes; 50 straight, 67 triplet
  int swing_unit = 8;  // pairs of eighths or of sixteenths
  bool minor_default = false;
  colour sound = colour::clean;
  bool sidechain = false;
  int section_bars = 8;
  int looseness = 8;  // human timing: ticks of usual deviation
  std::vector<drum_part> drums{};
  std::vector<part> parts{};
  lead_part lead{};
  progressions major{}, minor{};
};

// All styles; the first of a genre is its usual one.
const std::vector<style>& all_styles();
// nullptr if unknown.
const style* find_style(std::string_view id);
const style& usual_style(genre g);

// One function a file of this folder: its styles, the usual one first.
std::vector<style> pop_styles();
std::vector<style> rock_styles();
std::vector<style> metal_styles();
std::vector<style> jazz_styles();
std::vector<style> blues_styles();
std::vector<style> classical_styles();
std::vector<style> electronic_styles();
std::vector<style> hip_hop_styles();
std::vector<style> lofi_styles();
std::vector<style> funk_styles();
std::vector<style> soul_styles();
std::vector<style> country_styles();
std::vector<style> folk_styles();
std::vector<style> reggae_styles();
std::vector<style> latin_styles();
std::vector<style> brazilian_styles();
std::vector<style> ambient_styles();
std::vector<style> cinematic_styles();

}  // namespace son1k::music
