#include "queue/history/fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace son1k::queue {
namespace {

constexpr std::size_t message_bytes_max = 2'000;
constexpr std::size_t hex_digits_min = 8;  // a shorter run of hexadecimal digits is a word
constexpr std::size_t id_length_min = 16;  // of a word of letters and digits that names a thing
constexpr std::string_view quotes = "\"'`";
constexpr std::string_view opening = "([{<\"'`=,;";
constexpr std::string_view closing = ")]}>\"'`,;:.!?";

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool word_char(char c) {
  return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool hex_digit(char c) {
  return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool any_digit(std::string_view word) {
  return std::any_of(word.begin(), word.end(), digit);
}

// Quoted texts first, for they may hold spaces. A quote opens at the edge of a word only, so that
// an apostrophe does not.
std::string without_quoted(std::string_view message) {
  std::string out;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const bool opens =
        quotes.find(message[i]) != std::string_view::npos && (i == 0 || !word_char(message[i - 1]));
    auto end = opens ? message.find(message[i], i + 1) : std::string_view::npos;
    while (end != std::string_view::npos && end + 1 < message.size() &&
           word_char(message[end + 1])) {
      end = message.find(message[i], end + 1);
    }
    if (end == std::string_view::npos) {
      out += message[i];
      continue;
    }
    out += "<text>";
    i = end;
  }
  return out;
}

bool is_address(std::string_view word) {
  if (word.find("://") != std::string_view::npos) return true;
  if (const auto at = word.find('@'); at != std::string_view::npos && at > 0) {
    return word.find('.', at) != std::string_view::npos;
  }
  // 10.0.0.1, 10.0.0.1:80, [::1]:80, host.example:443
  const auto colon = word.rfind(':');
  const bool port =
      colon != std::string_view::npos && colon + 1 < word.size() && colon > 0 &&
      std::all_of(word.begin() + static_cast<std::ptrdiff_t>(colon) + 1, word.end(), digit);
  const auto host = port ? word.substr(0, colon) : word;
  const bool numeric =
      std::count(host.begin(), host.end(), '.') == 3 &&
      std::all_of(host.begin(), host.end(), [](char c) { return digit(c) || c == '.'; });
  const bool six = std::count(host.begin(), host.end(), ':') >= 2 &&
                   std::all_of(host.begin(), host.end(), [](char c) {
                     return hex_digit(c) || c == ':' || c == '[' || c == ']';
                   });
  const bool named = port && word_char(host.back()) && !any_digit(host.substr(0, 1)) &&
                     (host.find('.') != std::string_view::npos || host == "localhost");
  return numeric || six || named;
}

bool is_path(std::string_view word) {
  if (word.size() > 2 && word[1] == ':' && (word[2] == '\\' || word[2] == '/')) return true;
  if (word.starts_with("~/") || word.starts_with("./") || word.starts_with("../")) return true;
  return word.size() > 1 && word[0] == '/' && word_char(word[1]);
}

bool is_identifier(std::string_view word) {
  if (word.starts_with("0x") && word.size() > 2) {
    return std::all_of(word.begin() + 2, word.end(), hex_digit);
  }
  const bool hex =
      std::all_of(word.begin(), word.end(), [](char c) { return hex_digit(c) || c == '-'; });
  if (hex && word.size() >= hex_digits_min && any_digit(word)) {
    // Not a plain number, date or range of numbers.
    return std::any_of(word.begin(), word.end(),
                       [](char c) { return hex_digit(c) && !digit(c); }) ||
           word.size() >= 32;
  }
  const bool solid = std::all_of(word.begin(), word.end(),
                                 [](char c) { return word_char(c) || c == '-' || c == '_'; });
  return solid && word.size() >= id_length_min &&
         std::count_if(word.begin(), word.end(), digit) > 2;
}

// Digits, with a sign before and with points or separators between them, become <n>.
void append_without_numbers(std::string& out, std::string_view word) {
  for (std::size_t i = 0; i < word.size();) {
    if (!digit(word[i])) {
      out += word[i++];
      continue;
    }
    while (i < word.size() &&
           (digit(word[i]) || ((word[i] == '.' || word[i] == ',' || word[i] == ':') &&
                               i + 1 < word.size() && digit(word[i + 1])))) {
      ++i;
    }
    if (!out.empty() && (out.back() == '-' || out.back() == '+') &&
        (out.size() == 1 || out[out.size() - 2] == ' ')) {
      out.pop_back();
    }
    out += "<n>";
  }
}

void append_word(std::string& out, std::string_view word) {
  if (word[0] == '[' && is_address(word)) {
    out += "<address>";
    return;
  }
  const auto begin = std::min(word.find_first_not_of(opening), word.size());
  const auto last = word.find_last_not_of(closing);
  const auto end = last == std::string_view::npos || last < begin ? begin : last + 1;
  const auto core = word.substr(begin, end - begin);
  out += word.substr(0, begin);
  if (is_address(core)) {
    out += "<address>";
  } else if (is_path(core)) {
    out += "<path>";
  } else if (const auto equals = core.find_first_of("=:"); equals != std::string_view::npos &&
                                                           equals > 0 && !digit(core[0]) &&
                                                           equals + 1 < core.size()) {
    append_without_numbers(out, core.substr(0, equals + 1));
    append_word(out, core.substr(equals + 1));
  } else if (is_identifier(core)) {
    out += "<id>";
  } else {
    append_without_numbers(out, core);
  }
  out += word.substr(end);
}

}  // namespace

std::string general_form(std::string_view message) {
  const auto plain = without_quoted(message.substr(0, message_bytes_max));
  std::string out;
  constexpr std::string_view spaces = " \t\r\n\v\f";
  for (std::size_t at = 0;;) {
    at = plain.find_first_not_of(spaces, at);
    if (at == std::string::npos) return out;
    const auto end = std::min(plain.find_first_of(spaces, at), plain.size());
    if (!out.empty()) out += ' ';
    append_word(out, std::string_view(plain).substr(at, end - at));
    at = end;
  }
}

std::string fingerprint_of(std::string_view queue, std::string_view kind, std::string_view code,
                           std::string_view message) {
  constexpr std::string_view mark("\0", 1);
  auto h = hash_of(queue);
  for (const auto part : {kind, code}) h = hash_of(part, hash_of(mark, h));
  return fmt::format("{:016x}", hash_of(general_form(message), hash_of(mark, h)));
}

}  // namespace son1k::queue
