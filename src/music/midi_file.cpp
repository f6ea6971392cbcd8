#include "music/midi_file.hpp"

#include <algorithm>
#include <cmath>

namespace son1k::music {
namespace {

struct event {
  std::int32_t tick = 0;
  int order = 0;  // at one tick: releases, then controllers, then strokes
  std::string bytes;
};

void put_u16(std::string& out, unsigned v) {
  out += static_cast<char>((v >> 8) & 0xFF);
  out += static_cast<char>(v & 0xFF);
}

void put_u32(std::string& out, std::uint32_t v) {
  put_u16(out, v >> 16);
  put_u16(out, v & 0xFFFF);
}

// A variable-length quantity: seven bits a byte, the highest first.
void put_length(std::string& out, std::uint32_t v) {
  std::string bytes(1, static_cast<char>(v & 0x7F));
  while ((v >>= 7) != 0) {
    bytes.insert(bytes.begin(), static_cast<char>((v & 0x7F) | 0x80));
  }
  out += bytes;
}

std::string meta(int type, const std::string& data) {
  std::string out{static_cast<char>(0xFF), static_cast<char>(type)};
  put_length(out, static_cast<std::uint32_t>(data.size()));
  return out + data;
}

std::string message(int status, int first, int second = -1) {
  std::string out{static_cast<char>(status), static_cast<char>(first)};
  if (second >= 0) {
    out += static_cast<char>(second);
  }
  return out;
}

std::string chunk(std::vector<event> events, std::int32_t end) {
  std::stable_sort(events.begin(), events.end(), [](const event& a, const event& b) {
    return a.tick != b.tick ? a.tick < b.tick : a.order < b.order;
  });
  std::string body;
  std::int32_t now = 0;
  for (const event& e : events) {
    put_length(body, static_cast<std::uint32_t>(e.tick - now));
    body += e.bytes;
    now = e.tick;
  }
  put_length(body, static_cast<std::uint32_t>(std::max(0, end - now)));
  body += meta(0x2F, "");
  std::string out = "MTrk";
  put_u32(out, static_cast<std::uint32_t>(body.size()));
  return out + body;
}

// Sharps (positive) or flats of the key signature, -7..7.
int signature(const score& s) {
  const int major = (s.key_tonic + (s.minor ? 3 : 0)) % 12;
  const int fifths = major * 7 % 12;
  return fifths > 6 ? fifths - 12 : fifths;
}

std::vector<event> conductor(const score& s, const std::string& title) {
  const auto tempo = static_cast<std::uint32_t>(std::lround(60e6 / s.bpm));
  const std::string tempo_bytes{static_cast<char>((tempo >> 16) & 0xFF),
                                static_cast<char>((tempo >> 8) & 0xFF),
                                static_cast<char>(tempo & 0xFF)};
  int power = 0;
  while ((1 << power) < s.beat_unit) ++power;
  const bool compound = s.beat_unit == 8 && s.beats_per_bar % 3 == 0 && s.beats_per_bar > 3;
  const std::string metre{static_cast<char>(s.beats_per_bar), static_cast<char>(power),
                          static_cast<char>(compound ? 36 : 96 / s.beat_unit), 8};
  const std::string key{static_cast<char>(signature(s)), static_cast<char>(s.minor ? 1 : 0)};
  std::vector<event> events;
  events.push_back({0, 0, meta(0x03, title)});
  events.push_back({0, 0, meta(0x51, tempo_bytes)});
  events.push_back({0, 0, meta(0x58, metre)});
  events.push_back({0, 0, meta(0x59, key)});
  for (const section_mark& m : s.sections) {
    events.push_back({m.tick, 1, meta(0x06, m.name)});
  }
  for (const chord_mark& c : s.chords) {
    events.push_back({c.tick, 2, meta(0x01, c.symbol)});
  }
  return events;
}

std::vector<event> performance(const track& t, int channel) {
  std::vector<event> events;
  events.push_back({0, 0, meta(0x03, t.name)});
  events.push_back({0, 1, message(0xC0 | channel, t.program & 0x7F)});
  const int pan = std::clamp(64 + static_cast<int>(std::lround(t.pan * 63)), 0, 127);
  const int send = std::clamp(static_cast<int>(std::lround(t.reverb * 127)), 0, 127);
  events.push_back({0, 1, message(0xB0 | channel, 10, pan)});
  events.push_back({0, 1, message(0xB0 | channel, 91, send)});
  for (const controller& c : t.controllers) {
    events.push_back({c.tick, 2, message(0xB0 | channel, c.number & 0x7F, c.value & 0x7F)});
  }
  for (const note& n : t.notes) {
    events.push_back({n.tick, 3, message(0x90 | channel, n.pitch & 0x7F, n.velocity & 0x7F)});
    events.push_back({n.tick + n.duration, 0, message(0x80 | channel, n.pitch & 0x7F, 64)});
  }
  return events;
}

}  // namespace

std::string write_midi(const score& s, const std::string& title) {
  std::int32_t end = s.length;
  for (const track& t : s.tracks) {
    for (const note& n : t.notes) {
      end = std::max(end, n.tick + n.duration);
    }
  }
  std::string out = "MThd";
  put_u32(out, 6);
  put_u16(out, 1);
  put_u16(out, static_cast<unsigned>(s.tracks.size() + 1));
  put_u16(out, ticks_per_quarter);
  out += chunk(conductor(s, title), end);
  int melodic = 0;
  int kit = -1;
  for (track t : s.tracks) {
    int channel = 9;
    if (!t.percussion) {
      channel = melodic++ % 15;
      channel += channel >= 9 ? 1 : 0;
    } else {
      // All percussion shares channel 10, so the first track's kit serves every one.
      kit = kit < 0 ? t.program : kit;
      t.program = kit;
    }
    out += chunk(performance(t, channel), end);
  }
  return out;
}

}  // namespace son1k::music
