#include "net/redis/redis_command.hpp"

#include <openssl/sha.h>

namespace son1k::net {
namespace {

void put_length(std::string& out, char mark, std::size_t n) {
  char line[24];
  line[0] = mark;
  char* end = std::to_chars(line + 1, line + sizeof line - 2, n).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append(line, static_cast<std::size_t>(end - line));
}

std::string hex_sha1(std::string_view text) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

}  // namespace

redis_command& redis_command::add(std::string_view word) {
  ++words_;
  put_length(body_, '$', word.size());
  body_.append(word);
  body_.append("\r\n", 2);
  return *this;
}

std::string_view redis_command::name() const {
  const std::string_view body(body_);
  const auto begin = body.find('\n');
  if (begin == std::string_view::npos) return {};
  return body.substr(begin + 1, body.find("\r\n", begin) - begin - 1);
}

void redis_command::write_to(std::string& out) const {
  put_length(out, '*', words_);
  out.append(body_);
}

redis_script::redis_script(std::string_view lua)
    : data_(std::make_shared<const data>(data{std::string(lua), hex_sha1(lua)})) {}

redis_command redis_script::run(std::span<const std::string> keys,
                                std::span<const std::string> args) const {
  std::size_t bytes = 96;
  for (const auto& key : keys) bytes += key.size() + 16;
  for (const auto& arg : args) bytes += arg.size() + 16;
  redis_command out;
  out.reserve(bytes);
  out.add("EVALSHA").add(sha1()).add(keys.size());
  for (const auto& key : keys) out.add(std::string_view(key));
  for (const auto& arg : args) out.add(std::string_view(arg));
  return out;
}

redis_command redis_script::run(std::size_t keys) const {
  return std::move(redis_command("EVALSHA").add(sha1()).add(keys));
}

}  // namespace son1k::net
