#include "queue/redis/link.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <map>

#include "redis_scripts.hpp"

namespace son1k::queue::redis {
namespace {

constexpr std::chrono::milliseconds away_max{5'000};

// The texts of the parts that a line of a script names ("-- parts: base place"), one after the
// other.
std::string parts_of(std::string_view line) {
  const auto names = std::string(line) + ' ';
  std::string lua;
  for (const auto& part : redis_scripts()) {
    if (part.name.front() >= 'a') continue;
    const auto stem = part.name.substr(2, part.name.size() - 2 - std::string_view(".lua").size());
    if (names.find(' ' + std::string(stem) + ' ') == names.npos) continue;
    lua += std::string(part.text) + '\n';
  }
  return lua;
}

// Files whose names begin with a digit are parts ("2_place.lua"). The first line of a script names
// those that it begins with, the second may name those that it defines only when it needs them: to
// define a part costs more than most calls do.
std::map<std::string, net::redis_script, std::less<>> make_scripts() {
  constexpr std::string_view mark = "-- later:";
  std::map<std::string, net::redis_script, std::less<>> all;
  for (const auto& file : redis_scripts()) {
    if (file.name.front() < 'a') continue;
    const auto first = file.text.find('\n');
    const auto second = file.text.find('\n', first + 1);
    const auto line = file.text.substr(first + 1, second - first - 1);
    auto lua = parts_of(file.text.substr(0, first));
    if (line.starts_with(mark)) lua += "later = function()\n" + parts_of(line) + "end\n";
    const auto stem = file.name.substr(0, file.name.size() - std::string_view(".lua").size());
    all.emplace(std::string(stem), net::redis_script(lua + std::string(file.text)));
  }
  return all;
}

const std::map<std::string, net::redis_script, std::less<>>& scripts() {
  static const auto all = make_scripts();
  return all;
}

const net::redis_script& script_of(std::string_view name) {
  return scripts().find(name)->second;
}

constexpr std::array<std::string_view, 7> reading{"look",  "list",    "children", "counts",
                                                  "check", "foresee", "states"};

bool changes(std::string_view script, const words& args) {
  if (script == "cancel") return args.all().at(2) == "1";  // it may only look
  if (script == "control") return args.all().at(1) != "meet";
  return !link::only_reads(script);
}

link::reply plain(link::reply got) {
  if (got && !got->is_error()) return got;
  error why = got ? error(errc::internal, "redis", std::string(got->bytes())) : got.error();
  if (why.message.en.find("WRONGTYPE") == std::string::npos) return why;
  return error(errc::conflict, "redis_prefix",
               {"a key with this prefix holds something that no queue wrote: give the queues a "
                "prefix of their own, or remove it (" +
                    why.message.en + ")",
                "una clave con este prefijo contiene algo que ninguna cola escribió: dé a las "
                "colas un prefijo propio, o elimínela (" +
                    why.message.en + ")"});
}

}  // namespace

bool link::only_reads(std::string_view script) {
  return std::find(reading.begin(), reading.end(), script) != reading.end();
}

link::link(net::redis_client& client, const redis_queue_settings& settings, const clock_port& clock)
    : client_(client),
      clock_(clock),
      offset_ms_(clock.now_ms() - clock.steady_ms()),
      base_(settings.prefix + ':'),
      owned_(!settings.shared),
      fleet5_(settings.fleet == bullmq_fleet::v5),
      refusal_(settings.refusal) {
  // A script that Redis does not know is sent again behind what was called after it, and the first
  // job would be seen late; so Redis knows them all first.
  for (const auto& [name, script] : scripts())
    (void)client_.send(net::redis_command("SCRIPT", "LOAD", script.lua()), [](const reply&) {});
}

net::redis_command link::command_of(const net::redis_script& script, const words& args) const {
  auto command = script.run(1);
  std::size_t bytes = 128;
  for (const auto& word : args.all()) bytes += word.size() + 16;
  command.reserve(bytes);
  command.add(std::string_view(base_)).add(now_ms()).add(owned_ ? 1 : 0).add(fleet5_ ? 5 : 6);
  for (const auto& word : args.all()) command.add(std::string_view(word));
  return command;
}

result<void> link::allowed(std::string_view script, const words& args) const {
  if (!refusal_ || !changes(script, args)) return {};
  return refusal_(script);
}

error link::away() {
  return {
      errc::unavailable, "redis", {"Redis cannot be reached", "no se puede contactar con Redis"}};
}

result<void> link::there() const {
  if (client_.away_for() < away_max) return {};
  return away();
}

boost::asio::awaitable<link::reply> link::run(std::string name, words args) {
  begin(name);
  if (auto ok = allowed(name, args); !ok) co_return ok.error();
  const auto& script = script_of(name);
  auto command = command_of(script, args);
  auto got = co_await client_.eval(script, std::move(command));
  co_return plain(std::move(got));
}

link::reply link::wait(std::string_view name, const words& args) {
  if (auto ok = there(); !ok) return ok.error();
  auto promise = std::make_shared<std::promise<reply>>();
  auto future = promise->get_future();
  send(name, args, [promise](reply got) { promise->set_value(std::move(got)); });
  return future.get();
}

void link::send(std::string_view name, const words& args, std::function<void(reply)> done) {
  begin(name);
  const auto& script = script_of(name);
  auto taken = [done = std::move(done)](reply got) {
    if (done) done(plain(std::move(got)));
  };
  if (auto ok = allowed(name, args); !ok) {
    taken(ok.error());
    return;
  }
  auto begun = client_.send_eval(script, command_of(script, args), taken);
  if (!begun) taken(begun.error());
}

boost::asio::awaitable<link::reply> link::call(net::redis_command command) {
  begin({});
  auto got = co_await client_.call(std::move(command));
  co_return plain(std::move(got));
}

link::reply link::wait(net::redis_command command) {
  if (auto ok = there(); !ok) return ok.error();
  begin({});
  auto promise = std::make_shared<std::promise<reply>>();
  auto future = promise->get_future();
  auto begun = client_.send(std::move(command),
                            [promise](reply got) { promise->set_value(plain(std::move(got))); });
  if (!begun) return begun.error();
  return future.get();
}

}  // namespace son1k::queue::redis
