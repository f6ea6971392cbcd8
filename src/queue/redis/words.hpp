// The arguments of a script as a list of texts, and as one text that can be stored and given again.
#pragma once
#include <boost/algorithm/hex.hpp>
#include <boost/algorithm/string/classification.hpp>
#include <charconv>
#include <concepts>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.hpp"

namespace son1k::queue::redis {

class words {
 public:
  words& add(std::string_view word) {
    all_.emplace_back(word);
    return *this;
  }
  words& add(std::integral auto number) {
    if constexpr (std::same_as<decltype(number), bool>) {
      all_.emplace_back(number ? "1" : "0");
    } else {
      all_.push_back(std::to_string(number));
    }
    return *this;
  }
  words& append(words other) {
    all_.insert(all_.end(), std::make_move_iterator(other.all_.begin()),
                std::make_move_iterator(other.all_.end()));
    return *this;
  }
  const std::vector<std::string>& all() const { return all_; }
  std::string& at(std::size_t n) { return all_[n]; }

  // Netstrings, one after the other; in hexadecimal, behind an x, where that is no UTF-8 or has a
  // zero character, which not every database keeps.
  std::string packed() const {
    std::size_t bytes = 0;
    for (const auto& word : all_) bytes += word.size() + 8;
    std::string out;
    out.reserve(bytes);
    for (const auto& word : all_)
      out.append(std::to_string(word.size())).append(1, ':').append(word);
    const bool plain = count_code_points(out) && out.find('\0') == std::string::npos;
    return plain ? out : 'x' + boost::algorithm::hex(out);
  }
  static std::optional<words> unpack(std::string_view text) {
    words out;
    std::string bytes;
    if (text.starts_with('x')) {
      if (text.size() % 2 == 0) return std::nullopt;
      for (const char c : text.substr(1)) {
        if (!boost::algorithm::is_xdigit()(c)) return std::nullopt;
      }
      boost::algorithm::unhex(text.begin() + 1, text.end(), std::back_inserter(bytes));
      text = bytes;
    }
    while (!text.empty()) {
      std::size_t size = 0;
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), size);
      const auto digits = static_cast<std::size_t>(end - text.data());
      if (ec != std::errc() || digits >= text.size() || *end != ':') return std::nullopt;
      text.remove_prefix(digits + 1);
      if (size > text.size()) return std::nullopt;
      out.add(text.substr(0, size));
      text.remove_prefix(size);
    }
    return out;
  }

 private:
  std::vector<std::string> all_;
};

}  // namespace son1k::queue::redis
