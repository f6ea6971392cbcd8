#include "music/instruments.hpp"

#include <algorithm>
#include <array>

namespace son1k::music {
namespace {

// Row number = General MIDI program.
constexpr std::array<instrument, 128> programs{{
    {"acoustic piano", family::piano, 48, 84},
    {"bright piano", family::piano, 48, 84},
    {"electric grand piano", family::piano, 48, 84},
    {"honky-tonk piano", family::piano, 48, 84},
    {"electric piano", family::piano, 48, 84},
    {"fm electric piano", family::piano, 48, 84},
    {"harpsichord", family::piano, 48, 84},
    {"clavinet", family::piano, 48, 84},
    {"celesta", family::mallets, 48, 84},
    {"glockenspiel", family::mallets, 48, 84},
    {"music box", family::mallets, 48, 84},
    {"vibraphone", family::mallets, 48, 84},
    {"marimba", family::mallets, 48, 84},
    {"xylophone", family::mallets, 48, 84},
    {"tubular bells", family::mallets, 48, 84},
    {"dulcimer", family::mallets, 48, 84},
    {"organ", family::organ, 48, 84},
    {"percussive organ", family::organ, 48, 84},
    {"rock organ", family::organ, 48, 84},
    {"church organ", family::organ, 48, 84},
    {"reed organ", family::organ, 48, 84},
    {"accordion", family::organ, 48, 84},
    {"harmonica", family::organ, 48, 84},
    {"bandoneon", family::organ, 48, 84},
    {"nylon guitar", family::guitar, 48, 84},
    {"steel guitar", family::guitar, 48, 84},
    {"jazz guitar", family::guitar, 48, 84},
    {"clean guitar", family::guitar, 48, 84},
    {"muted guitar", family::guitar, 48, 84},
    {"overdriven guitar", family::guitar, 48, 84},
    {"distorted guitar", family::guitar, 48, 84},
    {"guitar harmonics", family::guitar, 48, 84},
    {"upright bass", family::bass, 48, 84},
    {"finger bass", family::bass, 48, 84},
    {"picked bass", family::bass, 48, 84},
    {"fretless bass", family::bass, 48, 84},
    {"slap bass", family::bass, 48, 84},
    {"slap bass 2", family::bass, 48, 84},
    {"synth bass", family::bass, 48, 84},
    {"synth bass 2", family::bass, 48, 84},
    {"violin", family::strings, 48, 84},
    {"viola", family::strings, 48, 84},
    {"cello", family::strings, 48, 84},
    {"contrabass", family::strings, 48, 84},
    {"tremolo strings", family::strings, 48, 84},
    {"pizzicato strings", family::strings, 48, 84},
    {"harp", family::strings, 48, 84},
    {"timpani", family::bells, 48, 84},
    {"strings", family::strings, 48, 84},
    {"slow strings", family::strings, 48, 84},
    {"synth strings", family::strings, 48, 84},
    {"synth strings 2", family::strings, 48, 84},
    {"choir", family::choir, 48, 84},
    {"voice oohs", family::choir, 48, 84},
    {"synth voice", family::choir, 48, 84},
    {"orchestra hit", family::choir, 48, 84},
    {"trumpet", family::brass, 48, 84},
    {"trombone", family::brass, 48, 84},
    {"tuba", family::brass, 48, 84},
    {"muted trumpet", family::brass, 48, 84},
    {"french horn", family::brass, 48, 84},
    {"brass section", family::brass, 48, 84},
    {"synth brass", family::brass, 48, 84},
    {"synth brass 2", family::brass, 48, 84},
    {"soprano saxophone", family::reeds, 48, 84},
    {"alto saxophone", family::reeds, 48, 84},
    {"tenor saxophone", family::reeds, 48, 84},
    {"baritone saxophone", family::reeds, 48, 84},
    {"oboe", family::reeds, 48, 84},
    {"english horn", family::reeds, 48, 84},
    {"bassoon", family::reeds, 48, 84},
    {"clarinet", family::reeds, 48, 84},
    {"piccolo", family::flutes, 48, 84},
    {"flute", family::flutes, 48, 84},
    {"recorder", family::flutes, 48, 84},
    {"pan flute", family::flutes, 48, 84},
    {"blown bottle", family::flutes, 48, 84},
    {"shakuhachi", family::flutes, 48, 84},
    {"whistle", family::flutes, 48, 84},
    {"ocarina", family::flutes, 48, 84},
    {"square lead", family::synth_lead, 48, 84},
    {"saw lead", family::synth_lead, 48, 84},
    {"calliope lead", family::synth_lead, 48, 84},
    {"chiff lead", family::synth_lead, 48, 84},
    {"charang lead", family::synth_lead, 48, 84},
    {"voice lead", family::synth_lead, 48, 84},
    {"fifths lead", family::synth_lead, 48, 84},
    {"bass lead", family::synth_lead, 48, 84},
    {"new age pad", family::synth_pad, 48, 84},
    {"warm pad", family::synth_pad, 48, 84},
    {"polysynth pad", family::synth_pad, 48, 84},
    {"choir pad", family::synth_pad, 48, 84},
    {"bowed pad", family::synth_pad, 48, 84},
    {"metallic pad", family::synth_pad, 48, 84},
    {"halo pad", family::synth_pad, 48, 84},
    {"sweep pad", family::synth_pad, 48, 84},
    {"rain", family::effects, 48, 84},
    {"soundtrack", family::effects, 48, 84},
    {"crystal", family::effects, 48, 84},
    {"atmosphere", family::effects, 48, 84},
    {"brightness", family::effects, 48, 84},
    {"goblins", family::effects, 48, 84},
    {"echoes", family::effects, 48, 84},
    {"sci-fi", family::effects, 48, 84},
    {"sitar", family::folk_plucked, 48, 84},
    {"banjo", family::folk_plucked, 48, 84},
    {"shamisen", family::folk_plucked, 48, 84},
    {"koto", family::folk_plucked, 48, 84},
    {"kalimba", family::folk_plucked, 48, 84},
    {"bagpipe", family::folk_plucked, 48, 84},
    {"fiddle", family::strings, 48, 84},
    {"shanai", family::folk_plucked, 48, 84},
    {"tinkle bell", family::bells, 48, 84},
    {"agogo", family::bells, 48, 84},
    {"steel drums", family::bells, 48, 84},
    {"woodblock", family::bells, 48, 84},
    {"taiko", family::bells, 48, 84},
    {"melodic tom", family::bells, 48, 84},
    {"synth drum", family::bells, 48, 84},
    {"reverse cymbal", family::bells, 48, 84},
    {"guitar fret noise", family::effects, 48, 84},
    {"breath noise", family::effects, 48, 84},
    {"seashore", family::effects, 48, 84},
    {"bird tweet", family::effects, 48, 84},
    {"telephone", family::effects, 48, 84},
    {"helicopter", family::effects, 48, 84},
    {"applause", family::effects, 48, 84},
    {"gunshot", family::effects, 48, 84},
}};

}  // namespace

const instrument& instrument_of(int program) {
  return programs[static_cast<std::size_t>(std::clamp(program, 0, 127))];
}

std::string_view name_of(family f) {
  constexpr std::array<std::string_view, 17> names{
      "piano",   "mallets",      "organ", "guitar", "bass",       "strings",
      "choir",   "brass",        "reeds", "flutes", "synth lead", "synth pad",
      "effects", "folk plucked", "bells", "drums",  "percussion"};
  return names[static_cast<std::size_t>(f)];
}

bool decays(int program) {
  switch (instrument_of(program).kind) {
    case family::piano:
    case family::mallets:
    case family::guitar:
    case family::folk_plucked:
    case family::bells:
      return true;
    case family::strings:
      return program >= gm::pizzicato && program <= gm::timpani;
    default:
      return false;
  }
}

}  // namespace son1k::music
