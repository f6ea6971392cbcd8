#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <iterator>

#include "music/render/encode.hpp"
#include "music/render/loudness.hpp"
#include "music/render/pending_file.hpp"
#include "music/render/tags.hpp"
#include "signals.hpp"
#include "support/temp_folder.hpp"

namespace son1k::music::render {
namespace {

std::string bytes_of(const std::filesystem::path& p) {
  std::ifstream in(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t entries(const std::filesystem::path& p) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(p), std::filesystem::directory_iterator()));
}

TEST(pending_file, is_visible_only_once_it_is_published) {
  test::temp_folder folder;
  const auto target = folder / "song.txt";
  {
    auto f = pending_file::create(target);
    ASSERT_TRUE(f);
    ASSERT_TRUE(f->write("hel"));
    ASSERT_TRUE(f->write("lo"));
    EXPECT_FALSE(std::filesystem::exists(target));
    ASSERT_TRUE(f->sync());
    ASSERT_TRUE(f->publish());
  }
  EXPECT_EQ(bytes_of(target), "hello");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(pending_file, leaves_nothing_and_touches_nothing_if_given_up) {
  test::temp_folder folder;
  const auto target = folder / "song.txt";
  std::ofstream(target) << "old";
  {
    auto f = pending_file::create(target);
    ASSERT_TRUE(f);
    ASSERT_TRUE(f->write("new"));
    auto moved = std::move(*f);
    EXPECT_EQ(moved.size(), 3u);
  }
  EXPECT_EQ(bytes_of(target), "old");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(pending_file, names_the_folder_that_is_not_there) {
  const auto f = pending_file::create("/nowhere/at/all/song.txt");
  ASSERT_FALSE(f);
  EXPECT_EQ(f.error().code, errc::unavailable);
  EXPECT_EQ(f.error().field, "folder");
}

// Bounds the size of files for the life of the object, as a full disk would.
class small_disk {
 public:
  explicit small_disk(rlim_t bytes) {
    before_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &saved_);
    rlimit now{bytes, saved_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~small_disk() {
    setrlimit(RLIMIT_FSIZE, &saved_);
    signal(SIGXFSZ, before_);
  }

 private:
  rlimit saved_{};
  void (*before_)(int);
};

TEST(encode, a_full_disk_is_an_error_of_its_own_in_every_format) {
  for (const auto format :
       {audio_format::mp3, audio_format::ogg, audio_format::flac, audio_format::wav}) {
    test::temp_folder folder;
    auto s = test::noise(0.3, 8.0);
    auto f = pending_file::create(folder / "song");
    ASSERT_TRUE(f);
    const small_disk disk(50'000);
    const auto done = encode(s.view(), {format, quality::standard, 48000, {}}, *f, {});
    ASSERT_FALSE(done) << static_cast<int>(format);
    EXPECT_EQ(done.error().code, errc::storage_full);
    EXPECT_FALSE(f->publish());
  }
}

TEST(id3, says_title_tempo_and_key_in_utf8) {
  tags t;
  t.title = "Canción";
  t.key = "D minor";
  t.bpm = 79.6;
  t.comment = "una canción";
  const auto h = id3_header(t);
  ASSERT_GT(h.size(), 10u);
  EXPECT_EQ(h.substr(0, 6), std::string("ID3\x04\0\0", 6));
  const auto size = (static_cast<unsigned>(h[6]) << 21) | (static_cast<unsigned>(h[7]) << 14) |
                    (static_cast<unsigned>(h[8]) << 7) | static_cast<unsigned>(h[9]);
  EXPECT_EQ(size + 10, h.size());
  EXPECT_NE(h.find("TIT2\0\0\0\x09\0\0\x03"
                   "Canción"),
            h.npos);
  EXPECT_NE(h.find(std::string("TKEY\0\0\0\x03\0\0\x03"
                               "Dm",
                               13)),
            h.npos);
  EXPECT_NE(h.find(std::string("TBPM\0\0\0\x03\0\0\x03"
                               "80",
                               13)),
            h.npos);
}

TEST(tags, key_and_tempo_survive_in_the_comment) {
  tags t, back;
  t.comment = "a song [slow; sad]";
  t.key = "Eb major";
  t.bpm = 92.5;
  read_facts(comment_with_facts(t), back);
  EXPECT_EQ(back.comment, t.comment);
  EXPECT_EQ(back.key, t.key);
  EXPECT_EQ(back.bpm, t.bpm);
  tags plain;
  read_facts("nothing here", plain);
  EXPECT_EQ(plain.comment, "nothing here");
  EXPECT_TRUE(plain.key.empty());
}

struct format_case {
  audio_format format;
  const char* name;
};
class every_format : public testing::TestWithParam<format_case> {};

TEST_P(every_format, decodes_to_the_same_length_loudness_and_tags_and_repeats_its_bytes) {
  test::temp_folder folder;
  auto s = test::sine(440, 0.25, 6.0);
  const auto format = GetParam().format;
  encoding how{format, quality::standard, 48000, {}};
  how.facts.title = "Niño";
  how.facts.comment = "a prompt";
  how.facts.key = "A minor";
  how.facts.bpm = 120;
  std::string first;
  for (const char* name : {"one", "two"}) {
    auto f = pending_file::create(folder / name);
    ASSERT_TRUE(f);
    const auto done = encode(s.view(), how, *f, {});
    ASSERT_TRUE(done) << done.error().what();
    ASSERT_TRUE(f->publish());
    const auto bytes = bytes_of(folder / name);
    if (first.empty()) first = bytes;
    EXPECT_EQ(bytes == first, true) << "two encodings differ";
  }
  const auto back = decode(folder / "one", {});
  ASSERT_TRUE(back) << back.error().what();
  EXPECT_EQ(back->sound.size(), s.size());
  EXPECT_EQ(back->sample_rate, 48000);
  EXPECT_EQ(back->facts.title, "Niño");
  auto again = back->sound;
  EXPECT_NEAR(to_db(true_peak(again.view())), to_db(0.25), 0.3);
  if (format == audio_format::mp3) return;
  EXPECT_EQ(back->facts.comment, "a prompt");
  EXPECT_EQ(back->facts.key, "A minor");
}

INSTANTIATE_TEST_SUITE_P(encode, every_format,
                         testing::Values(format_case{audio_format::mp3, "mp3"},
                                         format_case{audio_format::ogg, "ogg"},
                                         format_case{audio_format::flac, "flac"},
                                         format_case{audio_format::wav, "wav"}),
                         [](const auto& i) { return i.param.name; });

TEST(deliver, brings_a_sound_that_is_off_to_loudness_and_peak) {
  test::temp_folder folder;
  auto s = test::noise(0.9, 6.0);
  auto made =
      deliver(s.view(), {audio_format::mp3, quality::standard, 48000, {}}, folder / "song.mp3", {});
  ASSERT_TRUE(made) << made.error().what();
  EXPECT_NEAR(made->figures.lufs, -14.0, 0.3);
  EXPECT_LE(made->figures.peak_dbtp, -1.0);
}

TEST(decode, tells_what_is_missing_and_what_is_no_audio) {
  test::temp_folder folder;
  EXPECT_EQ(decode(folder / "none.mp3", {}).error().code, errc::not_found);
  std::ofstream(folder / "text.mp3") << "this is no audio at all";
  EXPECT_EQ(decode(folder / "text.mp3", {}).error().code, errc::storage_corrupt);
}

}  // namespace
}  // namespace son1k::music::render
