#include "music/produce.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <map>

#include "music/render/encode.hpp"
#include "music/render/loudness.hpp"
#include "music/render/mixer.hpp"
#include "signals.hpp"
#include "support/sample_scores.hpp"
#include "support/temp_folder.hpp"

namespace son1k::music {
namespace {

using test::brief_for;

constexpr std::array all_formats = {audio_format::mp3, audio_format::ogg, audio_format::flac,
                                    audio_format::wav};

std::string bytes_of(const std::filesystem::path& p) {
  std::ifstream in(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> contents(const std::filesystem::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& e : std::filesystem::directory_iterator(folder))
    out[e.path().filename().string()] = bytes_of(e.path());
  return out;
}

production_settings in_folder(const test::temp_folder& f) {
  production_settings s;
  s.folder = f.path();
  s.name = "song";
  return s;
}

result<piece> make(const score& s, const production_settings& settings,
                   std::vector<audio_format> formats = {audio_format::mp3},
                   const on_stage& report = {}, std::stop_token stop = {},
                   quality grade = quality::standard) {
  return produce_score(brief_for(s, grade), s, formats, settings, report, stop);
}

TEST(produce, every_format_of_a_short_piece_is_whole_loud_enough_and_not_too_hot) {
  test::temp_folder folder;
  const auto s = test::dense_pop(7.0);
  const auto p = make(s, in_folder(folder), {all_formats.begin(), all_formats.end()});
  ASSERT_TRUE(p) << p.error().what();
  EXPECT_NEAR(p->loudness_lufs, -14.0, 0.3);
  for (const auto format : all_formats) {
    const auto* file = p->find("audio", extension_of(format));
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->bytes, std::filesystem::file_size(file->path));
    const auto back = render::decode(file->path, {});
    ASSERT_TRUE(back) << back.error().what();
    EXPECT_EQ(back->sound.size(), 7u * 44100u) << file->name;
    auto sound = back->sound;
    const auto m = render::measure(sound.view(), back->sample_rate, {});
    EXPECT_NEAR(m->lufs, -14.0, 0.3) << file->name;
    EXPECT_LE(m->peak_dbtp, -1.0) << file->name;
  }
  EXPECT_EQ(p->find("master"), p->find("audio", "flac"));
  EXPECT_EQ(p->files.size(), 6u);
  EXPECT_EQ(contents(folder.path()).size(), 6u);
}

TEST(produce, the_same_score_gives_the_same_bytes_of_every_file) {
  test::temp_folder one, two;
  auto s = test::dense_pop(5.0);
  s.sound = colour::lofi;
  for (const auto* f : {&one, &two}) {
    auto settings = in_folder(*f);
    settings.write_stems = true;
    ASSERT_TRUE(make(s, settings, {all_formats.begin(), all_formats.end()}));
  }
  EXPECT_TRUE(contents(one.path()) == contents(two.path()));
  EXPECT_GT(contents(one.path()).size(), 12u);
}

TEST(produce, progress_is_monotonic_names_real_stages_and_ends_at_one) {
  test::temp_folder folder;
  std::vector<double> seen;
  std::vector<std::string> stages;
  const auto note = [&](const stage_report& r) {
    seen.push_back(r.fraction);
    if (stages.empty() || stages.back() != r.stage) stages.emplace_back(r.stage);
    EXPECT_FALSE(r.message.en.empty());
    EXPECT_FALSE(r.message.es.empty());
  };
  ASSERT_TRUE(make(test::light_piano(6.0), in_folder(folder), {audio_format::mp3}, note));
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), 1.0);
  EXPECT_GT(seen.size(), 50u);
  EXPECT_EQ(stages, (std::vector<std::string>{"render", "master", "encode", "measure", "done"}));
}

TEST(produce, a_cancel_at_any_stage_stops_at_once_and_leaves_nothing) {
  const auto s = test::dense_pop(6.0);
  for (const char* stage : {"render", "master", "encode", "measure"}) {
    test::temp_folder folder;
    std::stop_source stop;
    int after = 0;
    const auto report = [&](const stage_report& r) {
      if (stop.stop_requested()) ++after;
      if (r.stage == stage) stop.request_stop();
    };
    auto settings = in_folder(folder);
    settings.write_stems = true;
    const auto p = make(s, settings, {audio_format::mp3}, report, stop.get_token());
    ASSERT_FALSE(p) << stage;
    EXPECT_EQ(p.error().code, errc::cancelled) << stage;
    EXPECT_LE(after, 2) << stage << ": it worked on after the cancel";
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << stage;
  }
}

TEST(produce, a_missing_or_wrong_sound_font_is_named_with_what_to_do) {
  test::temp_folder folder;
  auto settings = in_folder(folder);
  settings.sound_font = folder / "none.sf2";
  const auto wrong = folder / "wrong.sf2";
  std::ofstream(wrong) << "RIFFxxxxWAVE";
  for (const auto& font : {settings.sound_font, wrong}) {
    settings.sound_font = font;
    const auto p = make(test::light_piano(5.0), settings);
    ASSERT_FALSE(p);
    EXPECT_EQ(p.error().code, errc::unavailable);
    EXPECT_EQ(p.error().field, "sound_font");
    EXPECT_NE(p.error().message.en.find("fluid-soundfont-gm"), std::string::npos);
    EXPECT_NE(p.error().message.en.find("SON1K_SOUND_FONT"), std::string::npos);
  }
}

TEST(produce, a_font_that_is_cut_short_is_an_error_and_not_a_crash) {
  test::temp_folder folder;
  const auto font = find_sound_font({});
  ASSERT_TRUE(font);
  std::string head(4096, '\0');
  std::ifstream(*font, std::ios::binary)
      .read(head.data(), static_cast<std::streamsize>(head.size()));
  std::ofstream(folder / "cut.sf2", std::ios::binary) << head;
  auto settings = in_folder(folder);
  settings.sound_font = folder / "cut.sf2";
  const auto p = make(test::light_piano(5.0), settings);
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().field, "sound_font");
}

TEST(produce, a_folder_that_cannot_be_written_is_told_before_rendering) {
  test::temp_folder folder;
  std::ofstream(folder / "file") << "x";
  for (const auto& where : {folder / "missing", folder / "file"}) {
    auto settings = in_folder(folder);
    settings.folder = where;
    bool rendered = false;
    const auto p = make(test::light_piano(5.0), settings, {audio_format::mp3},
                        [&](const stage_report& r) { rendered |= r.stage == "render"; });
    ASSERT_FALSE(p);
    EXPECT_EQ(p.error().code, errc::unavailable);
    EXPECT_EQ(p.error().field, "folder");
    EXPECT_FALSE(rendered);
  }
}

TEST(produce, a_disk_that_fills_up_leaves_nothing_half_written) {
  test::temp_folder folder;
  const auto before = signal(SIGXFSZ, SIG_IGN);
  rlimit saved{};
  getrlimit(RLIMIT_FSIZE, &saved);
  const rlimit small{60'000, saved.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  auto settings = in_folder(folder);
  settings.write_stems = true;
  const auto p = make(test::light_piano(6.0), settings);
  setrlimit(RLIMIT_FSIZE, &saved);
  signal(SIGXFSZ, before);
  ASSERT_FALSE(p);
  EXPECT_EQ(p.error().code, errc::storage_full);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(produce, stems_add_up_to_the_mix_and_last_as_long) {
  test::temp_folder folder;
  auto s = test::dense_pop(6.0);
  auto settings = in_folder(folder);
  settings.write_stems = true;
  const auto p = make(s, settings);
  ASSERT_TRUE(p) << p.error().what();
  std::size_t count = 0;
  for (const auto& f : p->files) {
    if (f.kind != "stem") continue;
    ++count;
    const auto stem_sound = render::decode(f.path, {});
    ASSERT_TRUE(stem_sound);
    EXPECT_EQ(stem_sound->sound.size(), 6u * 44100u) << f.name;
    EXPECT_GT(test::rms(stem_sound->sound.left), 1e-4) << f.name << " is silent";
  }
  EXPECT_EQ(count, 9u);
  EXPECT_NE(p->find("stem", "drums"), nullptr);
  EXPECT_NE(p->find("stem", "ambience"), nullptr);
}

TEST(produce, grades_differ_in_rate_and_depth) {
  const auto s = test::light_piano(5.0);
  for (const auto grade : {quality::premium, quality::ultra}) {
    test::temp_folder folder;
    const auto p = make(s, in_folder(folder), {audio_format::flac}, {}, {}, grade);
    ASSERT_TRUE(p) << p.error().what();
    EXPECT_EQ(p->sample_rate, 48000);
    const auto back = render::decode(p->files.front().path, {});
    EXPECT_EQ(back->bits, grade == quality::ultra ? 24 : 16);
  }
}

TEST(produce, a_master_becomes_another_format_later) {
  test::temp_folder folder;
  const auto p = make(test::dense_pop(6.0), in_folder(folder), {audio_format::ogg});
  ASSERT_TRUE(p) << p.error().what();
  const auto* kept = p->find("master");
  ASSERT_NE(kept, nullptr);
  const auto done = transcode(kept->path, audio_format::mp3, folder / "later.mp3");
  ASSERT_TRUE(done) << done.error().what();
  const auto back = render::decode(folder / "later.mp3", {});
  ASSERT_TRUE(back);
  EXPECT_EQ(back->facts.title, "Canción de prueba");
  auto sound = back->sound;
  const auto m = render::measure(sound.view(), back->sample_rate, {});
  EXPECT_NEAR(m->lufs, -14.0, 0.3);
  EXPECT_LE(m->peak_dbtp, -1.0);
  EXPECT_EQ(transcode(folder / "gone.flac", audio_format::mp3, folder / "x.mp3").error().code,
            errc::not_found);
}

TEST(produce, peaks_are_bounded_and_tell_sections_and_chords) {
  test::temp_folder folder;
  const auto p = make(test::light_piano(12.0), in_folder(folder));
  ASSERT_TRUE(p);
  const auto json = boost::json::parse(bytes_of(p->find("peaks")->path)).as_object();
  const auto& peaks = json.at("peaks").as_array();
  EXPECT_LE(peaks.size(), 4000u);
  EXPECT_EQ(peaks.size(), 2 * json.at("length").to_number<std::size_t>());
  EXPECT_NEAR(json.at("duration").to_number<double>(), 12.0, 0.01);
  int highest = 0;
  for (const auto& v : peaks) highest = std::max(highest, v.to_number<int>());
  EXPECT_GT(highest, 60);
  EXPECT_LE(highest, 127);
  EXPECT_EQ(json.at("sections").as_array().size(), p->score.sections.size());
  EXPECT_EQ(json.at("chords").as_array().size(), p->score.chords.size());
}

TEST(produce, a_score_without_notes_and_a_call_without_formats_are_errors) {
  test::temp_folder folder;
  score empty;
  empty.duration_seconds = 5;
  EXPECT_EQ(make(empty, in_folder(folder)).error().code, errc::internal);
  EXPECT_EQ(make(test::light_piano(5.0), in_folder(folder), {}).error().field, "format");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(mix, ends_in_silence_fades_as_asked_and_is_stereo) {
  auto s = test::light_piano(8.0);
  s.fade_out_seconds = 3.0;
  render::mix_settings m;
  m.font = find_sound_font({}).value();
  const auto sound = render::mix(s, m, {});
  ASSERT_TRUE(sound);
  EXPECT_EQ(sound->left.back(), 0.0f);
  const auto all = std::span(sound->left);
  EXPECT_LT(test::rms(all.last(4410)), 0.05 * test::rms(all.subspan(44100, 44100)));
  EXPECT_NE(sound->left, sound->right);
}

TEST(mix, pads_make_way_for_the_kick_if_the_score_says_so) {
  auto s = test::dense_pop(6.0);
  std::erase_if(s.tracks,
                [](const auto& t) { return t.role != stem::pad && t.role != stem::drums; });
  const auto pad_level = [&](bool sidechain) {
    s.sidechain = sidechain;
    render::mix_settings m;
    m.font = find_sound_font({}).value();
    double sum = 0;
    m.stem_sink = [&](std::size_t i, render::stereo_view v) -> result<void> {
      if (i == static_cast<std::size_t>(stem::pad)) sum += std::pow(test::rms(v.left), 2);
      return {};
    };
    EXPECT_TRUE(render::mix(s, m, {}));
    return sum;
  };
  EXPECT_LT(pad_level(true), 0.8 * pad_level(false));
}

TEST(sound_font, the_setting_of_the_environment_wins_over_the_usual_places) {
  test::temp_folder folder;
  const auto mine = folder / "mine.sf2";
  std::ofstream(mine, std::ios::binary) << std::string("RIFF\0\0\0\0sfbk", 12);
  ::setenv("SON1K_SOUND_FONT", mine.c_str(), 1);
  EXPECT_EQ(find_sound_font({}).value(), mine);
  ::setenv("SON1K_SOUND_FONT", "/nowhere.sf2", 1);
  EXPECT_EQ(find_sound_font({}).error().field, "sound_font");
  ::unsetenv("SON1K_SOUND_FONT");
}

}  // namespace
}  // namespace son1k::music
