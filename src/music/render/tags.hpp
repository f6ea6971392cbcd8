// What a file says about itself, and the containers that libsndfile does not fill as we want: the
// ID3v2.4 header of an mp3 (id3.org, id3v2.4.0-structure and -frames) and the serial number of an
// Ogg stream (RFC 3533, section 6), which libsndfile takes from the clock. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "music/render/pending_file.hpp"

namespace son1k::music::render {

struct tags {
  std::string title;
  std::string artist = "Son1k";
  std::string genre;
  std::string comment;  // the prompt
  std::string key;      // "D minor"
  double bpm = 0.0;     // 0: not said
};

// The bytes that go before the first frame of an mp3: title, artist, genre, tempo, key, comment,
// encoded in UTF-8. Nothing in it depends on the time or the machine.
std::string id3_header(const tags& t);

// The comment field of containers without fields for key and tempo, and back.
std::string comment_with_facts(const tags& t);
void read_facts(std::string_view comment, tags& into);

// Gives every page of the Ogg file the serial number and the checksum that goes with it. Error:
// internal if the file is not a sequence of Ogg pages.
result<void> set_ogg_serial(pending_file& file, std::uint32_t serial);

}  // namespace son1k::music::render
