#include "music/render/tags.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace son1k::music::render {
namespace {

constexpr std::size_t ogg_header = 27;  // bytes before a page's segment table

// Sizes in ID3v2.4 carry 7 bits a byte.
std::string sync_safe(std::size_t n) {
  std::string out(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<char>((n >> (7 * (3 - i))) & 0x7f);
  return out;
}

std::string frame(std::string_view id, std::string_view body) {
  std::string out(id);
  out += sync_safe(body.size());
  out.append(2, '\0');
  return out.append(body);
}

std::string text_frame(std::string_view id, std::string_view value) {
  if (value.empty()) return {};
  return frame(id, std::string(1, '\x03').append(value));  // 3: UTF-8
}

std::string spaced_number(double value) {
  return fmt::format("{}", std::lround(value));
}

// "C#m", "Dm", "Eb": the form that TKEY asks for.
std::string short_key(std::string_view key) {
  const auto space = key.find(' ');
  const auto tonic = std::string(key.substr(0, space));
  return space != std::string_view::npos && key.substr(space + 1) == "minor" ? tonic + "m" : tonic;
}

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t r = i << 24;
    for (int bit = 0; bit < 8; ++bit) r = (r & 0x80000000u) != 0 ? (r << 1) ^ 0x04c11db7u : r << 1;
    table[i] = r;
  }
  return table;
}();

std::uint32_t ogg_checksum(std::string_view page) {
  std::uint32_t crc = 0;
  for (const char c : page)
    crc = (crc << 8) ^ crc_table[(crc >> 24) ^ static_cast<unsigned char>(c)];
  return crc;
}

void put_le32(std::string& s, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) s[at + i] = static_cast<char>((value >> (8 * i)) & 0xff);
}

}  // namespace

std::string id3_header(const tags& t) {
  std::string frames = text_frame("TIT2", t.title) + text_frame("TPE1", t.artist) +
                       text_frame("TCON", t.genre) +
                       text_frame("TBPM", t.bpm > 0 ? spaced_number(t.bpm) : "") +
                       text_frame("TKEY", short_key(t.key));
  if (!t.comment.empty())
    frames += frame("COMM", std::string("\x03"
                                        "und")
                                .append(1, '\0')
                                .append(t.comment));
  return std::string("ID3\x04").append(2, '\0') + sync_safe(frames.size()) + frames;
}

std::string comment_with_facts(const tags& t) {
  std::string out = t.comment;
  if (t.key.empty() || t.bpm <= 0) return out;
  return out + fmt::format(" [{}; {:g} bpm]", t.key, std::round(t.bpm * 100) / 100);
}

void read_facts(std::string_view comment, tags& into) {
  into.comment = comment;
  const auto open = comment.rfind(" ["), middle = comment.rfind("; ");
  if (!comment.ends_with(" bpm]") || open == comment.npos || middle == comment.npos) return;
  if (middle < open) return;
  into.comment = comment.substr(0, open);
  into.key = comment.substr(open + 2, middle - open - 2);
  const auto digits = comment.substr(middle + 2);
  std::from_chars(digits.data(), digits.data() + digits.size(), into.bpm);
}

result<void> set_ogg_serial(pending_file& file, std::uint32_t serial) {
  const error broken{errc::internal, "the encoder wrote no Ogg pages"};
  const auto end = file.size();
  for (std::uint64_t at = 0; at < end;) {
    auto head = file.read_at(at, ogg_header + 255);
    if (!head) return head.error();
    if (head->size() < ogg_header || !head->starts_with("OggS")) return broken;
    const std::size_t segments = static_cast<unsigned char>((*head)[26]);
    if (head->size() < ogg_header + segments) return broken;
    std::size_t length = ogg_header + segments;
    for (std::size_t i = 0; i < segments; ++i)
      length += static_cast<unsigned char>((*head)[ogg_header + i]);
    auto page = file.read_at(at, length);
    if (!page) return page.error();
    if (page->size() != length) return broken;
    put_le32(*page, 14, serial);
    put_le32(*page, 22, 0);
    put_le32(*page, 22, ogg_checksum(*page));
    if (auto written = file.write_at(at, std::string_view(*page).substr(0, 26)); !written)
      return written.error();
    at += length;
  }
  return {};
}

}  // namespace son1k::music::render
