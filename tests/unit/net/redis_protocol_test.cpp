// The Redis client's parts that need no server: URLs, commands, replies, refusals.
#include <gmock/gmock.h>

#include "net/redis/redis_command.hpp"
#include "net/redis/redis_errors.hpp"
#include "net/redis/redis_reply_reader.hpp"
#include "net/redis/redis_settings.hpp"

namespace son1k::net {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(redis_url, a_plain_one_has_the_usual_port_and_database) {
  const auto s = parse_redis_url("redis://cache.example");
  ASSERT_TRUE(s);
  EXPECT_EQ(s->hosts, (std::vector<redis_address>{{"cache.example", 6379}}));
  EXPECT_EQ(s->database, 0);
  EXPECT_FALSE(s->tls);
}

TEST(redis_url, user_password_database_and_an_ipv6_address_are_read) {
  const auto s =
      parse_redis_url("rediss://wor%40ker:p%2Fw%3A@[::1]:7000/12?tls_ca_file=/a%20b.pem");
  ASSERT_TRUE(s);
  EXPECT_EQ(s->login.user, "wor@ker");
  EXPECT_EQ(s->login.password, "p/w:");
  EXPECT_EQ(s->hosts, (std::vector<redis_address>{{"::1", 7000}}));
  EXPECT_EQ(s->database, 12);
  EXPECT_TRUE(s->tls && s->tls_verify);
  EXPECT_EQ(s->tls_ca_file, "/a b.pem");
  EXPECT_EQ(s->shown(), "rediss://[::1]:7000/12");
}

TEST(redis_url, sentinels_name_their_master_and_have_a_login_of_their_own) {
  const auto s = parse_redis_url(
      "redis+sentinel://:pw@a,b:1000/mymaster/2?sentinel_user=u&sentinel_password=x%26y");
  ASSERT_TRUE(s);
  EXPECT_EQ(s->layout, redis_layout::sentinel);
  EXPECT_EQ(s->hosts, (std::vector<redis_address>{{"a", 26379}, {"b", 1000}}));
  EXPECT_EQ(s->master_name, "mymaster");
  EXPECT_EQ(s->database, 2);
  EXPECT_EQ(s->login.password, "pw");
  EXPECT_EQ(s->sentinel_login.user, "u");
  EXPECT_EQ(s->sentinel_login.password, "x&y");
  EXPECT_EQ(s->shown(), "redis+sentinel://a:26379,b:1000/mymaster/2");
}

TEST(redis_url, a_faulty_one_is_refused_with_a_reason_and_without_its_password) {
  for (const char* url : {"",
                          "http://h",
                          "redis//:hunter2@h",
                          "redis://:hunter2@",
                          "redis://:hunter2@h:0",
                          "redis://:hunter2@h:70000",
                          "redis://:hunter2@h:6379x",
                          "redis://:hunter2@[::1",
                          "redis://:hunter2@[::1]6379",
                          "redis://:hunter2@h/x",
                          "redis://:hunter2@h/-1",
                          "redis://:hunter2@h/1024",
                          "redis://:hunter2@h?what=1",
                          "redis://:hunter2@h?tls_verify=0",
                          "rediss://:hunter2@h?tls_verify=2",
                          "redis://:hunter2%4@h",
                          "redis+sentinel://:hunter2@h",
                          "redis+cluster://:hunter2@h/1",
                          "redis://hunter2@h",
                          "redis://a,,b"}) {
    const auto s = parse_redis_url(url);
    ASSERT_FALSE(s) << url;
    EXPECT_EQ(s.error().code, errc::validation);
    EXPECT_EQ(s.error().field, "redis_url");
    EXPECT_FALSE(s.error().message.es.empty());
    EXPECT_THAT(s.error().what(), Not(HasSubstr("hunter2")));
  }
}

TEST(redis_command, words_are_written_with_their_lengths) {
  std::string out;
  redis_command("SET", std::string("k\r\n"), -12, std::string_view()).write_to(out);
  EXPECT_EQ(out, "*4\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$3\r\n-12\r\n$0\r\n\r\n");
}

TEST(redis_script, is_known_by_the_digest_of_its_text) {
  const redis_script one("return 1");
  EXPECT_EQ(one.sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
  const std::vector<std::string> keys{"a"};
  const std::vector<std::string> args{"b", "c"};
  std::string out;
  one.run(keys, args).write_to(out);
  EXPECT_EQ(out, "*6\r\n$7\r\nEVALSHA\r\n$40\r\n" + one.sha1() +
                     "\r\n$1\r\n1\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n");
}

void check_sample(const redis_value& v) {
  ASSERT_EQ(v.size(), 6u);
  EXPECT_EQ(v[0].number(), -7);
  EXPECT_TRUE(v[2].is_nil());
  EXPECT_EQ(v[3].type(), redis_type::status);
  EXPECT_TRUE(v[4].is_error());
  EXPECT_EQ(v[4].bytes(), "ERR no");
  EXPECT_TRUE(v[5][0].is_nil());
  EXPECT_TRUE(v[5][1].is_array());
  EXPECT_TRUE(v[9].is_nil());
}

TEST(redis_reply_reader, reads_the_same_value_however_the_bytes_are_cut) {
  const std::string bytes = std::string(
      "*6\r\n:-7\r\n$5\r\na\0\r\nb\r\n$-1\r\n+OK\r\n-ERR no\r\n*2\r\n*-1\r\n*0\r\n", 52);
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    redis_reply_reader reader(1'000'000);
    std::optional<redis_value> got;
    for (std::size_t at = 0; at < bytes.size(); at += cut) {
      ASSERT_FALSE(got);
      reader.feed(std::string_view(bytes).substr(at, cut));
      auto next = reader.next();
      ASSERT_TRUE(next);
      got = std::move(*next);
    }
    ASSERT_TRUE(got) << cut;
    check_sample(*got);
    EXPECT_EQ((*got)[1].bytes(), std::string_view("a\0\r\nb", 5));
  }
}

TEST(redis_reply_reader, many_replies_of_one_chunk_come_one_by_one) {
  redis_reply_reader reader(1'000);
  std::string bytes;
  for (int i = 0; i < 5'000; ++i) bytes += ":" + std::to_string(i) + "\r\n";
  // The bound is one reply's, not the chunk's.
  for (std::size_t at = 0; at < bytes.size(); at += 900) {
    reader.feed(std::string_view(bytes).substr(at, 900));
    for (;;) {
      auto next = reader.next();
      ASSERT_TRUE(next);
      if (!*next) break;
    }
  }
}

TEST(redis_reply_reader, a_reply_beyond_the_bound_is_refused_before_its_memory_is_taken) {
  for (const auto& bytes :
       std::vector<std::string>{"*2000000000\r\n", "*100\r\n", "+" + std::string(2'000, 'x')}) {
    redis_reply_reader reader(1'000);
    reader.feed(bytes);
    const auto next = reader.next();
    ASSERT_FALSE(next) << bytes;
    EXPECT_EQ(next.error().code, errc::payload_too_large) << bytes;
  }
}

TEST(redis_reply_reader, what_is_not_the_protocol_is_malformed) {
  for (const char* bytes : {"HTTP/1.1 400 Bad Request\r\n", "?\r\n", ":x\r\n", "$-5\r\n"}) {
    redis_reply_reader reader(1'000'000);
    reader.feed(bytes);
    const auto next = reader.next();
    ASSERT_FALSE(next) << bytes;
    EXPECT_EQ(next.error().code, errc::malformed) << bytes;
  }
}

TEST(redis_errors, each_refusal_has_its_code_and_says_what_redis_said) {
  struct row {
    const char* said;
    errc code;
    refusal what;
  };
  for (const row& one : {row{"WRONGPASS bad", errc::unauthenticated, refusal::final},
                         row{"NOAUTH please", errc::unauthenticated, refusal::login},
                         row{"NOPERM no", errc::forbidden, refusal::final},
                         row{"OOM full", errc::storage_full, refusal::final},
                         row{"MISCONF disk", errc::storage_full, refusal::final},
                         row{"LOADING wait", errc::unavailable, refusal::wait},
                         row{"READONLY no", errc::unavailable, refusal::reconnect},
                         row{"MOVED 1 h:1", errc::unavailable, refusal::moved},
                         row{"NOSCRIPT no", errc::unavailable, refusal::no_script},
                         row{"BUSYGROUP there", errc::internal, refusal::final},
                         row{"ERR odd", errc::internal, refusal::final}}) {
    const auto e = refused_error(one.said);
    EXPECT_EQ(e.code, one.code) << one.said;
    EXPECT_EQ(refusal_of(one.said), one.what) << one.said;
    EXPECT_THAT(e.message.en, HasSubstr(one.said));
    EXPECT_FALSE(e.message.es.empty());
    EXPECT_EQ(outcome_of(e), call_outcome::refused);
  }
}

TEST(redis_errors, an_unknown_command_is_reported_without_its_arguments) {
  const auto e = refused_error("ERR unknown command 'X', with args beginning with: 'hunter2' ");
  EXPECT_THAT(e.what(), Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace son1k::net
