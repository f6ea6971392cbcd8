#include <set>

#include "accounts/identity/account_identities.hpp"
#include "accounts/jwt/jwt.hpp"
#include "contract/accounts/accounts_contract.hpp"

namespace son1k::accounts::test {
namespace {

// Tokens in the open: "own|subject|session|seconds" and "other|subject|e-mail|seconds".
std::optional<vouched> read_plain(std::string_view token, std::string_view issuer) {
  std::vector<std::string> parts(1);
  for (const char c : token) {
    if (c == '|')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  if (parts.size() != 4 || parts[0] != issuer) return std::nullopt;
  vouched out;
  out.subject = parts[1];
  (issuer == "own" ? out.session : out.email) = parts[2];
  out.expires_at_ms = std::stoll(parts[3]);
  return out;
}

result<vouched> judged(std::string_view token, std::string_view issuer, std::int64_t now_ms) {
  auto told = read_plain(token, issuer);
  if (!told) return faulty_token();
  if (told->expires_at_ms <= now_ms) return expired_token();
  return std::move(*told);
}

class identities_contract : public accounts_contract {
 protected:
  void SetUp() override {
    accounts_contract::SetUp();
    if (!db) return;
    ASSERT_TRUE(here->users.ensure_own());
    at_here = make(*here);
    at_there = make(*there);
  }
  std::unique_ptr<account_identities> make(process& of) {
    account_identities::parts with{*db, clock, of.users, of.revocations, {}, {}, "", {}};
    with.own = [](std::string_view token, std::int64_t now) { return judged(token, "own", now); };
    with.external = [this](std::string token) -> boost::asio::awaitable<result<vouched>> {
      co_return judged(token, "other", clock.now_ms());
    };
    with.local_token = "lt_local";
    with.service_secrets = {"", "service one", "service two"};
    with.kept_max = 100;
    return std::make_unique<account_identities>(std::move(with));
  }
  result<identity> who(account_identities& at, std::string token) {
    return run(at.verify({}, std::move(token)));
  }
  errc code_of(account_identities& at, const std::string& token) {
    auto known = who(at, token);
    EXPECT_FALSE(known) << token;
    return known ? errc::internal : known.error().code;
  }
  std::string access_of(const account& of, const std::string& session, std::int64_t ms = 900'000) {
    return "own|" + of.id + "|" + session + "|" + std::to_string(clock.now_ms() + ms);
  }

  std::unique_ptr<account_identities> at_here, at_there;
};

TEST_P(identities_contract, each_credential_leads_to_its_account) {
  const auto ana = made("ana@example.org", "operator");
  auto session = run(here->sessions.open(ana, {}));
  auto by_session = who(*at_here, access_of(ana, session->of.id));
  ASSERT_TRUE(by_session) << by_session.error().what();
  EXPECT_EQ(by_session->user, ana.id);
  EXPECT_EQ(by_session->session, session->of.id);
  EXPECT_EQ(by_session->shown, credential::session);
  EXPECT_EQ(by_session->roles, (std::vector<std::string>{"user", "viewer", "operator"}));
  EXPECT_EQ(by_session->expires_at_ms, clock.now_ms() + 900'000);

  new_api_key asked;
  asked.account = ana.id;
  asked.name = "k";
  asked.scopes = {"read"};
  auto key = run(here->keys.create(asked));
  auto by_key = who(*at_there, key->secret);
  ASSERT_TRUE(by_key) << by_key.error().what();
  EXPECT_EQ(by_key->user, ana.id);
  EXPECT_EQ(by_key->shown, credential::api_key);
  EXPECT_TRUE(by_key->may("read"));
  EXPECT_FALSE(by_key->may("generate"));

  asked.scopes = {};
  auto whole = run(here->keys.create(asked));
  auto by_whole = who(*at_there, whole->secret);
  for (const auto scope : api_key_scopes) EXPECT_TRUE(by_whole->may(scope)) << scope;

  EXPECT_EQ(who(*at_here, "lt_local")->user, "local");
  EXPECT_TRUE(who(*at_here, "lt_local")->has("admin"));
  for (const char* secret : {"service one", "service two"}) {
    auto service = who(*at_here, secret);
    ASSERT_TRUE(service);
    EXPECT_EQ(service->user, "system");
    EXPECT_EQ(service->shown, credential::service);
    EXPECT_TRUE(service->has("operator"));
    EXPECT_FALSE(service->has("admin"));
  }
  const auto token = "other|sub-1|ana@example.org|" + std::to_string(clock.now_ms() + 5'000);
  auto other = who(*at_here, token);
  ASSERT_TRUE(other) << other.error().what();
  EXPECT_NE(other->user, ana.id);
  EXPECT_EQ(other->shown, credential::external);
  EXPECT_EQ(who(*at_there, token)->user, other->user);
}

TEST_P(identities_contract, whatever_is_wrong_with_a_token_the_answer_is_one) {
  const auto ana = made("ana@example.org");
  auto session = run(here->sessions.open(ana, {}));
  std::set<std::string> answers;
  for (const auto& token :
       {std::string(), std::string("nonsense"), std::string("sk_") + std::string(43, 'A'),
        std::string("lt_loca"), std::string("lt_locaL"), std::string("service"),
        session->refresh_token, access_of(ana, "no-session"), access_of(ana, ""),
        access_of({}, session->of.id), access_of(made("eve@example.org"), session->of.id),
        std::string(token_bytes_max + 1, 'x')}) {
    auto refused = who(*at_here, token);
    ASSERT_FALSE(refused) << token;
    EXPECT_EQ(refused.error().code, errc::unauthenticated);
    answers.insert(refused.error().what());
  }
  EXPECT_EQ(answers.size(), 1u);
}

TEST_P(identities_contract, what_was_valid_once_is_told_apart_also_when_it_was_kept) {
  const auto ana = made("ana@example.org");
  auto session = run(here->sessions.open(ana, {}));
  new_api_key asked;
  asked.account = ana.id;
  asked.name = "k";
  asked.expires_at_ms = clock.now_ms() + 5'000;
  auto key = run(here->keys.create(asked));
  const auto token = access_of(ana, session->of.id, 5'000);
  ASSERT_TRUE(who(*at_here, token) && who(*at_here, key->secret));
  clock.advance(4'999);
  ASSERT_TRUE(who(*at_here, token) && who(*at_here, key->secret));
  clock.advance(1);
  EXPECT_EQ(code_of(*at_here, token), errc::token_expired);
  EXPECT_EQ(code_of(*at_here, key->secret), errc::token_expired);
}

TEST_P(identities_contract, what_is_revoked_here_is_nobody_here_at_once_and_there_after_a_look) {
  const auto ana = made("ana@example.org");
  auto session = run(here->sessions.open(ana, {}));
  auto kept = run(here->sessions.open(ana, {}));
  new_api_key asked;
  asked.account = ana.id;
  asked.name = "k";
  auto key = run(here->keys.create(asked));
  const auto gone = access_of(ana, session->of.id);
  const auto stays = access_of(ana, kept->of.id);
  for (auto* at : {at_here.get(), at_there.get()})
    ASSERT_TRUE(who(*at, gone) && who(*at, stays) && who(*at, key->secret));
  ASSERT_TRUE(run(here->sessions.end(ana.id, session->of.id)));
  ASSERT_TRUE(run(here->keys.revoke(ana.id, key->key.id)));
  EXPECT_EQ(code_of(*at_here, gone), errc::unauthenticated);
  EXPECT_EQ(code_of(*at_here, key->secret), errc::unauthenticated);
  EXPECT_TRUE(who(*at_here, stays));
  ASSERT_TRUE(there->revocations.look());
  EXPECT_EQ(code_of(*at_there, gone), errc::unauthenticated);
  EXPECT_EQ(code_of(*at_there, key->secret), errc::unauthenticated);
  EXPECT_TRUE(who(*at_there, stays));
}

TEST_P(identities_contract, what_is_kept_needs_no_database_and_a_key_is_asked_for_each_minute) {
  const auto ana = made("ana@example.org");
  auto session = run(here->sessions.open(ana, {}));
  new_api_key asked;
  asked.account = ana.id;
  asked.name = "k";
  auto key = run(here->keys.create(asked));
  const auto token = access_of(ana, session->of.id);
  ASSERT_TRUE(who(*at_here, token) && who(*at_here, key->secret));
  // Behind the program's back: nobody is told.
  store::transaction tx;
  tx.stage([](store::connection& c) -> result<void> {
    static const store::statement rows("DELETE FROM session");
    static const store::statement keys("DELETE FROM api_key");
    if (auto gone = c.execute(rows, {}); !gone) return gone.error();
    if (auto gone = c.execute(keys, {}); !gone) return gone.error();
    return {};
  });
  ASSERT_TRUE(store::commit_and_wait(*db, std::move(tx)));
  EXPECT_TRUE(who(*at_here, token));
  EXPECT_TRUE(who(*at_here, key->secret));
  EXPECT_EQ(code_of(*at_there, token), errc::unauthenticated);
  clock.advance(60'000);
  EXPECT_TRUE(who(*at_here, token));
  EXPECT_EQ(code_of(*at_here, key->secret), errc::unauthenticated);
}

TEST_P(identities_contract, role_and_tier_change_at_once_and_a_disabled_account_is_nobody) {
  const auto ana = made("ana@example.org");
  auto session = run(here->sessions.open(ana, {}));
  const auto token = access_of(ana, session->of.id);
  EXPECT_EQ(who(*at_here, token)->tier, "FREE");
  account_change to;
  to.tier = "PRO";
  to.role = "admin";
  ASSERT_TRUE(run(here->users.change(ana.id, to)));
  EXPECT_EQ(who(*at_here, token)->tier, "PRO");
  EXPECT_TRUE(who(*at_here, token)->has("admin"));
  made("bea@example.org", "admin");
  const auto outside = "other|sub-1|x@example.org|" + std::to_string(clock.now_ms() + 5'000);
  auto stranger = who(*at_here, outside);
  ASSERT_TRUE(stranger);
  account_change off;
  off.disabled = true;
  ASSERT_TRUE(run(here->users.change(ana.id, off)));
  ASSERT_TRUE(run(here->users.change(stranger->user, off)));
  EXPECT_EQ(code_of(*at_here, token), errc::unauthenticated);
  EXPECT_EQ(code_of(*at_here, outside), errc::unauthenticated);
}

TEST_P(identities_contract, a_use_of_a_key_is_noted_once_a_minute) {
  const auto ana = made("ana@example.org");
  new_api_key asked;
  asked.account = ana.id;
  asked.name = "k";
  auto key = run(here->keys.create(asked));
  const auto noted = [&] {
    // What was committed before has been written when this one is.
    store::transaction last;
    last.stage([](store::connection&) { return result<void>(); });
    EXPECT_TRUE(store::commit_and_wait(*db, std::move(last)));
    return run(here->keys.list(ana.id))->at(0).used_at_ms;
  };
  EXPECT_EQ(noted(), 0);
  const auto first = clock.now_ms();
  ASSERT_TRUE(who(*at_here, key->secret));
  EXPECT_EQ(noted(), first);
  clock.advance(59'999);
  ASSERT_TRUE(who(*at_there, key->secret));
  EXPECT_EQ(noted(), first);
  clock.advance(1);
  ASSERT_TRUE(who(*at_here, key->secret));
  EXPECT_EQ(noted(), first + 60'000);
}

INSTANTIATE_TEST_SUITE_P(, identities_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace son1k::accounts::test
