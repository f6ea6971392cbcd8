// Who is invited to a room, may join it, and may take an invitation back; in either database.
#include "contract/rooms/rooms_place.hpp"

namespace son1k::realtime::test {
namespace {

using testing::IsEmpty;

class invitations_contract : public rooms_contract {
 protected:
  std::vector<room_invitation> to(std::string user) {
    return run(rooms().invitations_to(std::move(user))).value();
  }
};

TEST_P(invitations_contract, the_invited_see_the_room_and_join_as_what_they_are_invited) {
  const auto id = make("ana").value();
  ASSERT_TRUE(invite(id, "bob", "", room_role::viewer));
  ASSERT_TRUE(invite(id, "", "eve@x.org", room_role::editor));
  ASSERT_EQ(to("bob").size(), 1u);
  EXPECT_EQ(to("bob")[0].room_name, "Jam");
  EXPECT_EQ(to("bob")[0].inviter_name, "Name of ana");
  EXPECT_EQ(to("eve")[0].login, "eve@x.org");
  const auto seen = run(rooms().find("bob", id)).value();
  EXPECT_EQ(seen.role, std::nullopt);
  EXPECT_EQ(seen.invited, room_role::viewer);
  EXPECT_EQ(code_of(run(rooms().history("bob", id, 0, 10))), errc::forbidden);
  EXPECT_EQ(join("bob", id).value(), room_role::viewer);
  EXPECT_EQ(join("eve", id).value(), room_role::editor);
  EXPECT_THAT(to("bob"), IsEmpty());
  EXPECT_THAT(run(rooms().invitations_of("ana", id)).value(), IsEmpty());
}

TEST_P(invitations_contract, an_e_mail_without_an_account_waits_for_one) {
  const auto id = make("ana").value();
  ASSERT_TRUE(invite(id, "", "new@x.org"));
  add_account("other", "other@x.org");
  EXPECT_EQ(code_of(join("other", id)), errc::not_found);
  add_account("new", "new@x.org");
  EXPECT_EQ(join("new", id).value(), room_role::editor);
  ASSERT_TRUE(invite(id, "", "vouched@x.org"));
  add_account("vouched", "Vouched@X.org", true);
  EXPECT_EQ(join("vouched", id).value(), room_role::editor);
  // Accounts without an e-mail are nobody's.
  add_account("program", "");
  EXPECT_THAT(to("program"), IsEmpty());
}

TEST_P(invitations_contract, who_is_expelled_needs_a_new_one) {
  const auto id = make("ana").value();
  ASSERT_TRUE(invite(id, "bob"));
  ASSERT_TRUE(invite(id, "", "bob@x.org"));
  ASSERT_TRUE(join("bob", id));
  ASSERT_TRUE(run(rooms().expel("ana", id, "bob")));
  EXPECT_EQ(code_of(join("bob", id)), errc::not_found);
}

TEST_P(invitations_contract, an_invitation_expires) {
  const auto id = make("ana").value();
  ASSERT_TRUE(invite(id, "bob"));
  clock.advance(invitation_ms);
  EXPECT_THAT(to("bob"), IsEmpty());
  EXPECT_EQ(code_of(run(rooms().find("bob", id))), errc::not_found);
  EXPECT_EQ(code_of(join("bob", id)), errc::not_found);
}

TEST_P(invitations_contract, a_later_one_for_the_same_person_takes_the_place_of_the_earlier) {
  const auto id = make("ana").value();
  const auto first = invite(id, "bob", "", room_role::editor).value();
  const auto second = invite(id, "bob", "", room_role::viewer).value();
  ASSERT_EQ(to("bob").size(), 1u);
  EXPECT_EQ(to("bob")[0].id, second.id);
  EXPECT_EQ(code_of(run(rooms().withdraw("ana", first.id))), errc::not_found);
  EXPECT_EQ(join("bob", id).value(), room_role::viewer);
}

TEST_P(invitations_contract, one_is_withdrawn_by_the_owner_or_by_whom_it_is_for) {
  const auto id = make("ana", true).value();
  ASSERT_TRUE(join("bob", id));
  add_account("new", "new@x.org");
  const auto one = invite(id, "eve").value(), two = invite(id, "", "new@x.org").value();
  EXPECT_EQ(code_of(run(rooms().withdraw("bob", one.id))), errc::not_found);
  EXPECT_EQ(code_of(run(rooms().withdraw("eve", two.id))), errc::not_found);
  EXPECT_TRUE(run(rooms().withdraw("new", two.id)));
  EXPECT_TRUE(run(rooms().withdraw("ana", one.id)));
  EXPECT_EQ(code_of(run(rooms().withdraw("ana", one.id))), errc::not_found);
  EXPECT_EQ(code_of(run(rooms().withdraw("ana", "' OR 1=1 --"))), errc::not_found);
  EXPECT_THAT(to("eve"), IsEmpty());
}

TEST_P(invitations_contract, whom_one_cannot_invite) {
  const auto id = make("ana", true).value();
  ASSERT_TRUE(join("bob", id));
  const auto nobody = invite(id, "nobody");
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, errc::validation);
  EXPECT_EQ(nobody.error().field, "userId");
  EXPECT_EQ(code_of(invite(id, "bob")), errc::conflict);
  // An e-mail does not tell whether it has an account, nor whether that is a member.
  EXPECT_TRUE(invite(id, "", "bob@x.org"));
  EXPECT_TRUE(invite(id, "", "nobody@x.org"));
  EXPECT_EQ(join("bob", id).value(), room_role::editor);
}

TEST_P(invitations_contract, a_room_invites_a_bounded_number) {
  const auto id = make("ana").value();
  for (std::int64_t n = 0; n < room_invitations_max; ++n)
    ASSERT_TRUE(invite(id, "", std::to_string(n) + "@x.org"));
  EXPECT_EQ(code_of(invite(id, "bob")), errc::conflict);
  EXPECT_TRUE(invite(id, "", "7@x.org"));
  clock.advance(invitation_ms);
  EXPECT_TRUE(invite(id, "bob"));
}

TEST_P(invitations_contract, whoever_is_invited_by_e_mail_is_found_to_be_told) {
  const auto id = make("ana").value();
  EXPECT_EQ(run(rooms().account_of(invite(id, "bob").value())).value(), "bob");
  EXPECT_EQ(run(rooms().account_of(invite(id, "", "eve@x.org").value())).value(), "eve");
  EXPECT_EQ(run(rooms().account_of(invite(id, "", "none@x.org").value())).value(), "");
}

INSTANTIATE_TEST_SUITE_P(databases, invitations_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& with) { return with.param; });

}  // namespace
}  // namespace son1k::realtime::test
