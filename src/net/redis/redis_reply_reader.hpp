// Bytes in, replies out: hiredis's reader, building redis_value directly. No I/O. Not thread-safe.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "net/redis/redis_value.hpp"

struct redisReader;
struct redisReadTask;

namespace son1k::net {

class redis_reply_reader {
 public:
  // A reply of more than `bytes_max` (its values' memory or its encoded form) is an error.
  explicit redis_reply_reader(std::size_t bytes_max);
  ~redis_reply_reader();
  redis_reply_reader(const redis_reply_reader&) = delete;
  redis_reply_reader& operator=(const redis_reply_reader&) = delete;

  void feed(std::string_view bytes);
  // The next whole reply, nothing when more bytes are needed. After an error (malformed: what came
  // is not the protocol · payload_too_large) only a new reader helps.
  result<std::optional<redis_value>> next();

 private:
  static void* on_bytes(const redisReadTask* task, char* bytes, std::size_t size);
  static void* on_array(const redisReadTask* task, int count);
  static void* on_number(const redisReadTask* task, long long number);
  static void* on_nil(const redisReadTask* task);
  static void on_free(void* value);
  // Where the value of a task stands; null beyond the bound.
  static redis_value* place(const redisReadTask* task, std::size_t bytes);

  struct closer {
    void operator()(redisReader* reader) const;
  };
  const std::size_t bytes_max_;
  std::unique_ptr<redisReader, closer> reader_;
  redis_value root_;
  std::size_t held_ = 0;  // memory of the reply that is being built
  bool too_large_ = false;
};

}  // namespace son1k::net
