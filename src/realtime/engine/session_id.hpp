// Ids of Engine.IO sessions. One names its reactor and its node, so that a poll finds them wherever
// it lands; what makes it unguessable is random. Thread-safe.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace son1k::realtime {

std::string new_session_id(std::size_t reactor, std::string_view node);

struct session_place {
  std::size_t reactor = 0;
  std::string_view node;  // within the id
};
// Nothing: no id of ours, whatever the node.
std::optional<session_place> read_session_id(std::string_view id);

}  // namespace son1k::realtime
