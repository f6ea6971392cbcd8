// Base64 (RFC 4648): section 4 with padding, and section 5 without.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace son1k {

void append_base64(std::string& out, std::string_view bytes);
// Nothing: not base64. Padding may be absent at the end, as in what browsers send.
std::optional<std::string> from_base64(std::string_view text);

// The alphabet of addresses and tokens (section 5, "base64url"), never with padding.
void append_base64url(std::string& out, std::string_view bytes);
// Nothing: not exactly what append_base64url() writes for some bytes. So bytes have one text.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace son1k
