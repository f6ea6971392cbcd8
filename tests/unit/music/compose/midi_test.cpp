// The MIDI bytes, read again by a small reader of our own.
#include <gtest/gtest.h>

#include <map>

#include "music/compose/compose.hpp"
#include "music/midi_file.hpp"

namespace {

using namespace son1k::music;

struct read_note {
  long on = 0;
  int velocity = 0;
};

struct read_track {
  std::string name;
  std::vector<std::string> markers;
  std::vector<std::string> texts;
  long tempo = 0;
  std::string metre, key;
  int notes = 0;
  int unreleased = 0;
  bool ended = false;
};

class reader {
 public:
  explicit reader(const std::string& bytes) : b_(bytes) {}

  std::vector<read_track> tracks;
  int format = -1;
  int division = 0;
  bool good = true;

  void read() {
    good = b_.substr(0, 4) == "MThd" && number(4, 4) == 6;
    format = static_cast<int>(number(8, 2));
    const long count = number(10, 2);
    division = static_cast<int>(number(12, 2));
    at_ = 14;
    for (long i = 0; i < count && good; ++i) track();
    good = good && at_ == b_.size();
  }

 private:
  long number(std::size_t at, int bytes) const {
    long v = 0;
    for (int i = 0; i < bytes; ++i) {
      v = v * 256 + static_cast<unsigned char>(b_.at(at + static_cast<std::size_t>(i)));
    }
    return v;
  }
  int byte() { return static_cast<unsigned char>(b_.at(at_++)); }
  long length() {
    long v = 0;
    int c = 0x80;
    while ((c & 0x80) != 0) v = v * 128 + ((c = byte()) & 0x7F);
    return v;
  }

  void track() {
    good = b_.substr(at_, 4) == "MTrk";
    const std::size_t end = at_ + 8 + static_cast<std::size_t>(number(at_ + 4, 4));
    at_ += 8;
    read_track t;
    std::map<int, int> open;
    while (at_ < end && good) {
      length();
      const int status = byte();
      if (status == 0xFF) {
        meta(t);
      } else if ((status & 0xF0) == 0x90) {
        const int key = byte();
        good = good && key < 128 && byte() > 0;
        ++open[key];
        ++t.notes;
      } else if ((status & 0xF0) == 0x80) {
        --open[byte()];
        byte();
      } else if ((status & 0xF0) == 0xB0) {
        byte();
        byte();
      } else if ((status & 0xF0) == 0xC0) {
        byte();
      } else {
        good = false;
      }
    }
    good = good && at_ == end;
    for (const auto& [key, count] : open) t.unreleased += count == 0 ? 0 : 1;
    tracks.push_back(std::move(t));
  }

  void meta(read_track& t) {
    const int type = byte();
    const long size = length();
    const std::string data = b_.substr(at_, static_cast<std::size_t>(size));
    at_ += static_cast<std::size_t>(size);
    if (type == 0x03) t.name = data;
    if (type == 0x06) t.markers.push_back(data);
    if (type == 0x01) t.texts.push_back(data);
    if (type == 0x51) t.tempo = number(at_ - 3, 3);
    if (type == 0x58) t.metre = data;
    if (type == 0x59) t.key = data;
    if (type == 0x2F) t.ended = true;
  }

  const std::string& b_;
  std::size_t at_ = 0;
};

score sample(const std::string& prompt) {
  piece_request r;
  r.prompt = prompt;
  r.duration_seconds = 40;
  return compose(*understand(r), 9);
}

TEST(midi_file, is_whole_and_carries_tempo_key_metre_sections_and_chords) {
  const score s = sample("waltz in Bb major 150 bpm with strings");
  const std::string bytes = write_midi(s, "A Title");
  reader r(bytes);
  r.read();
  ASSERT_TRUE(r.good);
  EXPECT_EQ(r.format, 1);
  EXPECT_EQ(r.division, ticks_per_quarter);
  ASSERT_EQ(r.tracks.size(), s.tracks.size() + 1);
  const read_track& head = r.tracks[0];
  EXPECT_EQ(head.name, "A Title");
  EXPECT_EQ(head.tempo, 400000);
  EXPECT_EQ(head.metre.substr(0, 2), std::string("\x03\x02"));
  EXPECT_EQ(head.key, std::string("\xFE\x00", 2)) << "two flats, major";
  EXPECT_EQ(head.markers.size(), s.sections.size());
  EXPECT_EQ(head.texts.size(), s.chords.size());
  for (std::size_t i = 0; i < s.tracks.size(); ++i) {
    EXPECT_EQ(r.tracks[i + 1].name, s.tracks[i].name);
    EXPECT_EQ(r.tracks[i + 1].notes, static_cast<int>(s.tracks[i].notes.size()));
    EXPECT_EQ(r.tracks[i + 1].unreleased, 0) << s.tracks[i].name;
    EXPECT_TRUE(r.tracks[i + 1].ended);
  }
}

TEST(midi_file, key_signatures_follow_the_circle_of_fifths) {
  struct row {
    int tonic;
    bool minor;
    int sharps;
  };
  for (const row& k : {row{0, false, 0}, row{7, false, 1}, row{5, false, -1}, row{9, true, 0},
                       row{4, true, 1}, row{2, true, -1}, row{6, false, 6}, row{1, false, -5}}) {
    score s;
    s.key_tonic = k.tonic;
    s.minor = k.minor;
    const std::string bytes = write_midi(s);
    reader r(bytes);
    r.read();
    ASSERT_TRUE(r.good);
    EXPECT_EQ(static_cast<signed char>(r.tracks[0].key[0]), k.sharps) << k.tonic;
    EXPECT_EQ(r.tracks[0].key[1], k.minor ? 1 : 0);
  }
}

TEST(midi_file, no_key_is_struck_while_it_still_sounds) {
  for (const char* prompt : {"pop", "drum and bass", "classical", "salsa"}) {
    const score s = sample(prompt);
    for (const track& t : s.tracks) {
      std::map<int, std::int32_t> until;
      for (const note& n : t.notes) {
        EXPECT_LE(until[n.pitch], n.tick) << prompt << " " << t.name;
        until[n.pitch] = n.tick + n.duration;
      }
    }
  }
}

}  // namespace
