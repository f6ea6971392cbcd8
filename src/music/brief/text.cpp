#include "music/brief/text.hpp"

#include <string>

namespace son1k::music {
namespace {

bool digit(char32_t c) {
  return c >= U'0' && c <= U'9';
}

bool blank(char32_t c) {
  return c <= 0x20 || c == 0x7F || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x2060 || c == 0x3000 || c == 0xFEFF;
}

bool ends_clause(char32_t c) {
  return c == U',' || c == U';' || c == U'.' || c == U'(' || c == U')' || c == U'!' || c == U'?' ||
         c == U':' || c == U'\n' || c == U'|' || c == U'[' || c == U']';
}

// Reads digits with at most one decimal point; at most nine digits count.
double read_number(const std::vector<char32_t>& t, std::size_t& i, std::string& digits) {
  double value = 0.0;
  for (; i < t.size() && digit(t[i]); ++i) {
    digits += static_cast<char>(t[i]);
    value = digits.size() > 9 ? 1e9 : value * 10 + static_cast<double>(t[i] - U'0');
  }
  if (i + 1 < t.size() && (t[i] == U'.' || t[i] == U',') && digit(t[i + 1])) {
    double part = 0.1;
    digits += '.';
    for (++i; i < t.size() && digit(t[i]); ++i, part /= 10) {
      digits += static_cast<char>(t[i]);
      value += part * static_cast<double>(t[i] - U'0');
    }
  }
  return value;
}

token read_numeric(const std::vector<char32_t>& t, std::size_t& i) {
  token n;
  n.what = token::kind::number;
  n.value = read_number(t, i, n.folded);
  if (i + 1 < t.size() && (t[i] == U'/' || t[i] == U':') && digit(t[i + 1])) {
    n.what = t[i] == U'/' ? token::kind::ratio : token::kind::clock;
    n.folded += static_cast<char>(t[i]);
    ++i;
    n.second = read_number(t, i, n.folded);
  }
  n.original = n.folded;
  return n;
}

}  // namespace

std::optional<std::vector<char32_t>> decode_utf8(std::string_view s) {
  std::vector<char32_t> out;
  for (std::size_t i = 0; i < s.size();) {
    const auto lead = static_cast<unsigned char>(s[i]);
    const int extra = lead < 0x80       ? 0
                      : lead >> 5 == 6  ? 1
                      : lead >> 4 == 14 ? 2
                      : lead >> 3 == 30 ? 3
                                        : -1;
    if (extra < 0 || i + static_cast<std::size_t>(extra) >= s.size()) {
      return std::nullopt;
    }
    char32_t c = extra == 0 ? lead : lead & (0x3FU >> extra);
    for (int k = 1; k <= extra; ++k) {
      const auto next = static_cast<unsigned char>(s[i + static_cast<std::size_t>(k)]);
      if (next >> 6 != 2) return std::nullopt;
      c = (c << 6) | (next & 0x3F);
    }
    constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (c < smallest[extra] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
      return std::nullopt;
    }
    out.push_back(c);
    i += static_cast<std::size_t>(extra) + 1;
  }
  return out;
}

std::string encode_utf8(const std::vector<char32_t>& text) {
  std::string out;
  const auto put = [&out](char32_t v) { out += static_cast<char>(v); };
  for (char32_t c : text) {
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | (c >> 6));
      put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      put(0xE0 | (c >> 12));
      put(0x80 | ((c >> 6) & 0x3F));
      put(0x80 | (c & 0x3F));
    } else {
      put(0xF0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3F));
      put(0x80 | ((c >> 6) & 0x3F));
      put(0x80 | (c & 0x3F));
    }
  }
  return out;
}

std::vector<char32_t> trim(std::vector<char32_t> text) {
  while (!text.empty() && blank(text.back())) text.pop_back();
  std::size_t first = 0;
  while (first < text.size() && blank(text[first])) ++first;
  text.erase(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(first));
  return text;
}

char32_t fold(char32_t c) {
  if (c >= U'A' && c <= U'Z') return c + 32;
  if ((c >= U'a' && c <= U'z') || digit(c) || c == U'#' || c == U'&') return c;
  if (c == 0x266F) return U'#';
  if (c == 0x266D) return U'b';
  constexpr std::u32string_view latin1 =
      U"aaaaaaaceeeeiiiidnooooo\0ouuuuytsaaaaaaaceeeeiiiidnooooo\0ouuuuyty";
  if (c >= 0xC0 && c <= 0xFF) return latin1[c - 0xC0];
  return c >= 0x100 && !blank(c) && (c < 0x2000 || c > 0x2BFF) && c < 0x1F000 ? c : 0;
}

std::vector<token> tokenize(const std::vector<char32_t>& t) {
  std::vector<token> tokens;
  for (std::size_t i = 0; i < t.size();) {
    if (digit(t[i])) {
      tokens.push_back(read_numeric(t, i));
      continue;
    }
    if (fold(t[i]) != 0) {
      std::vector<char32_t> folded;
      std::vector<char32_t> original;
      for (; i < t.size() && !digit(t[i]); ++i) {
        // "don't" is one word; a combining accent belongs to the letter before it.
        if (t[i] == U'\'' || t[i] == 0x2019 || (t[i] >= 0x300 && t[i] <= 0x36F)) continue;
        if (fold(t[i]) == 0) break;
        folded.push_back(fold(t[i]));
        original.push_back(t[i]);
      }
      token w;
      w.folded = encode_utf8(folded);
      w.original = encode_utf8(original);
      tokens.push_back(std::move(w));
      continue;
    }
    if (ends_clause(t[i]) && !tokens.empty() && tokens.back().what != token::kind::stop) {
      token stop;
      stop.what = token::kind::stop;
      stop.used = true;
      tokens.push_back(std::move(stop));
    }
    ++i;
  }
  return tokens;
}

}  // namespace son1k::music
