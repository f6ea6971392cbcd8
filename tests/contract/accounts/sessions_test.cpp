#include <set>

#include "contract/accounts/accounts_contract.hpp"

namespace son1k::accounts::test {
namespace {

class sessions_contract : public accounts_contract {
 protected:
  std::vector<revocation> heard_by(process& who) {
    std::vector<revocation> out;
    auto listening = who.revocations.listen([&](const revocation& one) { out.push_back(one); });
    EXPECT_TRUE(who.revocations.look());
    return out;
  }
};

TEST_P(sessions_contract, each_use_gives_a_new_token_and_ends_the_one_before) {
  const auto ana = made("ana@example.org");
  auto opened = run(here->sessions.open(ana, {"Firefox", "192.0.2.1"}));
  ASSERT_TRUE(opened) << opened.error().what();
  std::set<std::string> tokens{opened->refresh_token};
  auto token = opened->refresh_token;
  for (int use = 0; use < 5; ++use) {
    clock.advance(900'000);
    auto next = run((use % 2 == 0 ? there : here)->sessions.rotate(token));
    ASSERT_TRUE(next) << next.error().what();
    EXPECT_EQ(next->who.id, ana.id);
    EXPECT_EQ(next->of.id, opened->of.id);
    token = next->refresh_token;
    EXPECT_TRUE(token.starts_with("rt_"));
    EXPECT_TRUE(tokens.insert(token).second);
  }
}

TEST_P(sessions_contract, any_used_token_ends_the_session_for_thief_and_owner) {
  const auto ana = made("ana@example.org");
  for (const int older : {0, 1, 2}) {
    auto opened = run(here->sessions.open(ana, {}));
    std::vector<std::string> tokens{opened->refresh_token};
    for (int use = 0; use < 3; ++use) {
      clock.advance(60'000);
      tokens.push_back(run(here->sessions.rotate(tokens.back()))->refresh_token);
    }
    clock.advance(repeat_ms);
    auto stolen = run(there->sessions.rotate(tokens[static_cast<std::size_t>(older)]));
    ASSERT_FALSE(stolen);
    EXPECT_EQ(stolen.error().code, errc::unauthenticated);
    EXPECT_FALSE(run(here->sessions.rotate(tokens.back())));
    EXPECT_TRUE(run(here->sessions.list(ana.id))->empty());
  }
}

TEST_P(sessions_contract, a_client_that_lost_the_reply_gets_the_same_token_again_for_a_moment) {
  const auto ana = made("ana@example.org");
  auto opened = run(here->sessions.open(ana, {}));
  auto first = run(here->sessions.rotate(opened->refresh_token));
  clock.advance(repeat_ms - 1);
  auto again = run(there->sessions.rotate(opened->refresh_token));
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->refresh_token, again->refresh_token);
  ASSERT_TRUE(run(here->sessions.rotate(first->refresh_token)));
  // By now it is the last but one, whenever it is shown.
  EXPECT_FALSE(run(here->sessions.rotate(opened->refresh_token)));
  EXPECT_TRUE(run(here->sessions.list(ana.id))->empty());
}

TEST_P(sessions_contract, callers_at_the_same_time_get_one_next_token) {
  const auto ana = made("ana@example.org");
  auto opened = run(here->sessions.open(ana, {}));
  std::vector<std::future<result<open_session>>> answers;
  loop.restart();
  for (int n = 0; n < 8; ++n) {
    auto work = (n % 2 == 0 ? here : there)->sessions.rotate(opened->refresh_token);
    answers.push_back(boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future));
  }
  loop.run();
  std::set<std::string> tokens;
  for (auto& one : answers) {
    auto answer = one.get();
    ASSERT_TRUE(answer) << answer.error().what();
    tokens.insert(answer->refresh_token);
  }
  EXPECT_EQ(tokens.size(), 1u);
}

TEST_P(sessions_contract, what_is_no_token_or_has_expired_gets_one_answer) {
  const auto ana = made("ana@example.org");
  auto opened = run(here->sessions.open(ana, {}));
  const auto good = opened->refresh_token;
  auto other = good;
  other.back() = other.back() == 'A' ? 'B' : 'A';
  std::set<std::string> answers;
  for (const auto& token : {std::string(), std::string("rt_"), good.substr(3), good + "A",
                            "rt_" + std::string(64, 'A'), "rt_" + std::string(64, '*')}) {
    auto refused = run(here->sessions.rotate(token));
    ASSERT_FALSE(refused) << token;
    answers.insert(refused.error().what());
  }
  clock.advance(session_ms);
  auto late = run(here->sessions.rotate(good));
  ASSERT_FALSE(late);
  answers.insert(late.error().what());
  EXPECT_EQ(answers.size(), 1u);
}

TEST_P(sessions_contract, sessions_are_listed_and_ended_by_their_owner_only) {
  const auto ana = made("ana@example.org");
  const auto eve = made("eve@example.org");
  auto one = run(here->sessions.open(ana, {std::string("bad \xff\0 name", 11), "192.0.2.1"}));
  auto two = run(here->sessions.open(ana, {std::string(500, 'x'), "192.0.2.2"}));
  ASSERT_TRUE(one && two);
  auto listed = run(there->sessions.list(ana.id));
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ(listed->at(0).address, "192.0.2.2");
  EXPECT_EQ(listed->at(0).device.size(), 200u);
  EXPECT_EQ(run(here->sessions.end(eve.id, one->of.id)).error().code, errc::not_found);
  EXPECT_TRUE(run(here->sessions.end(ana.id, one->of.id)));
  EXPECT_EQ(run(here->sessions.end(ana.id, one->of.id)).error().code, errc::not_found);
  EXPECT_FALSE(run(here->sessions.rotate(one->refresh_token)));
  EXPECT_TRUE(run(here->sessions.end_all(ana.id, two->of.id)));
  EXPECT_TRUE(run(here->sessions.rotate(two->refresh_token)));
  EXPECT_TRUE(run(here->sessions.end_all(ana.id, "")));
  EXPECT_FALSE(run(here->sessions.rotate(two->refresh_token)));
}

TEST_P(sessions_contract, one_more_than_the_bound_ends_the_one_unused_for_longest) {
  const auto ana = made("ana@example.org");
  auto first = run(here->sessions.open(ana, {}));
  clock.advance(1'000);
  for (std::int64_t n = 1; n < sessions_of_account_max; ++n)
    ASSERT_TRUE(run(here->sessions.open(ana, {})));
  clock.advance(1'000);
  auto last = run(here->sessions.open(ana, {}));
  ASSERT_TRUE(last);
  EXPECT_EQ(run(here->sessions.list(ana.id))->size(),
            static_cast<std::size_t>(sessions_of_account_max));
  EXPECT_FALSE(run(here->sessions.rotate(first->refresh_token)));
  EXPECT_TRUE(run(here->sessions.rotate(last->refresh_token)));
}

TEST_P(sessions_contract, an_ended_session_is_told_once_in_each_process) {
  const auto ana = made("ana@example.org");
  auto one = run(here->sessions.open(ana, {}));
  int told = 0;
  auto listening = here->revocations.listen([&](const revocation&) { ++told; });
  ASSERT_TRUE(run(here->sessions.end(ana.id, one->of.id)));
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(here->revocations.look());
  EXPECT_EQ(told, 1);
  const auto heard = heard_by(*there);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].user, ana.id);
  EXPECT_EQ(heard[0].session, one->of.id);
  EXPECT_TRUE(heard_by(*there).empty());
  listening.reset();
  ASSERT_TRUE(run(there->sessions.end_all(ana.id, "")));
  EXPECT_TRUE(here->revocations.look());
  EXPECT_EQ(told, 1);
}

TEST_P(sessions_contract, many_revocations_at_once_are_all_told_and_forgotten_later) {
  const auto ana = made("ana@example.org");
  constexpr std::size_t many = 2'500;
  std::vector<revocation> what(many, {ana.id, ""});
  store::transaction tx;
  const auto notices = here->revocations.stage(tx, what);
  ASSERT_TRUE(store::commit_and_wait(*db, std::move(tx)));
  EXPECT_EQ(heard_by(*there).size(), many);
  const auto forget = [&] {
    auto gone = std::make_shared<std::int64_t>(0);
    store::transaction ended;
    ended.stage([gone, now = clock.now_ms()](store::connection& c) -> result<void> {
      auto removed = forget_revocations(c, now, 2'000);
      if (!removed) return removed.error();
      *gone = *removed;
      return {};
    });
    EXPECT_TRUE(store::commit_and_wait(*db, std::move(ended)));
    return *gone;
  };
  EXPECT_EQ(forget(), 0);
  clock.advance(2 * 3'600'000);
  EXPECT_EQ(forget(), 2'000);
  EXPECT_EQ(forget(), 500);
}

TEST_P(sessions_contract, a_key_is_shown_once_and_found_by_its_digest_until_it_is_revoked) {
  const auto ana = made("ana@example.org");
  const auto eve = made("eve@example.org");
  new_api_key asked;
  asked.account = ana.id;
  asked.name = "the build";
  asked.scopes = {"read", "generate"};
  asked.expires_at_ms = clock.now_ms() + 1'000;
  auto key = run(here->keys.create(asked));
  ASSERT_TRUE(key) << key.error().what();
  EXPECT_TRUE(key->secret.starts_with("sk_"));
  EXPECT_EQ(key->secret.size(), 46u);
  auto listed = run(there->keys.list(ana.id));
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(listed->at(0).ending, key->secret.substr(42));
  EXPECT_EQ(listed->at(0).scopes, asked.scopes);
  EXPECT_EQ(listed->at(0).expires_at_ms, asked.expires_at_ms);
  EXPECT_EQ(run(here->keys.revoke(eve.id, key->key.id)).error().code, errc::not_found);
  EXPECT_TRUE(run(here->keys.revoke(ana.id, key->key.id)));
  EXPECT_TRUE(run(there->keys.list(ana.id))->empty());
  EXPECT_EQ(heard_by(*there).back().session, key->key.id);
}

TEST_P(sessions_contract, a_key_that_cannot_be_is_refused_by_field_and_there_are_fifty_at_most) {
  const auto ana = made("ana@example.org");
  new_api_key good;
  good.account = ana.id;
  good.name = "k";
  const auto field = [&](auto change) {
    auto asked = good;
    change(asked);
    return run(here->keys.create(asked)).error().field;
  };
  EXPECT_EQ(field([](auto& k) { k.name = " "; }), "name");
  EXPECT_EQ(field([](auto& k) { k.name = std::string(101, 'k'); }), "name");
  EXPECT_EQ(field([](auto& k) { k.scopes = {"all"}; }), "scopes");
  EXPECT_EQ(field([](auto& k) { k.scopes = {"read", "read"}; }), "scopes");
  EXPECT_EQ(field([](auto& k) { k.scopes = {"operate"}; }), "scopes");
  EXPECT_EQ(field([&](auto& k) { k.expires_at_ms = clock.now_ms(); }), "expiresAt");
  good.may_operate = true;
  good.scopes = {"operate"};
  for (std::int64_t n = 0; n < api_keys_of_account_max; ++n)
    ASSERT_TRUE(run(here->keys.create(good)));
  EXPECT_EQ(run(there->keys.create(good)).error().code, errc::conflict);
}

INSTANTIATE_TEST_SUITE_P(, sessions_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace son1k::accounts::test
