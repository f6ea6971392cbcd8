// UUID version 7 (RFC 9562 §5.7): 48 bits of UTC milliseconds, then a counter and random bits, so
// ids sort by creation and fall at the right edge of an index.
#pragma once
#include <string>
#include <string_view>

namespace son1k {

// A new id in its 36-character lower-case form. Thread-safe; each is above every one that
// this process made before it, on whichever thread.
std::string uuid_v7();

// True for the 36-character hexadecimal form of any UUID version, lower or upper case.
bool is_uuid(std::string_view text);

}  // namespace son1k
