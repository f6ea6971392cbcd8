#include "api/events.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>

#include "api/gate.hpp"
#include "net/event_stream.hpp"
#include "support/manual_clock.hpp"
#include "unit/live/fake_news.hpp"
#include "unit/live/token_identities.hpp"

namespace son1k::api {
namespace {

using queue::event_type;
using testing::HasSubstr;
using testing::Not;

// What a client reads of its stream.
class ear {
 public:
  explicit ear(std::shared_ptr<net::event_stream> from) : stream_(std::move(from)) {
    stream_->attach([this] { pull(); });
    pull();
  }
  ~ear() {
    stream_->attach(nullptr);
    stream_->abandon();
  }
  bool until(std::string_view wanted) {
    return wait([&] { return text_.find(wanted) != text_.npos; });
  }
  bool until_over() {
    return wait([&] { return over_; });
  }
  std::string text() {
    const std::scoped_lock hold(mutex_);
    return text_;
  }
  std::size_t count(std::string_view wanted) {
    const auto all = text();
    std::size_t out = 0;
    for (auto at = all.find(wanted); at != all.npos; at = all.find(wanted, at + 1)) ++out;
    return out;
  }

 private:
  void pull() {
    const std::scoped_lock hold(mutex_);
    over_ = stream_->take(text_) != net::event_stream::supply::more || over_;
    stream_->written();
    changed_.notify_all();
  }
  template <class Holds>
  bool wait(Holds holds) {
    std::unique_lock hold(mutex_);
    return changed_.wait_for(hold, std::chrono::seconds(30), holds);
  }

  const std::shared_ptr<net::event_stream> stream_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool over_ = false;
};

class events_test : public testing::Test {
 protected:
  events_test() {
    hub.bind(table);
    desk.start();
  }
  ~events_test() override {
    hub.close();
    desk.stop();
  }

  net::http_response call(std::string token, std::string query = "", std::string last = "") {
    net::http_request request;
    const auto shown = "Bearer " + token;
    request.raw_query = query;
    request.fields = {{"Authorization", shown}};
    if (!last.empty()) request.fields.push_back({"Last-Event-ID", last});
    request.remote_address = "192.0.2.1";
    request.request_id = "r";
    const auto run = before.guard(table.rows().at(0));
    boost::asio::io_context loop;
    const auto busy = boost::asio::make_work_guard(loop);
    auto reply = boost::asio::co_spawn(loop, run(request), boost::asio::use_future);
    while (reply.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
      loop.run_one_for(std::chrono::milliseconds(100));
    return reply.get();
  }
  std::unique_ptr<ear> listen(std::string token, std::string query = "", std::string last = "") {
    auto reply = call(std::move(token), std::move(query), std::move(last));
    if (reply.status != 200) throw std::runtime_error("refused: " + std::to_string(reply.status));
    return std::make_unique<ear>(std::get<std::shared_ptr<net::event_stream>>(reply.body));
  }
  int refused(std::string token, std::string query = "", std::string last = "") {
    return call(std::move(token), std::move(query), std::move(last)).status;
  }

  test::manual_clock clock;
  test::fake_news news;
  test::token_identities identities;
  newsroom desk{test::fake_news::sources(),
                [this](auto told) { return news.subscribe(std::move(told)); },
                [this](auto since, auto limit) { return news.page(since, limit); }, clock};
  event_hub hub{desk, identities, clock};
  accounts::tier_table tiers;
  gate before{{identities, tiers, nullptr, nullptr}};
  endpoint_table table;
};

TEST_F(events_test, a_caller_hears_of_his_own_things_and_of_no_others) {
  const auto ana = listen("ana"), bob = listen("bob"), olga = listen("olga/operator");
  news.progress("bob-1", 10);
  news.progress("a", 20);
  news.add(event_type::completed, "bob-1", 0, R"({"duration":5})");
  news.add(event_type::completed, "a", 0, "{}");
  EXPECT_TRUE(ana->until("id: 4\n"));
  EXPECT_TRUE(bob->until("id: 3\nevent: generation:complete\n"));
  EXPECT_THAT(ana->text(), Not(HasSubstr("bob-1")));
  EXPECT_THAT(bob->text(), Not(HasSubstr("\"generationId\":\"a\"")));
  const auto later = listen("olga/operator", "all=true", "1");
  EXPECT_TRUE(later->until("id: 4\n"));
  EXPECT_THAT(olga->text(), Not(HasSubstr("generation")));
}

TEST_F(events_test, each_progress_is_told_and_not_only_the_latest) {
  const auto ana = listen("ana");
  for (int n = 1; n <= 20; ++n) news.progress("a", n);
  EXPECT_TRUE(ana->until("id: 20\n"));
  EXPECT_EQ(ana->count("event: generation:progress"), 20u);
}

TEST_F(events_test, who_comes_back_hears_what_he_missed_once_and_nobody_elses) {
  const auto steady = listen("ana");
  news.progress("a", 10);
  news.progress("bob-1", 10);
  news.progress("a", 20);
  ASSERT_TRUE(steady->until("id: 3\n"));
  const auto ana = listen("ana", "", "1");
  news.progress("bob-1", 30);
  news.progress("a", 40);
  ASSERT_TRUE(ana->until("id: 5\n"));
  EXPECT_EQ(ana->count("id: "), 2u) << ana->text();
  EXPECT_THAT(ana->text(), HasSubstr("id: 3\n"));
  EXPECT_EQ(ana->count("event: gap"), 0u);
}

TEST_F(events_test, what_another_server_told_before_is_not_told_again) {
  news.progress("a", 10);
  const auto ana = listen("ana", "", "3");
  for (int n = 2; n <= 4; ++n) news.progress("a", n * 10);
  ASSERT_TRUE(ana->until("id: 4\n"));
  EXPECT_EQ(ana->count("id: "), 1u);
}

TEST_F(events_test, a_hole_is_told) {
  const auto steady = listen("ana");
  for (int n = 1; n <= 3; ++n) news.progress("a", n);
  ASSERT_TRUE(steady->until("id: 3\n"));
  news.forget_until(2);
  const auto ana = listen("ana", "", "1");
  EXPECT_TRUE(ana->until("event: gap\n"));
  EXPECT_TRUE(ana->until("id: 3\n"));
  news.progress("lost-1", 1);
  EXPECT_TRUE(steady->until("event: gap\n"));
}

TEST_F(events_test, topics_choose_among_what_one_may_hear) {
  const auto one = listen("ana", "topics=generation:a,generation:c");
  const auto watching = listen("vera/viewer", "topics=generation:a");
  news.progress("b", 10);
  news.progress("a", 20);
  EXPECT_TRUE(one->until("id: 2\n"));
  EXPECT_TRUE(watching->until("id: 2\n"));
  EXPECT_EQ(one->count("id: "), 1u);
  EXPECT_EQ(refused("ana", "topics=generation:a,generation:bob-1"), 404);
  EXPECT_EQ(refused("ana", "topics=generation:none"), 404);
  for (const char* wrong : {"topics=rooms:1", "topics=", "topics=,", "topics=generation:a&topics=b",
                            "user=bob", "all=yes"})
    EXPECT_EQ(refused("ana", wrong), 422) << wrong;
}

TEST_F(events_test, everything_is_for_those_who_read_the_consoles) {
  EXPECT_EQ(refused("ana", "all=true"), 403);
  const auto vera = listen("vera/viewer", "all=true"), own = listen("ana", "all=false");
  news.progress("bob-1", 10);
  news.progress("a", 10);
  EXPECT_TRUE(vera->until("id: 1\n"));
  EXPECT_TRUE(vera->until("id: 2\n"));
  EXPECT_TRUE(own->until("id: 2\n"));
  EXPECT_EQ(own->count("id: "), 1u);
}

TEST_F(events_test, a_stream_ends_when_what_was_shown_is_revoked) {
  const auto ana = listen("ana"), bob = listen("bob");
  identities.revoke({"ana", "another session"});
  identities.revoke({"bob", "s-bob"});
  EXPECT_TRUE(bob->until_over());
  news.progress("a", 10);
  EXPECT_TRUE(ana->until("id: 1\n"));
  identities.revoke({"ana", ""});
  EXPECT_TRUE(ana->until_over());
}

TEST_F(events_test, who_is_revoked_on_the_way_in_is_refused) {
  identities.times_left = 1;  // the gate's
  EXPECT_EQ(refused("ana"), 401);
  identities.times_left = -1;
  const auto ana = listen("ana");
}

TEST_F(events_test, a_stream_ends_when_the_identity_expires) {
  identities.expires_at_ms = clock.now_ms() + 60'000;
  const auto ana = listen("ana");
  identities.expires_at_ms = 0;
  const auto bob = listen("bob");
  clock.advance(60'000);
  EXPECT_TRUE(ana->until_over());
  news.progress("bob-1", 10);
  EXPECT_TRUE(bob->until("id: 1\n"));
}

TEST_F(events_test, one_account_cannot_take_all_places) {
  std::vector<std::unique_ptr<ear>> open;
  for (std::size_t n = 0; n < event_streams_per_user_max; ++n) open.push_back(listen("ana"));
  EXPECT_EQ(refused("ana"), 429);
  EXPECT_NO_THROW(listen("bob"));
  open.pop_back();
  EXPECT_NO_THROW(listen("ana"));
}

TEST_F(events_test, who_only_looks_takes_no_place) {
  for (std::size_t n = 0; n < 2 * event_streams_per_user_max; ++n)
    ASSERT_EQ(call("ana").status, 200);
}

TEST_F(events_test, who_is_refused_takes_no_place) {
  for (std::size_t n = 0; n < 2 * event_streams_per_user_max; ++n)
    ASSERT_EQ(refused("ana", "topics=generation:none"), 404);
  EXPECT_NO_THROW(listen("ana"));
}

TEST_F(events_test, a_drain_ends_all_streams_and_opens_no_more) {
  const auto ana = listen("ana");
  hub.close();
  EXPECT_TRUE(ana->until_over());
  EXPECT_EQ(refused("ana"), 503);
}

TEST_F(events_test, without_a_newsroom_at_work_one_is_refused) {
  desk.stop();
  EXPECT_EQ(refused("ana"), 503);
}

}  // namespace
}  // namespace son1k::api
