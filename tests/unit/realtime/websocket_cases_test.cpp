// The framing of RFC 6455 case by case, by the section numbers under which the usual client of
// protocol tests lists them: 1 lengths, 2 pings, 3 reserved bits, 4 opcodes, 5 fragments, 6 UTF-8,
// 7 closes, 9 limits. Each is read whole and in pieces. A text is found not to be UTF-8 at its end.
// What follows a close is the connection's, and tested there.
#include <gmock/gmock.h>

#include "unit/realtime/frame_bytes.hpp"

namespace son1k::realtime::frames {
namespace {

using list = std::vector<std::string>;
const std::string protocol_error = "broken:1002";
const std::string not_utf8 = "broken:1007";
constexpr frame_form more{.fin = false};

struct wire_case {
  std::string section;
  std::string bytes;
  list told;
};

void hold(const std::vector<wire_case>& cases) {
  for (const auto& each : cases) EXPECT_EQ(told(each.bytes), each.told) << each.section;
}

// Of "c3 b1" and the like; "c3b1 20" too.
std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t n = 0; n + 1 < hex.size();) {
    if (hex[n] == ' ') {
      ++n;
      continue;
    }
    out.push_back(static_cast<char>(digit(hex[n]) * 16 + digit(hex[n + 1])));
    n += 2;
  }
  return out;
}

// A text message in fragments of `piece` bytes.
std::string fragments(std::string_view text, std::size_t piece, int opcode = 1) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece)
    out += frame(at == 0 ? opcode : 0, text.substr(at, piece), {.fin = at + piece >= text.size()});
  return out;
}

TEST(websocket_cases, s1_a_message_of_any_length_is_told) {
  std::vector<wire_case> cases;
  int number = 0;
  for (const std::size_t size : {0, 125, 126, 127, 128, 65'535, 65'536}) {
    ++number;
    const std::string text(size, '*');
    const std::string bytes(size, '\xfe');
    cases.push_back({"1.1." + std::to_string(number), frame(1, text), {"text:" + text}});
    cases.push_back({"1.2." + std::to_string(number), frame(2, bytes), {"binary:" + bytes}});
  }
  hold(cases);
}

TEST(websocket_cases, s2_pings_and_pongs) {
  const auto binary = from_hex("00fffefdfcfb00ff");
  const std::string full(125, '\xfe');
  std::string ten;
  list ten_told;
  for (int n = 0; n < 10; ++n) {
    ten += frame(9, "payload-" + std::to_string(n));
    ten_told.push_back("ping:payload-" + std::to_string(n));
  }
  hold({
      {"2.1", frame(9, ""), {"ping:"}},
      {"2.2", frame(9, "Hello, world!"), {"ping:Hello, world!"}},
      {"2.3", frame(9, binary), {"ping:" + binary}},
      {"2.4, 2.6", frame(9, full), {"ping:" + full}},
      {"2.5", frame(9, full + "\xfe"), {protocol_error}},
      {"2.7", frame(10, ""), {"pong:"}},
      {"2.8", frame(10, "unasked"), {"pong:unasked"}},
      {"2.9", frame(10, "unasked") + frame(9, "asked"), {"pong:unasked", "ping:asked"}},
      {"2.10, 2.11", ten, ten_told},
  });
}

TEST(websocket_cases, s3_a_reserved_bit_ends_it) {
  const auto first = frame(1, "Hello");
  hold({
      {"3.1", frame(1, "Hello", {.reserved = 1}), {protocol_error}},
      {"3.2",
       first + frame(1, "Hello", {.reserved = 2}) + frame(9, ""),
       {"text:Hello", protocol_error}},
      {"3.3, 3.4",
       first + frame(1, "Hello", {.reserved = 3}) + frame(9, ""),
       {"text:Hello", protocol_error}},
      {"3.4", first + frame(1, "Hello", {.reserved = 4}), {"text:Hello", protocol_error}},
      {"3.5", frame(2, from_hex("00ff"), {.reserved = 5}), {protocol_error}},
      {"3.6", frame(9, "Hello", {.reserved = 6}), {protocol_error}},
      {"3.7", frame(8, "", {.reserved = 7}), {protocol_error}},
  });
}

TEST(websocket_cases, s4_a_reserved_opcode_ends_it) {
  std::vector<wire_case> cases;
  for (const int from : {3, 11}) {
    for (int n = 0; n < 5; ++n) {
      const auto section = (from == 3 ? "4.1." : "4.2.") + std::to_string(n + 1);
      const auto& text = n % 2 == 0 ? "" : "payload";
      cases.push_back({section, frame(from + n, text), {protocol_error}});
      cases.push_back({section + " after a text",
                       frame(1, "Hello") + frame(from + n, text) + frame(9, ""),
                       {"text:Hello", protocol_error}});
    }
  }
  hold(cases);
}

TEST(websocket_cases, s5_fragments) {
  const auto one = frame(1, "fragment1", more);
  const auto two = frame(0, "fragment2");
  const list both{"text:fragment1fragment2"};
  const list both_and_ping{"ping:ping", "text:fragment1fragment2"};
  const auto nothing = frame(0, "no message", more);
  const auto nothing_at_end = frame(0, "no message");
  const auto hello = frame(1, "Hello");
  const auto part = [](int n) {
    return frame(n == 1 ? 1 : 0, "fragment" + std::to_string(n), {.fin = n == 5});
  };
  hold({
      {"5.1", frame(9, "fragment1", more) + frame(0, "fragment2"), {protocol_error}},
      {"5.2", frame(10, "fragment1", more) + frame(0, "fragment2"), {protocol_error}},
      {"5.3, 5.4, 5.5", one + two, both},
      {"5.6, 5.7, 5.8", one + frame(9, "ping") + two, both_and_ping},
      {"5.9, 5.10, 5.11", nothing_at_end + hello, {protocol_error}},
      {"5.12, 5.13, 5.14", nothing + hello, {protocol_error}},
      {"5.15", one + two + nothing + hello, {both[0], protocol_error}},
      {"5.16", nothing + hello + nothing + hello, {protocol_error}},
      {"5.17", nothing_at_end + hello + nothing_at_end + hello, {protocol_error}},
      {"5.18", one + frame(1, "fragment2"), {protocol_error}},
      {"5.19, 5.20",
       part(1) + part(2) + frame(9, "pongme 1") + part(3) + part(4) + frame(9, "pongme 2") +
           part(5),
       {"ping:pongme 1", "ping:pongme 2", "text:fragment1fragment2fragment3fragment4fragment5"}},
  });
}

TEST(websocket_cases, s6_1_empty_texts) {
  hold({
      {"6.1.1", frame(1, ""), {"text:"}},
      {"6.1.2", frame(1, "", more) + frame(0, "", more) + frame(0, ""), {"text:"}},
      {"6.1.3", frame(1, "", more) + frame(0, "middle", more) + frame(0, ""), {"text:middle"}},
  });
}

struct utf8_case {
  const char* section;
  const char* hex;
};

// Whole, a byte a fragment, and cut in two at every place.
void hold_text(const utf8_case& each, const std::string& whole, bool valid) {
  const list wanted{valid ? "text:" + whole : not_utf8};
  EXPECT_EQ(told(frame(1, whole)), wanted) << each.section;
  EXPECT_EQ(told(fragments(whole, 1)), wanted) << each.section << " by bytes";
  for (std::size_t at = 1; at < whole.size(); ++at) {
    const auto bytes = frame(1, whole.substr(0, at), more) + frame(0, whole.substr(at));
    EXPECT_EQ(told(bytes), wanted) << each.section << " cut at " << at;
  }
  EXPECT_EQ(told(frame(2, whole)), list{"binary:" + whole}) << each.section << " as binary";
}

TEST(websocket_cases, s6_utf8_is_told) {
  constexpr utf8_case cases[] = {
      {"6.2.1", "48656c6c6f2d c2b540 c39f c3b6 c3a4 c3bc c3a0 c3a1 2d5554462d3821 21"},
      {"6.2.4", "ceba e1bdb9 cf83 cebc ceb5"},
      {"6.5", "ceba e1bdb9 cf83 cebc ceb5 f48fbfbf 656469746564"},
      {"6.6.2", "ceba"},
      {"6.6.5", "cebae1bdb9"},
      {"6.6.7", "cebae1bdb9cf83"},
      {"6.6.9", "cebae1bdb9cf83cebc"},
      {"6.6.11", "cebae1bdb9cf83cebcceb5"},
      {"6.7.1", "00"},
      {"6.7.2", "c280"},
      {"6.7.3", "e0a080"},
      {"6.7.4", "f0908080"},
      {"6.9.1", "7f"},
      {"6.9.2", "dfbf"},
      {"6.9.3", "efbfbf"},
      {"6.9.4", "f48fbfbf"},
      {"6.11.1", "ed9fbf"},
      {"6.11.2", "ee8080"},
      {"6.11.3", "efbfbd"},
      {"6.11.4", "f48fbfbf"},
      {"6.22.1", "efbfbe"},
      {"6.23.1", "efbfb9"},
      {"6.23.2", "efbfba"},
      {"6.23.3", "efbfbb"},
      {"6.23.4", "efbfbc"},
      {"6.23.5", "efbfbd"},
      {"6.23.6", "efbfbe"},
      {"6.23.7", "efbfbf"},
  };
  for (const auto& each : cases) hold_text(each, from_hex(each.hex), true);
}

// The last two code points of each plane are no characters, but may be sent.
TEST(websocket_cases, s6_22_what_is_no_character_is_told_all_the_same) {
  int number = 3;
  for (int plane = 1; plane <= 16; ++plane) {
    for (const int last : {0xbe, 0xbf}) {
      std::string text;
      text.push_back(static_cast<char>(0xf0 | plane >> 2));
      text.push_back(static_cast<char>(0x8f | (plane & 3) << 4));
      text.push_back('\xbf');
      text.push_back(static_cast<char>(last));
      const auto section = "6.22." + std::to_string(number++);
      hold_text({section.c_str(), ""}, text, true);
    }
  }
}

TEST(websocket_cases, s6_what_is_not_utf8_ends_it) {
  constexpr utf8_case cases[] = {
      {"6.3", "ceba e1bdb9 cf83 cebc ceb5 eda080 656469746564"},
      {"6.4", "ceba e1bdb9 cf83 cebc ceb5 f4908080 656469746564"},
      {"6.6.1", "ce"},
      {"6.6.3", "cebae1"},
      {"6.6.4", "cebae1bd"},
      {"6.6.6", "cebae1bdb9cf"},
      {"6.6.8", "cebae1bdb9cf83ce"},
      {"6.6.10", "cebae1bdb9cf83cebcce"},
      {"6.8.1", "f888808080"},
      {"6.8.2", "fc8480808080"},
      {"6.10.1", "f7bfbfbf"},
      {"6.10.2", "fbbfbfbfbf"},
      {"6.10.3", "fdbfbfbfbfbf"},
      {"6.11.5", "f4908080"},
      {"6.12.1", "80"},
      {"6.12.2", "bf"},
      {"6.12.3", "80bf"},
      {"6.12.4", "80bf80"},
      {"6.12.5", "80bf80bf"},
      {"6.12.6", "80bf80bf80"},
      {"6.12.7", "80bf80bf80bf"},
      {"6.14.1", "c0"},
      {"6.14.2", "e080"},
      {"6.14.3", "f08080"},
      {"6.14.4", "f8808080"},
      {"6.14.5", "fc80808080"},
      {"6.14.6", "df"},
      {"6.14.7", "efbf"},
      {"6.14.8", "f7bfbf"},
      {"6.14.9", "fbbfbfbf"},
      {"6.14.10", "fdbfbfbfbf"},
      {"6.15", "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf"},
      {"6.16.1", "fe"},
      {"6.16.2", "ff"},
      {"6.16.3", "fefeffff"},
      {"6.17.1", "c0af"},
      {"6.17.2", "e080af"},
      {"6.17.3", "f08080af"},
      {"6.17.4", "f8808080af"},
      {"6.17.5", "fc80808080af"},
      {"6.18.1", "c1bf"},
      {"6.18.2", "e09fbf"},
      {"6.18.3", "f08fbfbf"},
      {"6.18.4", "f887bfbfbf"},
      {"6.18.5", "fc83bfbfbfbf"},
      {"6.19.1", "c080"},
      {"6.19.2", "e08080"},
      {"6.19.3", "f0808080"},
      {"6.19.4", "f880808080"},
      {"6.19.5", "fc8080808080"},
      {"6.20.1", "eda080"},
      {"6.20.2", "edadbf"},
      {"6.20.3", "edae80"},
      {"6.20.4", "edafbf"},
      {"6.20.5", "edb080"},
      {"6.20.6", "edbe80"},
      {"6.20.7", "edbfbf"},
      {"6.21.1", "eda080edb080"},
      {"6.21.2", "eda080edbfbf"},
      {"6.21.3", "edadbfedb080"},
      {"6.21.4", "edadbfedbfbf"},
      {"6.21.5", "edae80edb080"},
      {"6.21.6", "edae80edbfbf"},
      {"6.21.7", "edafbfedb080"},
      {"6.21.8", "edafbfedbfbf"},
  };
  for (const auto& each : cases) hold_text(each, from_hex(each.hex), false);
}

TEST(websocket_cases, s6_12_8_and_13_bytes_that_begin_or_continue_nothing) {
  for (int byte = 0x80; byte <= 0xbf; ++byte)
    hold_text({"6.12.8", ""}, std::string(1, static_cast<char>(byte)), false);
  for (int byte = 0xc0; byte <= 0xfd; ++byte)
    hold_text({"6.13", ""}, std::string(1, static_cast<char>(byte)) + " ", false);
}

TEST(websocket_cases, s7_closes) {
  const std::string longest(123, '*');
  std::vector<wire_case> cases{
      {"7.1.1", frame(1, "Hello") + frame(8, close_payload(1000)), {"text:Hello", "close:1000:"}},
      {"7.1.5", frame(1, "fragment1", more) + frame(8, close_payload(1000)), {"close:1000:"}},
      {"7.3.1", frame(8, ""), {"close:1005:"}},
      {"7.3.2", frame(8, "a"), {protocol_error}},
      {"7.3.3", frame(8, close_payload(1000)), {"close:1000:"}},
      {"7.3.4", frame(8, close_payload(1000, "Hello World!")), {"close:1000:Hello World!"}},
      {"7.3.5", frame(8, close_payload(1000, longest)), {"close:1000:" + longest}},
      {"7.3.6", frame(8, close_payload(1000, longest + "*")), {protocol_error}},
      {"7.5.1",
       frame(8, close_payload(1000, from_hex("cebae1bdb9cf83cebcceb5eda080656469746564"))),
       {not_utf8}},
  };
  for (const int code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999})
    cases.push_back({"7.7, " + std::to_string(code),
                     frame(8, close_payload(code)),
                     {"close:" + std::to_string(code) + ":"}});
  for (const int code : {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65'535})
    cases.push_back(
        {"7.9 and 7.13, " + std::to_string(code), frame(8, close_payload(code)), {protocol_error}});
  hold(cases);
}

TEST(websocket_cases, s9_long_messages_in_fragments_and_pieces_of_any_length) {
  const std::string text(64 * 1'024, '*');
  for (const int opcode : {1, 2}) {
    const list wanted{(opcode == 1 ? "text:" : "binary:") + text};
    EXPECT_EQ(told(frame(opcode, text)), wanted) << "9.1.1, 9.2.1";
    for (const std::size_t piece : {64, 256, 1'024, 4'096, 65'536})
      EXPECT_EQ(told(fragments(text, piece, opcode)), wanted) << "9.3, 9.4, " << piece;
    for (const std::size_t piece : {64, 128, 256, 512, 1'024, 2'048})
      EXPECT_EQ(told(frame(opcode, text), piece), wanted) << "9.5, 9.6, " << piece;
  }
  std::string many;
  for (int n = 0; n < 1'000; ++n) many += frame(1, "*");
  EXPECT_EQ(told(many), list(1'000, "text:*")) << "9.7";
}

}  // namespace
}  // namespace son1k::realtime::frames
