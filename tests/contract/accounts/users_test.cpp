#include "contract/accounts/accounts_contract.hpp"

namespace son1k::accounts::test {
namespace {

class users_contract : public accounts_contract {
 protected:
  error refusal_of(new_account asked) {
    auto refused = run(here->users.create(std::move(asked)));
    EXPECT_FALSE(refused);
    return refused ? error() : refused.error();
  }
  errc code_of_change(const std::string& id, account_change to) {
    auto changed = run(here->users.change(id, std::move(to)));
    EXPECT_FALSE(changed);
    return changed ? errc::internal : changed.error().code;
  }
};

TEST_P(users_contract, an_account_signs_in_with_its_e_mail_in_any_case_and_its_password) {
  const auto ana = made("Ana@Example.org");
  EXPECT_EQ(ana.email, "ana@example.org");
  EXPECT_EQ(ana.name, "ana");
  EXPECT_EQ(ana.role, "user");
  auto in = run(there->users.log_in("  ANA@example.ORG ", good_password));
  ASSERT_TRUE(in) << in.error().what();
  EXPECT_EQ(in->id, ana.id);
  EXPECT_TRUE(in->has_password);
}

TEST_P(users_contract, whoever_is_unknown_wrong_or_disabled_gets_the_same_answer) {
  const auto ana = made("ana@example.org");
  made("bea@example.org");
  account_change off;
  off.disabled = true;
  ASSERT_TRUE(run(here->users.change(ana.id, off)));
  std::vector<error> answers;
  for (const auto& [email, password] :
       {std::pair("nobody@example.org", good_password),
        std::pair("bea@example.org", "not it at all"), std::pair("ana@example.org", good_password),
        std::pair("", ""), std::pair("local", good_password)}) {
    auto in = run(here->users.log_in(email, password));
    ASSERT_FALSE(in) << email;
    answers.push_back(in.error());
  }
  for (const auto& one : answers) {
    EXPECT_EQ(one.code, errc::unauthenticated);
    EXPECT_EQ(one.what(), answers.front().what());
    EXPECT_TRUE(one.details.empty());
  }
}

TEST_P(users_contract, what_cannot_be_an_account_is_refused_by_field) {
  new_account good;
  good.email = "ana@example.org";
  good.password = good_password;
  const auto field = [&](auto change) {
    auto asked = good;
    change(asked);
    return refusal_of(asked).field;
  };
  for (const char* email : {"", "ana", "@example.org", "ana@", "ana@host", "ana@.org", "ana@a..b",
                            "a na@example.org", "ana@b@example.org", "ana@example.org\n,x"})
    EXPECT_EQ(field([&](auto& a) { a.email = email; }), "email") << email;
  EXPECT_EQ(field([](auto& a) { a.password = "short"; }), "password");
  EXPECT_EQ(field([](auto& a) { a.password = std::string(201, 'x'); }), "password");
  EXPECT_EQ(field([](auto& a) { a.password = "ANA@example.org"; }), "password");
  EXPECT_EQ(field([](auto& a) { a.password = "Password123"; }), "password");
  EXPECT_EQ(field([](auto& a) { a.name = std::string(101, 'n'); }), "name");
  EXPECT_EQ(field([](auto& a) { a.role = "system"; }), "role");
  EXPECT_EQ(field([](auto& a) { a.role = "root"; }), "role");
  EXPECT_EQ(field([](auto& a) { a.tier = "GOLD"; }), "tier");
  EXPECT_TRUE(run(here->users.create(good)));
  const auto again = refusal_of(good);
  EXPECT_EQ(again.code, errc::conflict);
  EXPECT_EQ(again.field, "email");
  EXPECT_FALSE(again.message.es.empty());
}

TEST_P(users_contract, another_e_mail_signs_in_from_then_on_unless_somebody_has_it) {
  const auto ana = made("ana@example.org");
  made("bea@example.org");
  EXPECT_EQ(run(here->users.confirm(ana.id, "not the one")).error().field, "currentPassword");
  EXPECT_TRUE(run(here->users.confirm(ana.id, good_password)));
  account_change to;
  to.name = "Ana";
  for (const char* email : {"", "ana", "ana@"}) {
    to.email = email;
    EXPECT_EQ(code_of_change(ana.id, to), errc::validation) << email;
  }
  to.email = "BEA@example.org";
  auto taken = run(here->users.change(ana.id, to));
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, errc::conflict);
  EXPECT_EQ(taken.error().field, "email");
  EXPECT_EQ(run(there->users.find(ana.id))->name, "ana");  // nothing of it holds
  to.email = " Ana.Perez@example.org ";
  auto moved = run(here->users.change(ana.id, to));
  ASSERT_TRUE(moved) << moved.error().what();
  EXPECT_EQ(moved->email, "ana.perez@example.org");
  EXPECT_FALSE(run(there->users.log_in("ana@example.org", good_password)));
  EXPECT_EQ(run(there->users.log_in("ana.perez@example.org", good_password))->name, "Ana");
  auto elsewhere = run(here->users.of_external("sub-1", "eve@example.org"));
  ASSERT_TRUE(elsewhere);
  to.email = "other@example.org";
  EXPECT_EQ(code_of_change(elsewhere->id, to), errc::conflict);
}

TEST_P(users_contract, a_changed_password_holds_and_ends_the_other_sessions) {
  const auto ana = made("ana@example.org");
  auto kept = run(here->sessions.open(ana, {}));
  auto other = run(there->sessions.open(ana, {}));
  ASSERT_TRUE(kept && other);
  auto wrong =
      run(here->users.change_password(ana.id, "not the one", "the next one!", kept->of.id));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().field, "currentPassword");
  ASSERT_TRUE(
      run(here->users.change_password(ana.id, good_password, "the next one!", kept->of.id)));
  EXPECT_FALSE(run(here->users.log_in("ana@example.org", good_password)));
  EXPECT_TRUE(run(here->users.log_in("ana@example.org", "the next one!")));
  EXPECT_TRUE(run(here->sessions.rotate(kept->refresh_token)));
  EXPECT_FALSE(run(here->sessions.rotate(other->refresh_token)));
  ASSERT_TRUE(run(here->users.reset_password(ana.id, "one by the admin")));
  EXPECT_TRUE(run(here->sessions.list(ana.id))->empty());
}

TEST_P(users_contract, whoever_is_disabled_loses_the_sessions_and_may_come_back) {
  const auto ana = made("ana@example.org");
  auto session = run(here->sessions.open(ana, {}));
  ASSERT_TRUE(session);
  account_change to;
  to.disabled = true;
  auto off = run(here->users.change(ana.id, to));
  ASSERT_TRUE(off);
  EXPECT_EQ(off->disabled_at_ms, clock.now_ms());
  EXPECT_FALSE(run(here->sessions.rotate(session->refresh_token)));
  to.disabled = false;
  ASSERT_TRUE(run(here->users.change(ana.id, to)));
  EXPECT_TRUE(run(here->users.log_in("ana@example.org", good_password)));
}

TEST_P(users_contract, the_last_administrator_stays_and_the_programs_own_accounts_too) {
  ASSERT_TRUE(here->users.ensure_own());
  ASSERT_TRUE(there->users.ensure_own());
  const auto ana = made("ana@example.org", "admin");
  account_change demoted, off;
  demoted.role = "user";
  off.disabled = true;
  EXPECT_EQ(code_of_change(ana.id, demoted), errc::conflict);
  EXPECT_EQ(code_of_change(ana.id, off), errc::conflict);
  made("bea@example.org", "admin");
  EXPECT_TRUE(run(here->users.change(ana.id, demoted)));
  EXPECT_EQ(code_of_change("system", off), errc::conflict);
  EXPECT_EQ(code_of_change("local", demoted), errc::conflict);
  EXPECT_EQ(code_of_change("nobody", off), errc::not_found);
}

TEST_P(users_contract, whom_another_issuer_vouches_for_gets_one_account_and_no_one_elses) {
  const auto ana = made("ana@example.org");
  auto first = run(here->users.of_external("sub-1", "ana@example.org"));
  auto second = run(there->users.of_external("sub-1", "ana@example.org"));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->id, second->id);
  EXPECT_NE(first->id, ana.id);
  EXPECT_EQ(run(here->users.find("ana@example.org"))->id, ana.id);
  account_change off;
  off.disabled = true;
  ASSERT_TRUE(run(here->users.change(first->id, off)));
  EXPECT_EQ(run(here->users.of_external("sub-1", "")).error().code, errc::unauthenticated);
  EXPECT_FALSE(run(here->users.reset_password(first->id, "a password for it")));
}

TEST_P(users_contract, accounts_are_listed_from_the_newest_and_found_by_part_of_the_e_mail) {
  for (const char* email : {"ana@example.org", "bea@example.org", "a_b@other.net"}) made(email);
  account_query query;
  query.limit = 2;
  auto page = run(here->users.list(query));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ(page->at(0).email, "a_b@other.net");
  query.before = page->at(1).id;
  EXPECT_EQ(run(here->users.list(query))->at(0).email, "ana@example.org");
  query = {};
  query.search = "A_B";
  EXPECT_EQ(run(here->users.list(query))->size(), 1u);
  query.search = "EXAMPLE";
  EXPECT_EQ(run(here->users.list(query))->size(), 2u);
}

TEST_P(users_contract, the_set_up_link_makes_one_administrator_once) {
  ASSERT_TRUE(here->users.ensure_own());
  auto old = here->setup.begin();
  auto link = there->setup.begin();
  ASSERT_TRUE(old && *old && link && *link);
  EXPECT_EQ(run(here->setup.claim(**old, "ana@example.org", good_password)).error().code,
            errc::unauthenticated);
  EXPECT_EQ(run(here->setup.claim(**link, "ana@example.org", "short")).error().field, "password");
  EXPECT_TRUE(run(here->setup.is_open()).value());
  auto admin = run(here->setup.claim(**link, "Ana@example.org", good_password));
  ASSERT_TRUE(admin) << admin.error().what();
  EXPECT_EQ(admin->id, "local");
  EXPECT_EQ(admin->role, "admin");
  EXPECT_EQ(run(here->setup.claim(**link, "eve@example.org", good_password)).error().code,
            errc::unauthenticated);
  EXPECT_EQ(run(there->users.log_in("ana@example.org", good_password))->id, "local");
  EXPECT_FALSE(run(there->setup.is_open()).value());
  auto closed = here->setup.begin();
  ASSERT_TRUE(closed);
  EXPECT_FALSE(*closed);
}

TEST_P(users_contract, the_link_is_closed_by_an_administrator_made_otherwise) {
  ASSERT_TRUE(here->users.ensure_own());
  auto link = here->setup.begin();
  made("root@example.org", "admin");
  EXPECT_EQ(run(here->setup.claim(**link, "eve@example.org", good_password)).error().code,
            errc::unauthenticated);
}

INSTANTIATE_TEST_SUITE_P(, users_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace son1k::accounts::test
