// The issuer of these tests answers when the test says so, on the thread of the test.
#include "accounts/jwt/key_source.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "accounts/jwt/external_tokens.hpp"
#include "support/manual_clock.hpp"
#include "unit/accounts/jwt/made_keys.hpp"

namespace son1k::accounts::key_source_tests {

namespace asio = boost::asio;
using test::made_key;

constexpr std::int64_t minute_ms = 60'000;
// Long enough that only answers end a wait.
constexpr std::int64_t forever_ms = 3'600'000;

class issuer {
 public:
  key_fetch fetch() {
    return [this](std::function<void(result<std::string>)> done) { asked_.push_back(done); };
  }
  std::size_t waiting() const { return asked_.size(); }
  void answer(result<std::string> with) {
    ASSERT_FALSE(asked_.empty());
    auto done = asked_.front();
    asked_.erase(asked_.begin());
    done(std::move(with));
  }
  void answer(const std::vector<made_key>& keys) { answer(test::key_set_text(keys)); }
  void fail() { answer(error(errc::unavailable, "url", {"gone"})); }

 private:
  std::vector<std::function<void(result<std::string>)>> asked_;
};

class key_source_test : public testing::Test {
 protected:
  static key_times times() {
    key_times out;
    out.wait_ms = forever_ms;
    return out;
  }
  struct outcome {
    bool ended = false;
    result<key_source::keys> got = error();
    bool has(const std::string& id) const {
      if (!ended || !got) return false;
      for (const auto& key : **got)
        if (key.id() == id) return true;
      return false;
    }
    bool away() const { return ended && !got && got.error().code == errc::unavailable; }
  };
  std::shared_ptr<outcome> ask(const std::string& id) {
    auto out = std::make_shared<outcome>();
    auto task = wait_for(*source_, id, out);
    asio::co_spawn(loop_, std::move(task),
                   [](std::exception_ptr escaped) { EXPECT_FALSE(escaped); });
    step();
    return out;
  }
  void step() {
    loop_.restart();
    loop_.poll();
  }
  void answer(const std::vector<made_key>& keys) {
    issuer_.answer(keys);
    step();
  }
  void fail() {
    issuer_.fail();
    step();
  }
  std::uint64_t fetches() const { return source_->fetches(); }
  void start_over(key_times with) {
    source_ = std::make_unique<key_source>(clock_, issuer_.fetch(), with);
  }

  asio::io_context loop_;
  test::manual_clock clock_;
  issuer issuer_;
  made_key a_ = made_key::point("a");
  made_key b_ = made_key::point("b");
  std::unique_ptr<key_source> source_ =
      std::make_unique<key_source>(clock_, issuer_.fetch(), times());

 private:
  static asio::awaitable<void> wait_for(key_source& from, std::string id,
                                        std::shared_ptr<outcome> out) {
    auto got = co_await from.having(std::move(id));
    out->got = std::move(got);
    out->ended = true;
  }
};

TEST_F(key_source_test, the_first_who_asks_fetches_and_all_wait_for_that) {
  const auto first = ask("a");
  const auto second = ask("a");
  const auto third = ask("unknown");
  EXPECT_EQ(issuer_.waiting(), 1u);
  EXPECT_FALSE(first->ended);
  answer({a_});
  EXPECT_TRUE(first->has("a"));
  EXPECT_TRUE(second->has("a"));
  EXPECT_TRUE(third->ended && third->got && !third->has("unknown"));
  EXPECT_EQ(fetches(), 1u);
}

TEST_F(key_source_test, a_known_key_is_given_for_ten_minutes_and_renewed_before_that) {
  ask("a");
  answer({a_});
  clock_.advance(8 * minute_ms - 1);
  EXPECT_TRUE(ask("a")->has("a"));
  EXPECT_EQ(issuer_.waiting(), 0u);
  clock_.advance(1);
  EXPECT_TRUE(ask("a")->has("a")) << "nobody waits for the renewal";
  EXPECT_EQ(issuer_.waiting(), 1u);
  EXPECT_TRUE(ask("a")->has("a"));
  EXPECT_EQ(issuer_.waiting(), 1u) << "one at a time";
  answer({a_, b_});
  EXPECT_TRUE(ask("b")->has("b"));
  EXPECT_EQ(fetches(), 2u);
}

TEST_F(key_source_test, a_key_that_the_issuer_took_back_is_gone_with_the_next_set) {
  ask("a");
  answer({a_, b_});
  clock_.advance(10 * minute_ms);
  const auto asked = ask("a");
  EXPECT_FALSE(asked->ended) << "after ten minutes a set is asked for before it is used";
  answer({b_});
  EXPECT_TRUE(asked->ended && asked->got);
  EXPECT_FALSE(asked->has("a"));
}

TEST_F(key_source_test, an_unknown_key_is_asked_for_once_in_half_a_minute) {
  ask("a");
  answer({a_});
  for (int i = 0; i < 1'000; ++i) {
    const auto got = ask("flood " + std::to_string(i));
    EXPECT_TRUE(got->ended && got->got);
  }
  EXPECT_EQ(fetches(), 1u);
  clock_.advance(30'000);
  for (int i = 0; i < 1'000; ++i) ask("flood " + std::to_string(i));
  EXPECT_EQ(fetches(), 2u);
  const auto fresh = ask("b");
  EXPECT_TRUE(ask("a")->has("a")) << "a known key does not wait";
  answer({a_, b_});
  EXPECT_TRUE(fresh->has("b"));
}

TEST_F(key_source_test, a_question_that_is_not_answered_yet_is_not_asked_again) {
  const auto first = ask("a");
  clock_.advance(10 * minute_ms);
  const auto second = ask("a");
  EXPECT_EQ(fetches(), 1u);
  answer({a_});
  EXPECT_TRUE(first->has("a"));
  EXPECT_TRUE(second->has("a"));
}

TEST_F(key_source_test, no_more_than_a_bound_of_callers_wait) {
  for (std::size_t i = 0; i < key_waiters_max; ++i) ask("a");
  EXPECT_TRUE(ask("a")->away());
  answer({a_});
  EXPECT_TRUE(ask("a")->has("a"));
}

TEST_F(key_source_test, a_day_long_old_keys_serve_while_the_issuer_is_away) {
  ask("a");
  answer({a_});
  clock_.advance(11 * minute_ms);
  const auto first = ask("a");
  EXPECT_FALSE(first->ended);
  fail();
  EXPECT_TRUE(first->has("a"));
  EXPECT_TRUE(ask("b")->away()) << "nobody knows about this key now";
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(ask("a")->has("a"));
  EXPECT_EQ(fetches(), 2u);
  clock_.advance(30'000);
  EXPECT_TRUE(ask("a")->has("a")) << "asked again, and nobody waits for it";
  EXPECT_EQ(fetches(), 3u);
  fail();
  clock_.advance(24 * 60 * minute_ms - 11 * minute_ms - 30'001);
  EXPECT_TRUE(ask("a")->has("a"));
  fail();
  clock_.advance(1);
  EXPECT_TRUE(ask("a")->away());
  clock_.advance(30'000);
  const auto back = ask("a");
  answer({a_});
  EXPECT_TRUE(back->has("a"));
}

TEST_F(key_source_test, an_answer_that_is_no_key_set_is_no_answer) {
  ask("a");
  answer({a_});
  clock_.advance(11 * minute_ms);
  const auto asked = ask("a");
  issuer_.answer(std::string("<html>Bad gateway</html>"));
  step();
  EXPECT_TRUE(asked->has("a"));
}

TEST_F(key_source_test, without_keys_an_issuer_that_is_away_is_told_and_asked_again_later) {
  const auto first = ask("a");
  fail();
  EXPECT_TRUE(first->away());
  EXPECT_TRUE(ask("a")->away());
  EXPECT_EQ(fetches(), 1u);
  clock_.advance(30'000);
  const auto later = ask("a");
  answer({a_});
  EXPECT_TRUE(later->has("a"));
}

TEST_F(key_source_test, a_caller_waits_no_longer_than_its_time) {
  key_times short_wait;
  short_wait.wait_ms = 1;
  start_over(short_wait);
  const auto asked = ask("a");
  loop_.restart();
  loop_.run();  // until its time is over: nothing else ends this
  EXPECT_TRUE(asked->away());
  answer({a_});
  EXPECT_TRUE(ask("a")->has("a"));
}

TEST_F(key_source_test, who_waits_when_the_source_goes_is_refused) {
  const auto asked = ask("a");
  source_.reset();
  step();
  EXPECT_TRUE(asked->away());
  issuer_.answer({a_});
}

TEST(external_tokens, of_a_project_are_checked_by_its_keys_as_they_change) {
  asio::io_context loop;
  test::manual_clock clock;
  issuer there;
  const auto first = made_key::point("first");
  const auto second = made_key::modulus("second");
  const std::string secret = "the old shared secret of this project";
  auto from = supabase_issuer("http://localhost:54321/", secret);
  ASSERT_TRUE(from);
  EXPECT_EQ(from->issuer, "http://localhost:54321/auth/v1");
  EXPECT_EQ(from->keys_url, "http://localhost:54321/auth/v1/.well-known/jwks.json");
  auto made = make_external_tokens(clock, *from, there.fetch());
  ASSERT_TRUE(made);
  auto& tokens = **made;
  const auto now_s = clock.now_ms() / 1'000;
  const auto payload = R"({"iss":")" + from->issuer + R"(","aud":"authenticated","sub":"u-1",)" +
                       R"("role":"authenticated","session_id":"s-1","email":"","exp":)" +
                       std::to_string(now_s + 3'600) + "}";
  const auto verify = [&](std::string token, const std::vector<made_key>& published) {
    result<claims> out = error();
    auto task = tokens.verify(std::move(token));
    asio::co_spawn(loop, std::move(task),
                   [&](std::exception_ptr, result<claims> got) { out = std::move(got); });
    loop.restart();
    loop.poll();
    if (there.waiting() > 0) there.answer(published);
    loop.poll();
    return out;
  };
  const auto told = verify(first.token(payload), {first});
  ASSERT_TRUE(told);
  EXPECT_EQ(told->subject, "u-1");
  EXPECT_EQ(told->session, "s-1");
  EXPECT_FALSE(verify(second.token(payload), {first, second})) << "asked a moment ago";
  clock.advance(30'000);
  EXPECT_TRUE(verify(second.token(payload), {first, second}));
  const auto old_style = *token_key::hs256(secret);
  const auto part = test::encoded(R"({"alg":"HS256","typ":"JWT"})") + "." + test::encoded(payload);
  EXPECT_TRUE(verify(part + "." + test::encoded(old_style.sign(part)), {}));
  EXPECT_FALSE(verify(first.token(R"({"alg":"ES256"})", payload), {first})) << "no kid";
  // The keys of a project's own services: no subject, and no end worth the name.
  const auto service = R"({"iss":"supabase","ref":"p","role":"service_role","iat":1,"exp":)" +
                       std::to_string(now_s + 3'600) + "}";
  const auto service_part = test::encoded(R"({"alg":"HS256"})") + "." + test::encoded(service);
  EXPECT_FALSE(verify(service_part + "." + test::encoded(old_style.sign(service_part)), {}));
  clock.advance(3'700'000);
  EXPECT_EQ(verify(first.token(payload), {first, second}).error().code, errc::token_expired);
}

TEST(external_tokens, without_a_secret_no_token_is_signed_by_one) {
  test::manual_clock clock;
  issuer there;
  asio::io_context loop;
  const auto theirs = made_key::point("k");
  auto made =
      make_external_tokens(clock, *supabase_issuer("https://p.supabase.co", ""), there.fetch());
  ASSERT_TRUE(made);
  const auto key = *token_key::hs256(theirs.jwk());
  for (const std::string header : {R"({"alg":"HS256","kid":"k"})", R"({"alg":"none","kid":"k"})"}) {
    const auto part = test::encoded(header) + "." + test::encoded("{}");
    result<claims> out = error();
    auto task = (*made)->verify(part + "." + test::encoded(key.sign(part)));
    asio::co_spawn(loop, std::move(task),
                   [&](std::exception_ptr, result<claims> got) { out = std::move(got); });
    loop.restart();
    loop.poll();
    EXPECT_EQ(out.error().code, errc::unauthenticated);
    EXPECT_EQ(there.waiting(), 0u) << "the issuer is not asked for such a token";
  }
}

TEST(external_tokens, settings_that_cannot_work_are_named) {
  for (const auto* url : {"", "p.supabase.co", "http://p.supabase.co", "ftp://localhost",
                          "https://user:pass@p.supabase.co"}) {
    const auto made = supabase_issuer(url, "");
    ASSERT_FALSE(made) << url;
    EXPECT_EQ(made.error().field, "supabase_url");
  }
  const auto weak = supabase_issuer("https://p.supabase.co", "short");
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().field, "supabase_jwt_secret");
}

}  // namespace son1k::accounts::key_source_tests
