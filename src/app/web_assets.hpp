// The files of the web app, as the build put them into the program (cmake/web.cmake writes
// web_assets.cpp). Static storage.
#pragma once
#include <span>

#include "api/web_page.hpp"

namespace son1k::app {

std::span<const api::web_asset> web_assets();

}  // namespace son1k::app
