// What clients of this program can follow, and what the newsroom of a server is made of.
#pragma once
#include <memory>
#include <vector>

#include "api/realtime/newsroom.hpp"
#include "api/services.hpp"

namespace son1k::api {

std::vector<news_source> all_news_sources(const services& with);

// Over the queue of the services, which outlive it.
std::unique_ptr<newsroom> make_newsroom(const services& with);

}  // namespace son1k::api
