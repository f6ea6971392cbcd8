#include "net/redis/redis_reply_reader.hpp"

#include <hiredis/read.h>

#include <new>

namespace son1k::net {

void redis_reply_reader::closer::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

redis_reply_reader::redis_reply_reader(std::size_t bytes_max) : bytes_max_(bytes_max) {
  static redisReplyObjectFunctions functions{on_bytes, on_array, on_number, on_nil, on_free};
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  if (!reader_) throw std::bad_alloc();
  reader_->privdata = this;
}

redis_reply_reader::~redis_reply_reader() = default;

void redis_reply_reader::feed(std::string_view bytes) {
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

result<std::optional<redis_value>> redis_reply_reader::next() {
  void* whole = nullptr;
  const int outcome = redisReaderGetReply(reader_.get(), &whole);
  if (outcome == REDIS_OK && whole != nullptr) {
    held_ = 0;
    std::optional<redis_value> out(std::move(root_));
    root_ = redis_value();
    return out;
  }
  if (too_large_ || reader_->len - reader_->pos > bytes_max_) {
    const auto bound = std::to_string(bytes_max_ / 1024);
    return error(errc::payload_too_large, "redis",
                 {"a reply of Redis is larger than " + bound + " KiB",
                  "una respuesta de Redis ocupa más de " + bound + " KiB"});
  }
  if (outcome != REDIS_OK) {
    return error(errc::malformed, "redis",
                 {"what answered does not speak Redis's protocol",
                  "lo que respondió no habla el protocolo de Redis"});
  }
  return std::optional<redis_value>();
}

redis_value* redis_reply_reader::place(const redisReadTask* task, std::size_t bytes) {
  auto* self = static_cast<redis_reply_reader*>(task->privdata);
  self->held_ += bytes;
  if (self->held_ > self->bytes_max_) {
    self->too_large_ = true;
    return nullptr;
  }
  if (task->parent == nullptr) return &self->root_;
  auto* above = static_cast<redis_value*>(task->parent->obj);
  return &std::get<std::vector<redis_value>>(above->data_)[static_cast<std::size_t>(task->idx)];
}

void* redis_reply_reader::on_bytes(const redisReadTask* task, char* bytes, std::size_t size) {
  auto* at = place(task, size);
  if (at == nullptr) return nullptr;
  at->type_ = task->type == REDIS_REPLY_ERROR    ? redis_type::error
              : task->type == REDIS_REPLY_STATUS ? redis_type::status
                                                 : redis_type::text;
  at->data_.emplace<std::string>(bytes, size);
  return at;
}

void* redis_reply_reader::on_array(const redisReadTask* task, int count) {
  const auto n = static_cast<std::size_t>(count < 0 ? 0 : count);
  auto* at = place(task, n * sizeof(redis_value));
  if (at == nullptr) return nullptr;
  at->type_ = redis_type::array;
  at->data_.emplace<std::vector<redis_value>>(n);
  return at;
}

void* redis_reply_reader::on_number(const redisReadTask* task, long long number) {
  auto* at = place(task, 0);
  if (at == nullptr) return nullptr;
  at->type_ = redis_type::integer;
  at->data_.emplace<std::int64_t>(number);
  return at;
}

void* redis_reply_reader::on_nil(const redisReadTask* task) {
  auto* at = place(task, 0);
  if (at != nullptr) at->type_ = redis_type::nil;
  return at;
}

// The values are the reader's own: a reply that broke off goes with the next one or with it.
void redis_reply_reader::on_free(void*) {}

}  // namespace son1k::net
