// Arguments of a script as one text.
#include <gtest/gtest.h>

#include "queue/redis/words.hpp"

namespace son1k::queue::redis {
namespace {

std::vector<std::string> there_and_back(const words& some) {
  const auto out = words::unpack(some.packed());
  return out ? out->all() : std::vector<std::string>{"unreadable"};
}

TEST(redis_words, come_back_as_they_were_from_a_text_that_every_database_keeps) {
  words plain;
  plain.add("ñandú").add("").add(17).add("x:");
  EXPECT_EQ(there_and_back(plain), plain.all());
  EXPECT_EQ(plain.packed(), "7:ñandú0:2:172:x:");
  words odd;
  odd.add(std::string_view("a\0b", 3)).add("\xff\xfe").add("c");
  EXPECT_EQ(there_and_back(odd), odd.all());
  for (const char c : odd.packed()) EXPECT_TRUE(c > ' ' && c <= '~');
}

TEST(redis_words, of_a_damaged_text_are_none) {
  for (const char* text : {"3:ab", "a", "1a", "x3", "x3g", "x3:6"}) {
    EXPECT_FALSE(words::unpack(text)) << text;
  }
}

}  // namespace
}  // namespace son1k::queue::redis
