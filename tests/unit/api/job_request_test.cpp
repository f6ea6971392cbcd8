#include "api/job_request.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace son1k::api {
namespace {

result<queue::job_spec> read(const std::string& body) {
  auto parsed = parse_jobs_body(body);
  if (!parsed) return parsed.error();
  return read_job(*parsed);
}

TEST(job_request, every_option_arrives_and_comes_back) {
  const auto job = read(R"({"queue":"q","kind":"k","id":"a:b:c","user":"ana",
    "data":{"n":[1,"x"]},
    "options":{"priority":5,"delay":10,"attempts":7,
     "backoff":{"type":"fixed","delay":3,"jitter":0.5},
      "timeout":4,"expiresIn":9,"keepCompleted":{"age":0,"count":0},"keepFailed":{"count":8},
      "keepLogs":2,"group":"g","dedup":{"id":"d","ttl":6,"extend":true,"replace":true},
      "onFailure":"hold","traceparent":"t"}})");
  ASSERT_TRUE(job) << job.error().what();
  EXPECT_EQ(job->queue, "q");
  EXPECT_EQ(job->kind, "k");
  EXPECT_EQ(job->id, "a:b:c");
  EXPECT_EQ(job->user, "ana");
  EXPECT_EQ(job->data, R"({"n":[1,"x"]})");
  const auto& o = job->options;
  EXPECT_EQ(o.priority, 5);
  EXPECT_EQ(o.attempts, 7);
  EXPECT_EQ(o.backoff.kind, queue::backoff_kind::fixed);
  EXPECT_EQ(o.backoff.delay_ms, 3);
  EXPECT_EQ(o.keep_completed.age_ms, 0);
  EXPECT_EQ(o.keep_failed.count, 8);
  EXPECT_EQ(o.keep_failed.age_ms, queue::job_options().keep_failed.age_ms);
  EXPECT_EQ(o.on_failure, queue::child_failure::hold);
  const boost::json::value written = to_json(o);
  auto again = read_job_options(written);
  ASSERT_TRUE(again) << again.error().what();
  EXPECT_EQ(boost::json::value(to_json(*again)), written);
  EXPECT_EQ(written.as_object().size(), 13u);
}

TEST(job_request, a_backoff_that_is_a_number_is_a_fixed_wait) {
  const auto job = read(R"({"queue":"q","kind":"k","options":{"backoff":250}})");
  ASSERT_TRUE(job) << job.error().what();
  EXPECT_EQ(job->options.backoff.kind, queue::backoff_kind::fixed);
  EXPECT_EQ(job->options.backoff.delay_ms, 250);
}

TEST(job_request, a_child_without_a_queue_is_of_its_parents) {
  const auto job = read(R"({"queue":"q","kind":"k","children":[
    {"kind":"a"},{"queue":"other","kind":"b","children":[{"kind":"c"}]}]})");
  ASSERT_TRUE(job) << job.error().what();
  EXPECT_EQ(job->children[0].queue, "q");
  EXPECT_EQ(job->children[1].children[0].queue, "other");
  EXPECT_EQ(state_when_added(*job), queue::job_state::waiting_children);
}

TEST(job_request, data_may_be_wide_and_deep) {
  boost::json::object wide;
  for (int n = 0; n < 2'000; ++n) wide[std::to_string(n)] = n;
  const auto deep = std::string(60, '[') + std::string(60, ']');
  EXPECT_TRUE(read(R"({"queue":"q","kind":"k","data":)" + boost::json::serialize(wide) + "}"));
  EXPECT_TRUE(read(R"({"queue":"q","kind":"k","data":)" + deep + "}"));
}

struct wrong_row {
  const char* body;
  const char* field;
};
void PrintTo(const wrong_row& row, std::ostream* out) {
  *out << row.body;
}

class job_request_refuses : public testing::TestWithParam<wrong_row> {};
TEST_P(job_request_refuses, by_field) {
  const auto job = read(GetParam().body);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().field, GetParam().field) << job.error().what();
  EXPECT_FALSE(job.error().message.es.empty());
}
INSTANTIATE_TEST_SUITE_P(
    rows, job_request_refuses,
    testing::Values(
        wrong_row{R"({"kind":"k"})", "queue"}, wrong_row{R"({"queue":"q"})", "kind"},
        wrong_row{R"({"queue":"q","kind":"k","is_admin":1})", "is_admin"},
        wrong_row{R"({"queue":"q","kind":"k","options":[]})", "options"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"lifo":true}})", "options.lifo"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"priority":2097152}})", "options.priority"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"priority":9e12}})", "options.priority"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"priority":-1}})", "options.priority"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"attempts":0}})", "options.attempts"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"backoff":{"type":"x"}}})",
                  "options.backoff.type"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"backoff":{"jitter":2}}})",
                  "options.backoff.jitter"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"keepFailed":{"age":-1}}})",
                  "options.keepFailed.age"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"dedup":{"ttl":5}}})", "options.dedup.id"},
        wrong_row{R"({"queue":"q","kind":"k","options":{"onFailure":"shrug"}})",
                  "options.onFailure"},
        wrong_row{R"({"queue":"q","kind":"k","id":"12"})", "id"},
        wrong_row{R"({"queue":"q","kind":"k","id":"a/b"})", "id"},
        wrong_row{R"({"queue":"q","kind":"k","id":"a b"})", "id"},
        wrong_row{R"({"queue":"q","kind":"k","id":"a:b"})", "id"},
        wrong_row{R"({"queue":"q/r","kind":"k"})", "queue"},
        wrong_row{R"({"queue":"q","kind":"k","parent":{"id":"x"}})", "parent.queue"},
        wrong_row{R"({"queue":"q","kind":"k","children":{}})", "children"},
        wrong_row{R"({"queue":"q","kind":"k","children":[{}]})", "children[0].kind"},
        wrong_row{R"({"queue":"q","kind":"k","id":"r","children":[{"kind":"k","id":"r"}]})",
                  "children[0].id"},
        wrong_row{R"({"queue":"q","kind":"k","children":[{"kind":"k","options":{"delay":-1}}]})",
                  "children[0].options.delay"}));

TEST(job_request, many_jobs_name_the_wrong_one) {
  const auto parsed = parse_jobs_body(R"({"jobs":[{"queue":"q","kind":"k"},{"queue":"q"}]})");
  const auto jobs = read_jobs(*parsed);
  ASSERT_FALSE(jobs);
  EXPECT_EQ(jobs.error().field, "jobs[1].kind");
  EXPECT_EQ(read_jobs(*parse_jobs_body(R"({"jobs":[]})")).error().field, "jobs");
}

}  // namespace
}  // namespace son1k::api
