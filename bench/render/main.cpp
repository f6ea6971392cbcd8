// How many times faster than real time a dense and a light score become a finished file, on one
// thread. Prints JSON: for each score and format the wall and processor time, and the stages.
//   bench_render [seconds]
#include <time.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <iostream>

#include "music/produce.hpp"
#include "support/sample_scores.hpp"
#include "support/temp_folder.hpp"

namespace {

using namespace son1k::music;
namespace json = boost::json;

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double rounded(double x) {
  return std::round(x * 1000.0) / 1000.0;
}

json::object run(const char* name, const score& s, audio_format format) {
  son1k::test::temp_folder folder;
  production_settings settings;
  settings.folder = folder.path();
  settings.keep_master = false;
  json::object stages;
  std::string stage;
  double since = processor_seconds();
  const double start = since;
  const auto note = [&](const stage_report& r) {
    if (stage == r.stage) return;
    const double now = processor_seconds();
    if (!stage.empty()) stages[stage] = rounded(now - since);
    stage = r.stage;
    since = now;
  };
  const auto made = produce_score(son1k::test::brief_for(s), s, {format}, settings, note);
  if (!made) return {{"score", name}, {"error", made.error().what()}};
  const double processor = processor_seconds() - start;
  return {{"score", name},
          {"format", extension_of(format)},
          {"seconds", rounded(made->duration_seconds)},
          {"wallSeconds", rounded(made->render_seconds)},
          {"cpuSeconds", rounded(processor)},
          {"timesRealTime", rounded(made->times_real_time)},
          {"timesRealTimeCpu", rounded(made->duration_seconds / processor)},
          {"cpuSecondsByStage", std::move(stages)},
          {"lufs", rounded(made->loudness_lufs)},
          {"dbtp", rounded(made->true_peak_dbtp)}};
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 60.0;
  if (seconds < 5.0 || seconds > 600.0) {
    std::cerr << "seconds must be 5 to 600\n";
    return 2;
  }
  json::array runs;
  for (const auto format : {audio_format::wav, audio_format::mp3, audio_format::ogg}) {
    runs.push_back(run("dense", son1k::test::dense_pop(seconds), format));
    runs.push_back(run("light", son1k::test::light_piano(seconds), format));
  }
  bool good = true;
  for (const auto& r : runs) good &= !r.as_object().contains("error");
  std::cout << json::serialize(json::object{{"bench", "render"}, {"runs", std::move(runs)}})
            << "\n";
  return good ? 0 : 1;
}
