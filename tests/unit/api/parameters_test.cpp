#include "api/parameters.hpp"

#include <gtest/gtest.h>

namespace son1k::api {
namespace {

errc refused(std::string_view query) {
  net::http_request request;
  request.raw_query = query;
  parameters in(request);
  in.text("q");
  in.integer("limit", 1, 100);
  const auto done = in.finish();
  return done ? errc::internal : done.error().code;
}

TEST(parameters, what_nobody_reads_what_stands_twice_and_what_is_no_text_is_refused) {
  EXPECT_EQ(refused(""), errc::internal) << "nothing is wrong with it";
  EXPECT_EQ(refused("q=a%20b&&limit=7&"), errc::internal) << "nothing is wrong with it";
  EXPECT_EQ(refused("limit=101"), errc::validation);
  EXPECT_EQ(refused("other=1"), errc::validation);
  EXPECT_EQ(refused("q=1&q=2"), errc::validation);
  for (const auto* query : {"q=%ff", "q=%zz", "q=%00", "%=1", "q=1&limit=%"})
    EXPECT_EQ(refused(query), errc::malformed) << query;
}

}  // namespace
}  // namespace son1k::api
