// What is sent to Redis: a command as one buffer of bytes, and a Lua script with its digest.
// Values; not thread-safe but for reading.
#pragma once
#include <charconv>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace son1k::net {

// Words are appended in their encoded form, so a command costs one growing buffer:
//   redis_command("XADD", stream, "*", "at", now_ms), or word by word with add()
class redis_command {
 public:
  redis_command() = default;
  // Texts and whole numbers in any mixture, also as {"SET", key, 1}. Not an initializer_list: g++
  // 12 cannot compile one within a co_await.
  template <class... Words>
  redis_command(std::string_view name, const Words&... words) {
    add(name);
    (add(words), ...);
  }
  redis_command(const std::vector<std::string>& words) {
    std::size_t bytes = 0;
    for (const auto& word : words) bytes += word.size() + 16;
    reserve(bytes);
    for (const auto& word : words) add(std::string_view(word));
  }

  redis_command& add(std::string_view word);
  redis_command& add(std::integral auto number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  void reserve(std::size_t bytes) { body_.reserve(bytes); }

  bool empty() const { return words_ == 0; }
  // The first word.
  std::string_view name() const;
  // Of the encoded form, near enough for bounds.
  std::size_t size() const { return body_.size() + 16; }
  void write_to(std::string& out) const;

 private:
  std::uint32_t words_ = 0;
  std::string body_;
};

// A Lua script; copies share its text. Make each once, as a constant.
class redis_script {
 public:
  explicit redis_script(std::string_view lua);

  const std::string& lua() const { return data_->lua; }
  const std::string& sha1() const { return data_->sha1; }  // 40 hexadecimal digits
  // EVALSHA with these keys and arguments.
  redis_command run(std::span<const std::string> keys, std::span<const std::string> args) const;
  // EVALSHA whose `keys` keys and then the arguments are added by the caller.
  redis_command run(std::size_t keys) const;

 private:
  struct data {
    std::string lua;
    std::string sha1;
  };
  std::shared_ptr<const data> data_;
};

}  // namespace son1k::net
