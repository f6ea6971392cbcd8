// Packets of Engine.IO v4 and Socket.IO v5, as their specifications and stock clients write them.
#include <gmock/gmock.h>

#include <boost/json/serialize.hpp>

#include "base/base64.hpp"
#include "realtime/engine/packet.hpp"
#include "realtime/socketio/packet.hpp"

namespace son1k::realtime {
namespace {

TEST(engine_packet, is_a_digit_and_its_data) {
  EXPECT_EQ(read_packet("4hola ñ"), (engine_packet{engine_type::message, false, "hola ñ"}));
  EXPECT_EQ(read_packet("2probe"), (engine_packet{engine_type::ping, false, "probe"}));
  EXPECT_EQ(read_packet("6"), (engine_packet{engine_type::noop, false, ""}));
  for (const auto* wrong : {"", "7", "x", "b", " 4"}) EXPECT_FALSE(read_packet(wrong)) << wrong;
  EXPECT_EQ(write_packet(engine_type::pong, "probe"), "3probe");
}

TEST(engine_payload, separates_packets_and_carries_bytes_as_base64) {
  std::string payload;
  const std::vector<engine_packet> packets{{engine_type::message, false, "a"},
                                           {engine_type::message, true, "\x01\x02\x03\x04"},
                                           {engine_type::close, false, ""}};
  for (const auto& one : packets) append_to_payload(payload, one);
  EXPECT_EQ(payload,
            "4a\x1e"
            "bAQIDBA==\x1e"
            "1");
  EXPECT_EQ(read_payload(payload, 3), packets);
  EXPECT_FALSE(read_payload(payload, 2));
  for (const auto* wrong : {"", "\x1e", "4a\x1e",
                            "\x1e"
                            "4a",
                            "4a\x1e\x1e"
                            "4b",
                            "b!",
                            "4a\x1e"
                            "9"})
    EXPECT_FALSE(read_payload(wrong, 10)) << wrong;
}

TEST(base64, is_written_and_read_back) {
  const std::vector<std::pair<std::string, std::string>> rows{{"", ""},
                                                              {"f", "Zg=="},
                                                              {"fo", "Zm8="},
                                                              {"foo", "Zm9v"},
                                                              {"foob", "Zm9vYg=="},
                                                              {"fooba", "Zm9vYmE="},
                                                              {"foobar", "Zm9vYmFy"},
                                                              {"\xff\xef", "/+8="}};
  for (const auto& [bytes, text] : rows) {
    std::string out;
    append_base64(out, bytes);
    EXPECT_EQ(out, text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  EXPECT_EQ(from_base64("Zg"), "f");
  for (const auto* wrong : {"Z", "Zg=", "Zh==", "Z===", "Zg==Zg==", "Z g=", "Zm9v=", "-_-_"})
    EXPECT_FALSE(from_base64(wrong)) << wrong;
}

std::string again(std::string_view text) {
  const char* why = "";
  const auto read = read_sio_packet(text, why);
  if (!read) return std::string("refused: ") + why;
  const auto json = read->data.is_null() ? "" : boost::json::serialize(read->data);
  return write_sio_packet(read->type, read->space, read->ack_id, json, read->attachments);
}

TEST(sio_packet, is_read_and_written_back) {
  for (const auto* text :
       {"0", R"(0{"token":"123"})", "0/admin,", R"(0/admin,{"a":1})", "1", "1/admin,",
        R"(2["foo"])", R"(2["foo",{"a":[1,null,"ñ"]}])", R"(2/admin,["foo"])", R"(212["foo"])",
        R"(2/admin,456["project:delete",123])", R"(3/admin,456[])", R"(313["ok"])", R"(2[1,"a"])",
        R"(51-["hello",{"_placeholder":true,"num":0}])",
        R"(51-/admin,456["project:delete",{"_placeholder":true,"num":0}])",
        R"(61-/admin,456[{"_placeholder":true,"num":0}])"})
    EXPECT_EQ(again(text), text);
  const char* why = "";
  EXPECT_EQ(read_sio_packet("0/admin", why)->space, "/admin");
  EXPECT_EQ(read_sio_packet("0/admin?token=1,", why)->space, "/admin");
}

TEST(sio_packet, is_refused_where_the_connection_must_close) {
  for (const auto* text : {"",
                           "7",
                           "x",
                           "abc",
                           "2",
                           "2{}",
                           "2[]",
                           "2[{}]",
                           "2[null]",
                           "2[\"a\"",
                           "2[\"a\"]]",
                           R"(2["connect"])",
                           R"(2["connect_error"])",
                           R"(2["disconnect"])",
                           R"(2["disconnecting"])",
                           R"(2["newListener"])",
                           R"(2["removeListener"])",
                           "0[]",
                           "0\"a\"",
                           "1{}",
                           "3[]",
                           "31{}",
                           "31",
                           "4",
                           R"(4{"message":"x"})",
                           "5[\"a\"]",
                           R"(5-["a"])",
                           R"(511-["a"])",
                           R"(299999999999999999999["a"])"})
    EXPECT_THAT(again(text), testing::StartsWith("refused")) << text;
  EXPECT_THAT(again("0/" + std::string(300, 'n') + ","), testing::StartsWith("refused"));
}

}  // namespace
}  // namespace son1k::realtime
