// What administrators do with accounts: find, make, change, disable, give a new password.
#pragma once
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

void bind_admin_users(endpoint_table& routes, const services& with);

}  // namespace son1k::api
