#include "contract/queue_redis/redis_backend.hpp"

namespace son1k::queue::test {

std::vector<backend_entry> backends() {
  // A machine without Redis has nothing to try it on; where everything must be tried, that fails.
  const char* everything = std::getenv("CI");
  const bool must = everything != nullptr && std::string_view(everything) == "true";
  if (!must && !son1k::test::redis_server::available()) return {};
  // The same cases on queues that are shared with workers of BullMQ: a run of its own.
  if (std::getenv("SON1K_TEST_SHARED") != nullptr)
    return {{"shared", [] { return make_redis_backend({false, true}); }}};
  return {{"redis", [] { return make_redis_backend({}); }}};
}

}  // namespace son1k::queue::test
