// MessagePack and the parts of messages that Socket.IO's servers exchange.
#include "realtime/cluster/wire.hpp"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "realtime/cluster/session_text.hpp"

namespace son1k::realtime {
namespace {

using testing::ElementsAre;

std::string bytes_of(std::string_view hex) {
  std::string out;
  for (std::size_t n = 0; n + 1 < hex.size(); n += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(n, 2)), nullptr, 16)));
  return out;
}

// What @msgpack/msgpack and notepack.io write of
// {t: 'ñ', n: [0, 127, 128, -1, -32, -33, 65536, -40000, 2 ** 40, 1.5, null, true, false],
//  b: <01 ff>}
constexpr auto written_by_node =
    "83a174a2c3b1a16e9d007fcc80ffe0d0dfce00010000d2ffff63c0cf0000010000000000cb3ff8000000000000c0c3"
    "c2a162c40201ff";

TEST(messagepack, what_node_writes_is_read) {
  const auto read = read_messagepack(bytes_of(written_by_node));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->value, boost::json::parse(R"({"t":"ñ",
      "n":[0,127,128,-1,-32,-33,65536,-40000,1099511627776,1.5,null,true,false],
      "b":{"_placeholder":true,"num":0}})"));
  EXPECT_THAT(read->attachments, ElementsAre("\x01\xff"));
}

TEST(messagepack, what_is_written_is_read_as_the_same) {
  boost::json::array wide;
  boost::json::object large;
  for (int n = 0; n < 70'000; ++n) wide.emplace_back(n * 1'000'003LL);
  for (int n = 0; n < 20; ++n) large["name" + std::to_string(n)] = std::string(n * 20, 'x');
  for (const boost::json::value& value :
       {boost::json::value(wide), boost::json::value(large), boost::json::value(-2.5e300),
        boost::json::value(std::string(70'000, 'y')), boost::json::value(UINT64_MAX)}) {
    std::string out;
    append_messagepack(out, value);
    const auto read = read_messagepack(out);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->value, value);
  }
}

TEST(messagepack, times_are_texts_and_what_has_no_json_is_null) {
  EXPECT_EQ(read_messagepack(bytes_of("d7ff1d535300499602d2"))->value, "2009-02-13T23:31:30.123Z");
  EXPECT_EQ(read_messagepack(bytes_of("d40000"))->value, nullptr);              // undefined
  EXPECT_EQ(read_messagepack(bytes_of("cb7ff8000000000000"))->value, nullptr);  // NaN
  EXPECT_EQ(read_messagepack(bytes_of("a2c328"))->value, "?(");
}

TEST(messagepack, what_is_beyond_its_bounds_is_none) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '\x91') + "\x01"; };
  EXPECT_TRUE(read_messagepack(nested(packed_depth_max)));
  EXPECT_FALSE(read_messagepack(nested(packed_depth_max + 1)));
  std::string many;
  append_messagepack_array(many, packed_attachments_max + 1);
  for (std::size_t n = 0; n <= packed_attachments_max; ++n) many += bytes_of("c400");
  EXPECT_FALSE(read_messagepack(many));
  std::string values;
  append_messagepack_array(values, packed_values_max);
  EXPECT_FALSE(read_messagepack(values + std::string(packed_values_max, '\x01')));
  for (const auto* broken :
       {"", "c1", "92", "9201", "0101", "db00ffffff61", "ddffffffff", "81c0c0"})
    EXPECT_FALSE(read_messagepack(bytes_of(broken))) << broken;
}

TEST(wire, a_message_is_the_same_in_either_form) {
  const io_payload event{R"(["e",{"_placeholder":true,"num":0},[1]])", {"\xff"}};
  const io_payload text{R"(["e",[1,"\"ñ"]])", {}};
  for (const bool packed : {false, true}) {
    wire_writer out(packed);
    out.object(4).key("packet").payload(packed ? event : text);
    out.key("opts").options({{"a \"b\"", "c"}, {}}, {true, false});
    out.key("n").number(-7).key("empty").array(0);
    const auto bytes = out.take();
    ASSERT_TRUE(bytes);
    auto read = read_wire(*bytes);
    ASSERT_TRUE(read) << *bytes;
    const auto& opts = member(read->value, "opts");
    EXPECT_THAT(selection_of(opts)->rooms, ElementsAre("a \"b\"", "c"));
    EXPECT_TRUE(flags_of(opts).is_volatile);
    EXPECT_FALSE(flags_of(opts).compress);
    EXPECT_EQ(number_member(read->value, "n"), -7);
    EXPECT_EQ(member(read->value, "empty"), boost::json::array());
    const auto payload = take_payload(member(read->value, "packet"), read->attachments);
    EXPECT_EQ(boost::json::parse(payload.json),
              boost::json::parse(packed ? event.json : text.json));
    EXPECT_EQ(payload.attachments, packed ? event.attachments : text.attachments);
  }
}

TEST(wire, a_payload_takes_only_the_bytes_that_it_names) {
  const auto place = [](std::size_t number) { return make_placeholder(number); };
  const boost::json::array value{place(2), place(9), place(0)};
  std::vector<std::string> attachments{"zero", "one", "two"};
  const auto payload = take_payload(value, attachments);
  EXPECT_THAT(payload.attachments, ElementsAre("two", "zero"));
  EXPECT_EQ(boost::json::parse(payload.json), boost::json::array({place(0), place(9), place(1)}));
}

TEST(wire, rooms_may_be_numbers_and_nothing_else) {
  EXPECT_THAT(*texts_of(boost::json::parse(R"(["a",7])")), ElementsAre("a", "7"));
  EXPECT_FALSE(texts_of(boost::json::parse(R"(["a",{}])")));
  EXPECT_FALSE(texts_of(nullptr));
  EXPECT_FALSE(selection_of(boost::json::parse(R"({"rooms":"a","except":[]})")));
}

TEST(wire, a_session_is_what_node_writes) {
  const kept_session session{"sid", "pid", {"sid", "room"}, {{"user", 1}}};
  const auto read = read_session(write_session(session));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->data, session.data);
  // encode({sid: 's', pid: 'p', rooms: ['s', 'room'], data: {user: 1}}) in Node
  EXPECT_EQ(write_session({"s", "p", {"s", "room"}, {{"user", 1}}}),
            "hKNzaWShc6NwaWShcKVyb29tc5Khc6Ryb29tpGRhdGGBpHVzZXIB");
  for (const auto* broken : {"", "%", "gA==", "kA=="}) EXPECT_FALSE(read_session(broken));
}

}  // namespace
}  // namespace son1k::realtime
