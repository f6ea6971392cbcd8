#include <gtest/gtest.h>

#include <string>

#include "base/uuid.hpp"
#include "queue/embedded/id_text.hpp"

namespace son1k::queue::embedded {
namespace {

std::string text_of(const id_text& id) {
  return std::string(id.view());
}

TEST(embedded_id, keeps_every_text_as_it_came) {
  const std::string uuid = uuid_v7();
  auto upper = uuid;
  for (auto& c : upper) c = static_cast<char>(std::toupper(c));
  const std::string texts[] = {"",
                               "a",
                               "sixteen bytes 16",
                               "seventeen bytes17",
                               std::string(128, 'x'),
                               uuid,
                               upper,
                               uuid.substr(0, 35),
                               uuid.substr(0, 35) + "g",
                               "00000000-0000-0000-0000-000000000000",
                               "ffffffff-ffff-ffff-ffff-ffffffffffff",
                               "ffffffffff-ff-ffff-ffff-ffffffffffff"};
  for (const auto& text : texts) {
    const id_text id(text);
    EXPECT_EQ(text_of(id), text);
    id_text copy = id;
    EXPECT_EQ(text_of(copy), text);
    const id_text moved = std::move(copy);
    EXPECT_EQ(text_of(moved), text);
    copy = moved;
    copy = id_text(uuid);
    EXPECT_EQ(text_of(copy), uuid);
  }
}

}  // namespace
}  // namespace son1k::queue::embedded
