// The parts of the PostgreSQL backend that need no server: URLs, codes, places of parameters.
#include <gmock/gmock.h>

#include "store/postgres/postgres_error.hpp"
#include "store/postgres/postgres_params.hpp"
#include "store/postgres/postgres_place.hpp"

namespace son1k::store {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(postgres_url, names_the_server_and_never_the_password) {
  auto place = postgres_place::parse("postgresql://ana:hidden%2Fword@db.example:6000/son1k");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->name(), "db.example:6000/son1k");
  EXPECT_EQ(place->clean("who said hidden/word, twice hidden/word"),
            "who said [redacted], twice [redacted]");
  EXPECT_EQ(postgres_place::parse("host=/run/pg dbname=a")->name(), "/run/pg:5432/a");
  EXPECT_EQ(postgres_place::parse("postgres:///a")->name(), "localhost:5432/a");
}

TEST(postgres_url, what_is_none_is_refused_without_being_quoted) {
  for (const char* url :
       {"", "postgresql://ana:hidden@[half/base", "mysql://ana:hidden@db/base",
        "postgresql://ana:hidden/word@db/base", "postgresql://ana:hid@den@db/base",
        "postgresql://ana:hidden@db:60x0/base", "postgresql://ana:hidden%zz@db/base"}) {
    auto place = postgres_place::parse(url);
    ASSERT_FALSE(place) << url;
    EXPECT_EQ(place.error().code, errc::validation);
    EXPECT_EQ(place.error().field, "DATABASE_URL");
    EXPECT_THAT(place.error().what(), Not(HasSubstr("hid")));
    EXPECT_FALSE(place.error().message.es.empty());
  }
}

struct code_case {
  const char* state;
  errc code;
};

TEST(postgres_error, every_code_that_an_operator_can_mend_has_words_of_its_own) {
  const std::vector<code_case> rows{
      {"23505", errc::conflict},        {"23514", errc::conflict},
      {"28P01", errc::unauthenticated}, {"28000", errc::unauthenticated},
      {"3D000", errc::not_found},       {"25006", errc::forbidden},
      {"42501", errc::forbidden},       {"53100", errc::storage_full},
      {"53300", errc::unavailable},     {"57014", errc::timeout},
      {"40001", errc::unavailable},     {"40P01", errc::unavailable},
      {"57P01", errc::unavailable},     {"57P02", errc::unavailable},
      {"57P03", errc::unavailable},     {"08006", errc::unavailable},
      {"08P01", errc::internal},        {"42601", errc::internal},
      {"42P01", errc::internal},        {"XX001", errc::storage_corrupt},
      {"22021", errc::validation},      {"", errc::unavailable},
  };
  for (const code_case& row : rows) {
    const error e = postgres_failure(row.state, "detail", "host:5432/base");
    EXPECT_EQ(e.code, row.code) << row.state;
    EXPECT_EQ(e.field, row.code == errc::conflict ? "" : "host:5432/base");
    EXPECT_THAT(e.message.en, HasSubstr("(detail)"));
    EXPECT_THAT(e.message.es, HasSubstr("(detail)"));
    EXPECT_NE(e.message.en, e.message.es);
  }
}

TEST(postgres_error, the_code_stands_in_a_verbose_message_of_any_language) {
  EXPECT_EQ(sqlstate_of("connection to server at \"h\", port 1 failed: FATAL:  28P01: password "
                        "authentication failed\nLOCATION:  auth.c\n"),
            "28P01");
  EXPECT_EQ(sqlstate_of("… falló: FATAL:  3D000: no existe la base de datos «x»\n"), "3D000");
  EXPECT_EQ(sqlstate_of("connection to server failed: Connection refused\n\tIs it running?"), "");
  EXPECT_EQ(sqlstate_of(""), "");
}

TEST(postgres_error, a_server_that_goes_is_told_from_a_statement_that_fails) {
  for (const char* state : {"57P01", "57P02", "57P03", "08006", "25P03"})
    EXPECT_TRUE(ends_connection(state)) << state;
  for (const char* state : {"57014", "23505", "08P01", "40001", ""})
    EXPECT_FALSE(ends_connection(state)) << state;
  for (const char* state : {"40001", "40P01", "26000", "42P05"}) EXPECT_TRUE(worth_again(state));
  for (const char* state : {"23505", "57014", "53100"}) EXPECT_FALSE(worth_again(state));
}

TEST(postgres_params, places_are_counted_outside_quotes) {
  EXPECT_EQ(count_places("SELECT 1"), 0u);
  EXPECT_EQ(count_places("SELECT $2, $1 WHERE $2 <> ''"), 2u);
  EXPECT_EQ(count_places("SELECT '$9', \"$8\", 'it''s $7', $3"), 3u);
  EXPECT_EQ(count_places("SELECT $12"), 12u);
  EXPECT_EQ(count_places("SELECT '$1"), 0u);
}

TEST(postgres_params, a_text_with_a_zero_character_is_refused) {
  postgres_params params;
  const value texts[] = {std::string_view("a\0b", 3)};
  auto set = params.set(texts);
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, errc::validation);
}

}  // namespace
}  // namespace son1k::store
