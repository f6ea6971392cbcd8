// Checks on UTF-8 text (RFC 3629).
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace son1k {

// The number of code points, or nothing if the bytes are not UTF-8 (overlong forms, surrogates and
// values over U+10FFFF are refused).
std::optional<std::size_t> count_code_points(std::string_view bytes);

// True if every code point is white space or a control character (ASCII, NBSP, U+2000–U+200B,
// U+2028, U+2029, U+202F, U+205F, U+3000, U+FEFF), so that nothing could be read. Valid UTF-8 only.
bool is_blank(std::string_view utf8);

// Shortens a text to at most `most` bytes, never inside a code point.
void cut_text(std::string& text, std::size_t most);

// Puts a question mark in place of zero characters and of bytes that are not UTF-8, which some
// databases refuse.
void keep_readable(std::string& text);

}  // namespace son1k
