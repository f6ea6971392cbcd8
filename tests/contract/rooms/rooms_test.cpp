// Who may know of a room, be in it, and do what there; in either database.
#include <thread>

#include "contract/rooms/rooms_place.hpp"

namespace son1k::realtime::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(rooms_contract, who_makes_a_room_owns_it) {
  const auto id = make("ana").value();
  const auto seen = run(rooms().find("ana", id)).value();
  EXPECT_EQ(seen.role, room_role::owner);
  EXPECT_EQ(seen.row.owner, "ana");
  EXPECT_EQ(seen.row.version, 1);
  EXPECT_EQ(seen.row.members, 1);
  const auto people = run(rooms().members("ana", id, "", 100)).value();
  ASSERT_EQ(people.size(), 1u);
  EXPECT_EQ(people[0].name, "Name of ana");
  EXPECT_EQ(people[0].joined_at_ms, clock.now_ms());
}

TEST_P(rooms_contract, a_private_room_is_not_there_for_strangers_by_any_way) {
  const auto id = make("ana").value();
  const auto none = "01890000-0000-7000-8000-000000000000";
  for (const auto& room : {id, std::string(none)}) {
    EXPECT_EQ(code_of(run(rooms().find("eve", room))), errc::not_found);
    EXPECT_EQ(code_of(run(rooms().change("eve", room, {"x", {}, {}, {}}))), errc::not_found);
    EXPECT_EQ(code_of(run(rooms().remove("eve", room))), errc::not_found);
    EXPECT_EQ(code_of(join("eve", room)), errc::not_found);
    EXPECT_EQ(code_of(run(rooms().leave("eve", room))), errc::not_found);
    EXPECT_EQ(code_of(run(rooms().members("eve", room, "", 10))), errc::not_found);
    EXPECT_EQ(code_of(run(rooms().set_role("eve", room, "ana", room_role::viewer))),
              errc::not_found);
    EXPECT_EQ(code_of(run(rooms().expel("eve", room, "ana"))), errc::not_found);
    EXPECT_EQ(code_of(invite(room, "eve", "", room_role::editor, "eve")), errc::not_found);
    EXPECT_EQ(code_of(run(rooms().invitations_of("eve", room))), errc::not_found);
    EXPECT_EQ(code_of(run(rooms().history("eve", room, 0, 10))), errc::not_found);
    EXPECT_EQ(code_of(say("eve", room)), errc::not_found);
    EXPECT_EQ(code_of(role("eve", room)), errc::not_found);
  }
  EXPECT_THAT(listed({"eve", room_scope::all, "", "", 50}), IsEmpty());
}

TEST_P(rooms_contract, a_public_room_is_found_and_joined_but_not_read_from_outside) {
  const auto id = make("ana", true).value();
  EXPECT_EQ(run(rooms().find("eve", id)).value().role, std::nullopt);
  EXPECT_EQ(code_of(run(rooms().history("eve", id, 0, 10))), errc::forbidden);
  EXPECT_EQ(code_of(run(rooms().members("eve", id, "", 10))), errc::forbidden);
  EXPECT_EQ(code_of(say("eve", id)), errc::forbidden);
  EXPECT_EQ(code_of(role("eve", id)), errc::not_found);
  EXPECT_EQ(join("eve", id).value(), room_role::editor);
  EXPECT_EQ(join("eve", id).value(), room_role::editor);
  EXPECT_TRUE(say("eve", id));
  EXPECT_EQ(run(rooms().find("eve", id)).value().row.members, 2);
  EXPECT_TRUE(run(rooms().leave("eve", id)));
  EXPECT_EQ(run(rooms().find("eve", id)).value().row.members, 1);
  EXPECT_EQ(code_of(run(rooms().leave("eve", id))), errc::forbidden);
}

TEST_P(rooms_contract, only_the_owner_sees_to_a_room) {
  const auto id = make("ana", true).value();
  ASSERT_TRUE(join("bob", id));
  EXPECT_EQ(code_of(run(rooms().change("bob", id, {"x", {}, {}, {}}))), errc::forbidden);
  EXPECT_EQ(code_of(run(rooms().remove("bob", id))), errc::forbidden);
  EXPECT_EQ(code_of(run(rooms().expel("bob", id, "ana"))), errc::forbidden);
  EXPECT_EQ(code_of(run(rooms().set_role("bob", id, "bob", room_role::owner))), errc::forbidden);
  EXPECT_EQ(code_of(invite(id, "eve", "", room_role::editor, "bob")), errc::forbidden);
  EXPECT_EQ(code_of(run(rooms().invitations_of("bob", id))), errc::forbidden);
  EXPECT_EQ(code_of(run(rooms().leave("ana", id))), errc::conflict);
  EXPECT_EQ(code_of(run(rooms().expel("ana", id, "ana"))), errc::conflict);
  EXPECT_EQ(code_of(run(rooms().expel("ana", id, "eve"))), errc::not_found);
}

TEST_P(rooms_contract, an_edit_names_the_version_it_has_seen) {
  const auto id = make("ana").value();
  clock.advance(1'000);
  const auto once = run(rooms().change("ana", id, {"Blues", {}, true, 1})).value();
  EXPECT_EQ(once.row.name, "Blues");
  EXPECT_TRUE(once.row.is_public);
  EXPECT_EQ(once.row.version, 2);
  const auto stale = run(rooms().change("ana", id, {"Rock", {}, {}, 1}));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, errc::conflict);
  EXPECT_EQ(stale.error().field, "version");
  EXPECT_EQ(run(rooms().change("ana", id, {{}, "all welcome", {}, {}})).value().row.version, 3);
  const auto seen = run(rooms(1).find("ana", id)).value();
  EXPECT_EQ(seen.row.name, "Blues");
  EXPECT_EQ(seen.row.description, "all welcome");
  EXPECT_EQ(seen.row.updated_at_ms, clock.now_ms());
}

TEST_P(rooms_contract, a_deleted_room_is_gone_with_all_that_was_in_it) {
  const auto id = make("ana", true).value();
  ASSERT_TRUE(join("bob", id));
  ASSERT_TRUE(say("bob", id));
  ASSERT_TRUE(invite(id, "eve"));
  ASSERT_TRUE(run(rooms().remove("ana", id)));
  EXPECT_EQ(code_of(run(rooms(1).find("ana", id))), errc::not_found);
  EXPECT_EQ(code_of(role("bob", id)), errc::not_found);
  EXPECT_THAT(run(rooms().invitations_to("eve")).value(), IsEmpty());
  EXPECT_THAT(run(rooms().recent(id)).value(), IsEmpty());
  EXPECT_THAT(listed({"bob", room_scope::all, "", "", 50}), IsEmpty());
}

TEST_P(rooms_contract, an_owner_hands_a_room_over) {
  const auto id = make("ana", true).value();
  ASSERT_TRUE(join("bob", id));
  ASSERT_TRUE(run(rooms().set_role("ana", id, "bob", room_role::owner)));
  EXPECT_EQ(role("ana", id).value(), room_role::editor);
  EXPECT_EQ(role("bob", id).value(), room_role::owner);
  EXPECT_EQ(run(rooms().find("bob", id)).value().row.owner, "bob");
  EXPECT_EQ(code_of(run(rooms().remove("ana", id))), errc::forbidden);
  EXPECT_TRUE(run(rooms().leave("ana", id)));
  EXPECT_EQ(code_of(run(rooms().set_role("bob", id, "bob", room_role::viewer))), errc::conflict);
  EXPECT_EQ(code_of(run(rooms().set_role("bob", id, "eve", room_role::viewer))), errc::not_found);
}

TEST_P(rooms_contract, a_viewer_reads_and_does_not_speak) {
  const auto id = make("ana", true).value();
  ASSERT_TRUE(join("bob", id));
  ASSERT_TRUE(say("bob", id, "first"));
  ASSERT_TRUE(run(rooms().set_role("ana", id, "bob", room_role::viewer)));
  EXPECT_EQ(code_of(say("bob", id)), errc::forbidden);
  EXPECT_EQ(run(rooms().history("bob", id, 0, 10)).value().size(), 1u);
}

TEST_P(rooms_contract, lists_have_pages_and_a_search_without_signs_of_its_own) {
  std::vector<std::string> mine;
  for (const char* name : {"Blues", "50% off", "it's_here"})
    mine.push_back(make("ana", false, name).value());
  ASSERT_TRUE(make("bob", true, "Open blues"));
  EXPECT_THAT(listed({"ana", room_scope::mine, "", "", 50}),
              ElementsAre("it's_here", "50% off", "Blues"));
  EXPECT_THAT(listed({"ana", room_scope::open, "", "", 50}), ElementsAre("Open blues"));
  EXPECT_THAT(listed({"ana", room_scope::all, "BLUES", "", 50}),
              ElementsAre("Open blues", "Blues"));
  EXPECT_THAT(listed({"ana", room_scope::all, "", "", 2}), ElementsAre("Open blues", "it's_here"));
  EXPECT_THAT(listed({"ana", room_scope::all, "", mine[2], 2}), ElementsAre("50% off", "Blues"));
  EXPECT_THAT(listed({"ana", room_scope::all, "%", "", 50}), ElementsAre("50% off"));
  EXPECT_THAT(listed({"ana", room_scope::all, "_", "", 50}), ElementsAre("it's_here"));
  EXPECT_THAT(listed({"ana", room_scope::all, "' OR 1=1 --", "", 50}), IsEmpty());
  EXPECT_THAT(listed({"eve", room_scope::all, "", "", 50}), ElementsAre("Open blues"));
}

TEST_P(rooms_contract, an_account_has_and_joins_a_bounded_number) {
  for (std::int64_t n = 0; n < rooms_owned_max; ++n) ASSERT_TRUE(make("ana", true));
  const auto more = make("ana");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, errc::conflict);
  EXPECT_EQ(more.error().field, "rooms");
  ASSERT_TRUE(make("bob", true));
  // Nor is a room handed over to who has as many as they may.
  const auto id = make("bob", true).value();
  ASSERT_TRUE(join("ana", id));
  EXPECT_EQ(code_of(run(rooms().set_role("bob", id, "ana", room_role::owner))), errc::conflict);
}

TEST_P(rooms_contract, a_room_holds_a_bounded_number_of_people_whoever_comes_at_once) {
  const auto id = make("ana", true).value();
  for (std::int64_t n = 1; n < room_members_max - 1; ++n)
    ASSERT_TRUE(join("user " + std::to_string(n), id));
  std::atomic<int> in{0};
  {
    std::vector<std::jthread> those;
    for (std::size_t n = 0; n < 4; ++n) {
      those.emplace_back([&, n] {
        if (run(rooms(n).join("late " + std::to_string(n), id))) ++in;
      });
    }
  }
  EXPECT_EQ(in, 1);
  EXPECT_EQ(run(rooms().find("ana", id)).value().row.members, room_members_max);
  const auto page = run(rooms().members("ana", id, "", 10)).value();
  ASSERT_EQ(page.size(), 10u);
  const auto next = run(rooms().members("ana", id, page.back().user, 10)).value();
  EXPECT_LT(page.back().user, next.front().user);
}

TEST_P(rooms_contract, messages_keep_their_order_and_have_pages) {
  const auto id = make("ana", true).value();
  const auto other = make("ana", true).value();
  ASSERT_TRUE(join("bob", id));
  for (int n = 0; n < 5; ++n) {
    ASSERT_TRUE(say(n % 2 == 0 ? "ana" : "bob", id, std::to_string(n)));
    ASSERT_TRUE(say("ana", other, "apart"));
  }
  const auto bodies = [](const std::vector<room_message>& those) {
    std::vector<std::string> out;
    for (const auto& one : those) out.push_back(one.body);
    return out;
  };
  const auto page = run(rooms(1).history("bob", id, 0, 2)).value();
  EXPECT_THAT(bodies(page), ElementsAre("4", "3"));
  EXPECT_EQ(page[1].user, "bob");
  EXPECT_EQ(page[1].name, "Name of bob");
  EXPECT_EQ(page[1].at_ms, clock.now_ms());
  EXPECT_THAT(bodies(run(rooms().history("ana", id, page.back().number, 2)).value()),
              ElementsAre("2", "1"));
  EXPECT_THAT(bodies(run(rooms().recent(id)).value()), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_P(rooms_contract, what_was_changed_by_one_server_is_known_to_the_other) {
  const auto id = make("ana", true).value(), other = make("ana", true).value();
  for (const auto& room : {id, other}) ASSERT_TRUE(join("bob", room));
  EXPECT_THAT(rooms(0).changed().value(), IsEmpty());
  EXPECT_THAT(rooms(1).changed().value(), IsEmpty());
  ASSERT_TRUE(run(rooms(0).expel("ana", id, "bob")));
  EXPECT_THAT(rooms(1).changed().value(), ElementsAre(id));
  EXPECT_THAT(rooms(1).changed().value(), IsEmpty());
  EXPECT_THAT(rooms(0).changed().value(), ElementsAre(id));
  ASSERT_TRUE(run(rooms(1).set_role("ana", other, "bob", room_role::viewer)));
  EXPECT_THAT(rooms(0).changed().value(), ElementsAre(other));
  ASSERT_TRUE(run(rooms(1).remove("ana", id)));
  ASSERT_TRUE(run(rooms(1).leave("bob", other)));
  EXPECT_EQ(rooms(0).changed().value().size(), 2u);
  // Who looks for the first time may have let somebody in just before.
  database_rooms late(db(), clock);
  EXPECT_EQ(late.changed().value().size(), 2u);
  clock.advance(3'600'000);
  EXPECT_THAT(rooms(0).changed().value(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(databases, rooms_contract, testing::Values("sqlite", "postgres"),
                         [](const auto& with) { return with.param; });

}  // namespace
}  // namespace son1k::realtime::test
