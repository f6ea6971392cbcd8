// Empty databases for contract suites that run over both kinds of them.
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "store/database.hpp"

namespace son1k::test {

// "sqlite": one in the folder. "postgres": a new one on a server that the program starts at the
// first call and ends with itself, open `nodes` times, as by so many processes. Not migrated.
// Nothing where PostgreSQL is not installed.
std::vector<std::unique_ptr<store::database>> open_fresh(const std::string& kind,
                                                         const std::filesystem::path& folder,
                                                         std::size_t nodes = 1);

}  // namespace son1k::test
