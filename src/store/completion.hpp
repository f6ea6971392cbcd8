// The completions of base under the names that the database's callers use.
#pragma once
#include "base/completion.hpp"

namespace son1k::store {

using son1k::completion_batch;
using son1k::resume_soon;
using son1k::suspend_until_resumed;
using son1k::waiting;

}  // namespace son1k::store
