// The program's version, as the build knows it.
#pragma once
#include <string_view>

namespace son1k::app {

extern const std::string_view version;

}  // namespace son1k::app
