// The description of the API in the program, held against the program's own route table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/bind.hpp"
#include "api/openapi.hpp"
#include "app/system.hpp"
#include "support/temp_folder.hpp"

namespace son1k::app {
namespace {

// What is named here needs an entry in src/api/openapi/<resource>.json, or has one too many:
// CONTRIBUTING.md, "A route", says how it is written.
TEST(api_description, every_row_of_the_route_table_is_described_and_nothing_else_is) {
  const test::temp_folder folder;
  const auto config = settings::load({{"data_dir", folder.path().string()}, {"workers", "0"}}, {});
  ASSERT_TRUE(config) << config.error().what();
  auto system = running_system::open(*config);
  ASSERT_TRUE(system) << system.error().what();
  api::resources resources((*system)->services(), (*system)->accounts().identities());
  net::router routes;
  resources.bind(routes);
  const auto written = api::written_descriptions();
  const auto got = api::describe(resources.endpoints(), written, "test");
  EXPECT_THAT(got.missing, ::testing::IsEmpty()) << "rows without a description";
  EXPECT_THAT(got.left_over, ::testing::IsEmpty()) << "descriptions without a row";
  EXPECT_THAT(got.wrong, ::testing::IsEmpty());
  EXPECT_GT(resources.endpoints().rows().size(), 80U);
  resources.close();
}

}  // namespace
}  // namespace son1k::app
