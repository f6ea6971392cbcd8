#include "app/version.hpp"

namespace son1k::app {

const std::string_view version = SON1K_VERSION;

}  // namespace son1k::app
