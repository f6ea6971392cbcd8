// What of an error text counts when failures are grouped.
#include "queue/history/fingerprint.hpp"

#include <gtest/gtest.h>

namespace son1k::queue {
namespace {

struct message_case {
  const char* message;
  const char* form;
};

TEST(fingerprint, particulars_are_replaced) {
  constexpr message_case rows[] = {
      {"timed out after 30 s", "timed out after <n> s"},
      {"timed out after 30s", "timed out after <n>s"},
      {"took 12.5ms, limit 1,000", "took <n>ms, limit <n>"},
      {"offset -42 is wrong", "offset <n> is wrong"},
      {"error E1001: bad", "error E<n>: bad"},
      {"file \"a b.mp3\" is missing", "file <text> is missing"},
      {"can't open 'x y'", "can't open <text>"},
      {"key `abc` refused", "key <text> refused"},
      {"cannot open /var/lib/x/1.db: no space", "cannot open <path>: no space"},
      {"see C:\\temp\\x.log", "see <path>"},
      {"GET https://api.example.com/v1/a?b=3 failed", "GET <address> failed"},
      {"connect to 10.0.0.12:5432 refused", "connect to <address> refused"},
      {"connect to db.internal:5432 refused", "connect to <address> refused"},
      {"connect to [::1]:80 refused", "connect to <address> refused"},
      {"mail to ana@example.com bounced", "mail to <address> bounced"},
      {"job 01890a5d-ac96-774b-bcce-b302099a8057 is gone", "job <id> is gone"},
      {"at 0x7ffee4c0, deadbeef01", "at <id>, <id>"},
      {"id=9f8e7d6c5b4a status=503", "id=<id> status=<n>"},
      {"request req_8fJk29aLmQ02xz failed", "request <id> failed"},
      {"  two\n\tlines  ", "two lines"},
      {"facade decade", "facade decade"},
      {"", ""},
  };
  for (const auto& r : rows) EXPECT_EQ(general_form(r.message), r.form) << r.message;
}

TEST(fingerprint, the_place_and_the_code_count_too) {
  const auto base = fingerprint_of("q", "k", "timeout", "after 30 s");
  EXPECT_EQ(base.size(), 16U);
  EXPECT_EQ(base, fingerprint_of("q", "k", "timeout", "after 31 s"));
  EXPECT_NE(base, fingerprint_of("p", "k", "timeout", "after 30 s"));
  EXPECT_NE(base, fingerprint_of("q", "l", "timeout", "after 30 s"));
  EXPECT_NE(base, fingerprint_of("q", "k", "refused", "after 30 s"));
  EXPECT_NE(base, fingerprint_of("q", "k", "timeout", "before 30 s"));
  EXPECT_NE(fingerprint_of("ab", "c", "", ""), fingerprint_of("a", "bc", "", ""));
}

TEST(fingerprint, a_long_text_is_bounded) {
  const std::string start(2'000, 'x');
  EXPECT_EQ(general_form(start + "a"), general_form(start + "b"));
}

}  // namespace
}  // namespace son1k::queue
