// The instruments: the General MIDI programs with family and comfortable range, the percussion kits
// and keys. Constant tables, thread safe. Source: General MIDI 1 sound set and percussion map.
#pragma once
#include <string_view>

namespace son1k::music {

enum class family {
  piano,
  mallets,
  organ,
  guitar,
  bass,
  strings,
  choir,
  brass,
  reeds,
  flutes,
  synth_lead,
  synth_pad,
  effects,
  folk_plucked,
  bells,
  drums,
  percussion
};

struct instrument {
  std::string_view name;  // English, lower case
  family kind = family::piano;
  int low = 48;  // comfortable range, MIDI keys
  int high = 84;
};

// `program` 0..127; outside it the nearest end answers.
const instrument& instrument_of(int program);
std::string_view name_of(family f);

// A decaying sound (piano, guitar, bell) rather than a held one (organ, strings).
bool decays(int program);

namespace gm {
inline constexpr int piano = 0, bright_piano = 1, honky_tonk = 3, electric_piano = 4, fm_piano = 5,
                     harpsichord = 6, clavinet = 7, celesta = 8, glockenspiel = 9, music_box = 10,
                     vibraphone = 11, marimba = 12, xylophone = 13, tubular_bells = 14, organ = 16,
                     rock_organ = 18, church_organ = 19, reed_organ = 20, accordion = 21,
                     harmonica = 22, bandoneon = 23, nylon_guitar = 24, steel_guitar = 25,
                     jazz_guitar = 26, clean_guitar = 27, muted_guitar = 28, overdriven_guitar = 29,
                     distorted_guitar = 30, upright_bass = 32, finger_bass = 33, picked_bass = 34,
                     fretless_bass = 35, slap_bass = 36, synth_bass = 38, synth_bass_2 = 39,
                     violin = 40, viola = 41, cello = 42, contrabass = 43, tremolo_strings = 44,
                     pizzicato = 45, harp = 46, timpani = 47, strings = 48, slow_strings = 49,
                     synth_strings = 50, choir = 52, voice_oohs = 53, trumpet = 56, trombone = 57,
                     tuba = 58, muted_trumpet = 59, french_horn = 60, brass = 61, synth_brass = 62,
                     soprano_sax = 64, alto_sax = 65, tenor_sax = 66, baritone_sax = 67, oboe = 68,
                     bassoon = 70, clarinet = 71, piccolo = 72, flute = 73, recorder = 74,
                     pan_flute = 75, whistle = 78, ocarina = 79, square_lead = 80, saw_lead = 81,
                     warm_pad = 89, new_age_pad = 88, poly_pad = 90, choir_pad = 91, bowed_pad = 92,
                     halo_pad = 94, sweep_pad = 95, sitar = 104, banjo = 105, shamisen = 106,
                     koto = 107, kalimba = 108, bagpipe = 109, fiddle = 110, steel_drums = 114,
                     taiko = 116, synth_drum = 118, reverse_cymbal = 119;
}  // namespace gm

namespace kit {  // programs of percussion bank 128
inline constexpr int standard = 0, room = 8, power = 16, electronic = 24, tr808 = 25, jazz = 32,
                     brush = 40, orchestra = 48;
}

namespace hit {  // General MIDI percussion keys
inline constexpr int kick = 36, soft_kick = 35, rim = 37, snare = 38, clap = 39, low_tom = 41,
                     hat = 42, floor_tom = 43, pedal_hat = 44, mid_tom = 47, open_hat = 46,
                     high_tom = 50, crash = 49, ride = 51, china = 52, ride_bell = 53,
                     tambourine = 54, splash = 55, cowbell = 56, bongo_high = 60, bongo_low = 61,
                     conga_mute = 62, conga_high = 63, conga_low = 64, timbale_high = 65,
                     timbale_low = 66, agogo_high = 67, agogo_low = 68, cabasa = 69, maracas = 70,
                     guiro_short = 73, guiro_long = 74, claves = 75, wood_high = 76, wood_low = 77,
                     surdo = 87, triangle = 81, shaker = 82, castanets = 85;
}

}  // namespace son1k::music
