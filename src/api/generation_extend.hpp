// POST /api/generation/:id/extend: a new piece that goes on where a finished one ends. Part of the
// resource generation.
#pragma once
#include <memory>
#include <string_view>

#include "api/endpoint.hpp"
#include "api/generation_request.hpp"
#include "api/pace.hpp"
#include "api/services.hpp"

namespace son1k::api {

// The request of the longer piece: `body` is {duration | bars, prompt?}, what is added to `before`,
// the request of the finished one. malformed, validation: the field is named; the whole may last
// 600 s and have 20 parts.
result<generation_request> read_extension(std::string_view body, generation_request before);

void bind_generation_extend(endpoint_table& routes, const services& with,
                            std::shared_ptr<pace> learnt);

}  // namespace son1k::api
