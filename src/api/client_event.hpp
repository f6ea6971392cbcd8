// What a client hears of a thing that is being made: a name, the topic it belongs to, facts.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>

namespace son1k::api {

struct client_event {
  enum class what : std::uint8_t {
    begins,    // anew: what was said before of an end or of progress does not hold
    progress,  // gives way to a later one
    ends,      // said once
  };
  std::string name;   // "generation:progress" | "generation:complete" | "generation:error"
  std::string topic;  // "generation:<id>"
  boost::json::object data;
  what kind = what::progress;
};

}  // namespace son1k::api
