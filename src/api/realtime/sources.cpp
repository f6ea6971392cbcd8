// What clients can follow: a row a kind of thing.
#include "api/realtime/sources.hpp"

#include <boost/json/serialize.hpp>

#include "api/generation.hpp"
#include "api/generation_events.hpp"
#include "api/generation_records.hpp"
#include "api/queues.hpp"
#include "api/realtime/live_events.hpp"
#include "api/workers.hpp"
#include "store/async.hpp"

namespace son1k::api {

std::vector<news_source> all_news_sources(const services& with) {
  auto* database = &with.database;
  const auto owner = [database](const std::string& id) -> result<std::string> {
    return store::read_and_wait(*database, [id](store::connection& db) -> result<std::string> {
      return owner_of_generation(db, id);
    });
  };
  return {{"generation", std::string(generation_queue), generation_event, owner}};
}

std::unique_ptr<newsroom> make_newsroom(const services& with) {
  auto* queue = &with.queue;
  return std::make_unique<newsroom>(
      all_news_sources(with), [queue](auto told) { return queue->subscribe(std::move(told)); },
      [queue](auto since, auto limit) { return queue->events(since, limit); }, with.clock);
}

watched_facts watch_operations(const services& with) {
  const std::string now = iso_time(with.clock.now_ms()).chars;
  watched_facts out;
  if (auto queues = list_queues(with)) {
    out.emplace_back("queue:stats", boost::json::serialize(boost::json::object{
                                        {"at", now}, {"queues", std::move(*queues)}}));
  }
  out.emplace_back("worker:state", boost::json::serialize(boost::json::object{
                                       {"at", now}, {"workers", list_workers(with)}}));
  return out;
}

}  // namespace son1k::api
