// Frames as clients may send them, right and wrong, and what a reader tells of them.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "realtime/websocket/frame.hpp"

namespace son1k::realtime::frames {

struct frame_form {
  bool fin = true;
  bool masked = true;
  int reserved = 0;
  int length_bytes = 0;  // 0: as few as it takes
};

inline std::string frame(int opcode, std::string_view payload, frame_form form = {}) {
  std::string out;
  out.push_back(static_cast<char>((form.fin ? 0x80 : 0) | form.reserved << 4 | opcode));
  const auto size = payload.size();
  const int wide = form.length_bytes != 0 ? form.length_bytes
                                          : (size < 126      ? 1
                                             : size < 65'536 ? 2
                                                             : 8);
  const int mark = wide == 1 ? static_cast<int>(size) : wide == 2 ? 126 : 127;
  out.push_back(static_cast<char>((form.masked ? 0x80 : 0) | mark));
  if (wide > 1)
    for (int n = wide; n-- > 0;) out.push_back(static_cast<char>(size >> (8 * n) & 0xff));
  const std::string mask = form.masked ? "\x11\xa2\x33\xf4" : std::string(4, '\0');
  if (form.masked) out += mask;
  for (std::size_t n = 0; n < size; ++n) out.push_back(static_cast<char>(payload[n] ^ mask[n % 4]));
  return out;
}

// What a reader tells of bytes that come in pieces of `piece` each: "text:…", "broken:code".
inline std::vector<std::string> told(std::string bytes, std::size_t piece,
                                     std::size_t most = 1'000'000) {
  ws_reader reader(most);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    std::span<char> part(bytes.data() + at, std::min(piece, bytes.size() - at));
    for (;;) {
      const auto got = reader.next(part);
      if (got.broken != 0) {
        out.push_back("broken:" + std::to_string(got.broken));
        return out;
      }
      if (!got.item) break;
      const std::string payload(got.item->payload);
      switch (got.item->what) {
        case ws_opcode::text:
          out.push_back("text:" + payload);
          break;
        case ws_opcode::binary:
          out.push_back("binary:" + payload);
          break;
        case ws_opcode::ping:
          out.push_back("ping:" + payload);
          break;
        case ws_opcode::pong:
          out.push_back("pong:" + payload);
          break;
        default:
          out.push_back("close:" + std::to_string(got.item->code) + ":" + payload);
      }
    }
    EXPECT_TRUE(part.empty());
  }
  return out;
}

inline std::vector<std::string> told(const std::string& bytes) {
  auto whole = told(bytes, bytes.size());
  for (const std::size_t piece : {1, 2, 3, 7, 64}) EXPECT_EQ(told(bytes, piece), whole) << piece;
  return whole;
}

inline std::string close_payload(int code, std::string_view reason = {}) {
  std::string out{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  return out.append(reason);
}

}  // namespace son1k::realtime::frames
