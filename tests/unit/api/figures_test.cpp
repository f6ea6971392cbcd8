#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/metrics.hpp"
#include "api/parameters.hpp"
#include "api/queue_limits.hpp"
#include "api/queue_meter.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace {

constexpr std::int64_t minute = 60'000;

queue::run_record run_at(std::int64_t ended_ms) {
  queue::run_record out;
  out.ready_at_ms = ended_ms - 300;
  out.started_at_ms = ended_ms - 200;
  out.ended_at_ms = ended_ms;
  return out;
}

TEST(queue_figures, each_end_is_counted_once_and_in_its_place) {
  queue_figures figures;
  auto run = run_at(10 * minute);
  figures.note(run);
  run.state = queue::job_state::failed;
  figures.note(run);
  run.cancelled = true;
  figures.note(run);
  auto again = run_at(10 * minute);
  again.ended = false;
  again.state = queue::job_state::delayed;
  again.error = queue::job_error{"x", "x", true};
  figures.note(again);
  again.stalled = true;
  figures.note(again);
  EXPECT_EQ(figures.completed, 1u);
  EXPECT_EQ(figures.failed, 1u);
  EXPECT_EQ(figures.cancelled, 1u);
  EXPECT_EQ(figures.retried, 1u);
  EXPECT_EQ(figures.stalled, 1u);
  EXPECT_EQ(figures.run_seconds.values().count(), 5u);
  EXPECT_NEAR(figures.wait_seconds.values().sum, 0.5, 1e-9);
}

TEST(queue_figures, a_job_that_never_ran_has_no_times) {
  queue_figures figures;
  queue::run_record expired;
  expired.ended_at_ms = minute;
  expired.state = queue::job_state::failed;
  figures.note(expired);
  EXPECT_EQ(figures.failed, 1u);
  EXPECT_EQ(figures.run_seconds.values().count(), 0u);
}

TEST(queue_figures, the_last_hour_forgets_what_is_older) {
  queue_figures figures;
  figures.note_added(100 * minute);
  figures.note(run_at(100 * minute + 1));
  figures.note_added(130 * minute);
  EXPECT_EQ(figures.recent(130 * minute, 59).added, 2u);
  EXPECT_EQ(figures.recent(130 * minute, 59).completed, 1u);
  EXPECT_EQ(figures.recent(130 * minute, 1).added, 1u);
  EXPECT_EQ(figures.recent(160 * minute, 59).added, 1u);
  // Minute 164 takes the slot of minute 100.
  figures.note_added(164 * minute);
  EXPECT_EQ(figures.recent(164 * minute, 59).added, 2u);
}

TEST(http_meter, requests_count_by_route_method_and_status) {
  net::router routes;
  const auto handler = net::sync_handler([](net::http_request&) { return net::http_response(); });
  routes.add_all(
      {{net::http_method::get, "/a/:id", handler}, {net::http_method::post, "/a/:id", handler}});
  http_meter meter(routes);
  const auto saw = [&meter](net::http_method method, std::string_view route, int status) {
    net::http_request request;
    request.method = method;
    request.route = route;
    net::request_report report;
    report.request = &request;
    report.status = status;
    report.took = std::chrono::microseconds(80);
    meter.observe(report);
  };
  saw(net::http_method::get, "/a/:id", 200);
  saw(net::http_method::head, "/a/:id", 200);
  saw(net::http_method::post, "/a/:id", 299);
  saw(net::http_method::get, "", 404);
  std::vector<metrics::family> out;
  meter.collect(out);
  const auto text = metrics::to_text(out);
  for (const auto* line : {"{route=\"/a/:id\",method=\"GET\",code=\"200\"} 2\n",
                           "{route=\"/a/:id\",method=\"POST\",code=\"other\"} 1\n",
                           "{route=\"none\",method=\"any\",code=\"404\"} 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(queue_limits, come_back_as_they_were_given) {
  const auto given = parse_json(
      R"({"concurrency":4,"rate":{"max":10,"duration":60000},
          "eachGroup":{"concurrency":1,"rate":null},"ageing":0})");
  const auto limits = read_queue_limits(*given);
  ASSERT_TRUE(limits) << limits.error().what();
  EXPECT_EQ(boost::json::value(to_json(*limits)), *given);
  const auto none = read_queue_limits(boost::json::object());
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, queue::queue_limits());
}

TEST(parameters, unknown_double_and_wrong_ones_are_named) {
  const auto problem = [](std::string_view query) {
    net::http_request request;
    request.raw_query = query;
    parameters in(request);
    in.text("q");
    in.integer("limit", 1, 100);
    const auto ok = in.finish();
    return ok ? std::string() : ok.error().field;
  };
  EXPECT_EQ(problem("q=a%20b&limit=100"), "");
  EXPECT_EQ(problem("limit=101"), "limit");
  EXPECT_EQ(problem("limit=1x"), "limit");
  EXPECT_EQ(problem("sort=x"), "sort");
  EXPECT_EQ(problem("q=a&q=b"), "q");
}

}  // namespace
}  // namespace son1k::api
