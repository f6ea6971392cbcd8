// One generation followed to its end on a system that runs in this process.
#pragma once
#include <boost/json/object.hpp>
#include <filesystem>
#include <string>

#include "api/generation_request.hpp"
#include "app/system.hpp"
#include "base/error.hpp"

namespace son1k::app {

struct finished_generation {
  boost::json::object facts;    // the piece, see music::piece::to_json
  std::filesystem::path audio;  // in the data folder
};

// From here on an interrupt (SIGINT, SIGTERM) is noted instead of ending the program at once; call
// it before anything is opened that must be cleaned up.
void catch_interrupts();

// Submits the piece, starts the workers, shows the real progress and waits. An interrupt
// cancels the job. cancelled; or the error that the run ended with.
result<finished_generation> run_generation(running_system& system,
                                           const api::generation_request& request,
                                           const std::string& id, bool quiet);

// What was understood, key, tempo, form, loudness and speed, for a person.
void print_summary(const boost::json::object& facts, const std::filesystem::path& out);

}  // namespace son1k::app
