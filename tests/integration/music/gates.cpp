// The gates of a finished piece: 24 prompts of our own, twelve English and twelve Spanish, over the
// genres, through the whole way to files, judged by ffmpeg and by our independent listeners.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <fstream>
#include <iterator>
#include <thread>

#include "key_listener.hpp"
#include "listener.hpp"
#include "music/produce.hpp"
#include "support/music_analysis.hpp"
#include "support/temp_folder.hpp"

namespace son1k::music {
namespace {

struct prompt_case {
  const char* name;
  const char* prompt;
  int seconds;  // 0: the prompt says it
  double bpm;   // 0: not asked for
  int tonic;    // -1: not asked for
  bool minor;
  audio_format format = audio_format::mp3;
};

using enum audio_format;

constexpr std::array cases = {
    prompt_case{"lofi", "melancholic lo-fi piano 80 bpm in D minor with soft drums", 32, 80, 2,
                true},
    prompt_case{"pop", "happy pop song in C major, 120 bpm, bright synths and clean guitar", 34,
                120, 0, false},
    prompt_case{"rock", "energetic rock with electric guitars, 140 bpm, E minor", 30, 140, 4, true,
                ogg},
    prompt_case{"jazz", "smooth jazz trio at 110 bpm in Bb major with saxophone", 24, 110, 10,
                false},
    prompt_case{"waltz", "elegant classical piano waltz in G major, 3/4, 96 bpm", 24, 96, 7, false,
                flac},
    prompt_case{"house", "deep house 124 bpm in A minor with a warm bass", 32, 124, 9, true},
    prompt_case{"hiphop", "dark hip-hop beat, 90 bpm, C minor", 24, 90, 0, true},
    prompt_case{"blues", "slow blues in A major with harmonica, 84 bpm", 24, 84, 9, false},
    prompt_case{"reggae", "sunny reggae 76 bpm in F major with organ", 24, 76, 5, false, wav},
    prompt_case{"folk", "acoustic folk ballad in G major, fingerpicked guitar, 100 bpm", 24, 100, 7,
                false},
    prompt_case{"ambient", "calm ambient soundscape in E major for meditation", 40, 0, 4, false},
    prompt_case{"cinematic", "epic cinematic trailer in C minor, 100 bpm, strings and brass", 30,
                100, 0, true},
    prompt_case{"cumbia", "cumbia alegre con acordeón, 100 bpm, 45 segundos", 0, 100, -1, false},
    prompt_case{"balada", "balada pop triste en La menor, 72 bpm, piano y cuerdas", 30, 72, 9,
                true},
    prompt_case{"salsa", "salsa brillante en Do menor con metales, 180 bpm", 24, 180, 0, true},
    prompt_case{"bolero", "bolero romántico en Mi menor con guitarra de nailon, 90 bpm", 24, 90, 4,
                true},
    prompt_case{"tecno", "techno oscuro a 130 bpm en Fa menor", 24, 130, 5, true},
    prompt_case{"bossa", "bossa nova suave en Re mayor con guitarra, 120 bpm", 24, 120, 2, false},
    prompt_case{"rocanrol", "rock enérgico en La mayor, 150 bpm, sin piano", 20, 150, 9, false},
    prompt_case{"metal", "metal agresivo en Mi menor a 160 bpm", 20, 160, 4, true},
    prompt_case{"funk", "funk con bajo slap a 105 bpm en Mi menor", 24, 105, 4, true},
    prompt_case{"country", "country alegre en Sol mayor con banjo, 110 bpm, 20 segundos", 0, 110, 7,
                false},
    prompt_case{"clasica", "pieza clásica para cuerdas en Re menor, 90 bpm", 24, 90, 2, true, ogg},
    prompt_case{"corto", "jingle pop muy alegre en Fa mayor, 128 bpm, 15 segundos", 0, 128, 5,
                false},
};

struct verdict {
  std::string fault;  // empty: passed the hard gates
  bool key_right = true, tempo_right = true;
  std::string heard_as;
};

std::string judge(const piece& p, const test::heard& h) {
  std::string faults;
  const auto demand = [&](bool good, const std::string& what) {
    if (!good) faults += what + "; ";
  };
  const double bar = 240.0 / p.score.bpm * p.score.beats_per_bar / p.score.beat_unit;
  const double asked = p.understood.duration_seconds;
  demand(std::abs(h.lufs + 14.0) <= 0.5, "loudness " + std::to_string(h.lufs));
  demand(h.peak_dbtp <= -1.0, "true peak " + std::to_string(h.peak_dbtp));
  demand(h.silences == 0, "silence of more than 2 s");
  demand(std::abs(h.seconds - asked) <= std::max(0.02 * asked, bar),
         "duration " + std::to_string(h.seconds));
  demand(h.channels == 2 && h.side_to_middle > 0.02, "not stereo");
  demand(h.offset < 0.001, "offset " + std::to_string(h.offset));
  demand(h.clipped_run < 3, "clipped run of " + std::to_string(h.clipped_run));
  demand(asked < 30 || p.score.hook_ticks.size() >= 3, "the hook does not return");
  demand(std::abs(p.loudness_lufs - h.lufs) < 0.2, "the reported loudness is another");
  demand(std::abs(p.true_peak_dbtp - h.peak_dbtp) < 0.5, "the reported peak is another");
  return faults;
}

result<piece> make(const prompt_case& c, std::uint64_t seed, const std::filesystem::path& folder,
                   audio_format format) {
  piece_request r;
  r.prompt = c.prompt;
  r.seed = seed;
  if (c.seconds > 0) r.duration_seconds = c.seconds;
  production_settings s;
  s.folder = folder;
  s.name = std::string(c.name) + "-" + std::to_string(seed);
  s.keep_master = false;
  return produce(r, {format}, s);
}

verdict try_out(const prompt_case& c, const std::filesystem::path& folder) {
  verdict v;
  const auto p = make(c, 11, folder, c.format);
  if (!p) return {p.error().what(), false, false, ""};
  const auto h = test::listen(p->files.front().path);
  if (!h) return {"ffmpeg does not understand the file", false, false, ""};
  v.fault = judge(*p, *h);
  auto key = test::key_without_overtones(h->mono);
  const double bpm = test::estimate_bpm(h->mono, 44100);
  const bool compound = is_compound(p->understood);
  v.heard_as = test::key_text(key) + ", " + std::to_string(bpm) + " bpm";
  if (c.tonic >= 0) v.key_right = key.tonic == c.tonic && key.minor == c.minor;
  if (c.bpm > 0) v.tempo_right = test::same_tempo(bpm, c.bpm, 0.03, compound);
  if (!v.tempo_right)
    if (const auto second = test::aubio_bpm(p->files.front().path))
      v.tempo_right = test::same_tempo(*second, c.bpm, 0.03, compound);
  return v;
}

std::string bytes_of(const std::filesystem::path& p) {
  std::ifstream in(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One piece a core at a time.
template <class Work>
void in_parallel(std::size_t count, Work work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < std::clamp(std::thread::hardware_concurrency(), 1u, 8u); ++t)
    threads.emplace_back([&] {
      for (auto i = next++; i < count; i = next++) work(i);
    });
}

TEST(music_gates, every_prompt_is_loud_clean_whole_and_in_its_key_and_tempo) {
  ASSERT_TRUE(test::have_program("ffmpeg")) << "install ffmpeg: it is the judge here";
  test::temp_folder folder;
  std::array<verdict, cases.size()> verdicts;
  in_parallel(cases.size(), [&](std::size_t i) { verdicts[i] = try_out(cases[i], folder.path()); });
  std::size_t keys = 0, key_right = 0, tempos = 0, tempo_right = 0;
  std::string wrong;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& v = verdicts[i];
    EXPECT_EQ(v.fault, "") << cases[i].name << ": " << cases[i].prompt;
    if (cases[i].tonic >= 0) ++keys, key_right += v.key_right;
    if (cases[i].bpm > 0) ++tempos, tempo_right += v.tempo_right;
    if (!v.key_right || !v.tempo_right)
      wrong += std::string(cases[i].prompt) + " was heard as " + v.heard_as + "\n";
  }
  EXPECT_GE(static_cast<double>(key_right), 0.95 * static_cast<double>(keys)) << wrong;
  EXPECT_GE(static_cast<double>(tempo_right), 0.95 * static_cast<double>(tempos)) << wrong;
  if (!wrong.empty()) std::fputs(wrong.c_str(), stdout);
}

TEST(music_gates, smoke_the_same_seed_gives_the_same_bytes_and_another_seed_another_piece) {
  test::temp_folder one, two;
  const auto& c = cases.back();
  for (const auto format : {mp3, ogg}) {
    const auto a = make(c, 7, one.path(), format), b = make(c, 7, two.path(), format);
    ASSERT_TRUE(a) << a.error().what();
    ASSERT_TRUE(b) << b.error().what();
    for (std::size_t i = 0; i < a->files.size(); ++i)
      EXPECT_TRUE(bytes_of(a->files[i].path) == bytes_of(b->files[i].path)) << a->files[i].path;
  }
  const auto a = make(c, 7, one.path(), mp3), other = make(c, 8, one.path(), mp3);
  ASSERT_TRUE(other) << other.error().what();
  EXPECT_FALSE(bytes_of(a->find("midi")->path) == bytes_of(other->find("midi")->path));
  EXPECT_FALSE(bytes_of(a->find("audio")->path) == bytes_of(other->find("audio")->path));
}

}  // namespace
}  // namespace son1k::music
