#include "realtime/rooms/redis/redis_presence.hpp"

#include <map>
#include <mutex>

namespace son1k::realtime {
namespace {

constexpr std::size_t rewritten_at_once = 500;

// KEYS: the book, servers with people, own people. ARGV: own name. Replies how many of ours are
// written down and which servers have people and live no more.
const net::redis_script look_script(R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local dead = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  local entry = redis.call('HGET', KEYS[1], name)
  local last = entry and tonumber(string.match(entry, '^%d+'))
  if name ~= ARGV[1] and not (last and last > now) then
    dead[#dead + 1] = name
  end
end
return {redis.call('HLEN', KEYS[3]), dead}
)lua");

// KEYS: the book, servers with people, the people of one. ARGV: its name. Takes some of them, if it
// still does not live.
const net::redis_script take_script(R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entry = redis.call('HGET', KEYS[1], ARGV[1])
local last = entry and tonumber(string.match(entry, '^%d+'))
if last and last > now then
  return {}
end
local some = redis.call('HSCAN', KEYS[3], 0, 'COUNT', 200)[2]
for i = 1, #some, 2 do
  redis.call('HDEL', KEYS[3], some[i])
end
if redis.call('EXISTS', KEYS[3]) == 0 then
  redis.call('SREM', KEYS[2], ARGV[1])
end
return some
)lua");

// Ids of sockets have no spaces, those of rooms may.
std::string field_of(const std::string& room, const std::string& socket) {
  return room + " " + socket;
}

std::optional<present_person> read_person(std::string_view field, std::string_view person) {
  const auto space = field.rfind(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return present_person{std::string(field.substr(0, space)), std::string(field.substr(space + 1)),
                        std::string(person)};
}

class redis_presence final : public room_presence {
 public:
  redis_presence(net::redis_client& redis, redis_presence_settings settings)
      : state_(std::make_shared<state>(redis, std::move(settings))) {
    state_->look_later();
  }
  ~redis_presence() override { state_->stop(); }

  void enter(present_person who) override { state_->enter(std::move(who)); }
  void leave(const std::string& room, const std::string& socket) override {
    state_->leave(field_of(room, socket));
  }
  void watch(told left, told back) override {
    const std::scoped_lock lock(state_->telling);
    state_->left = std::move(left);
    state_->back = std::move(back);
  }

 private:
  // Replies of Redis come to it alone, so that they may come after the presence has gone.
  struct state : std::enable_shared_from_this<state> {
    state(net::redis_client& r, redis_presence_settings s) : redis(r), settings(std::move(s)) {}

    std::string book_key() const { return settings.prefix + "nodes"; }
    std::string servers_key() const { return settings.prefix + "people"; }
    std::string people_key(const std::string& node) const {
      return settings.prefix + "people:" + node;
    }

    void stop() {
      {
        const std::scoped_lock lock(mutex);
        stopped = true;
      }
      const std::scoped_lock lock(telling);
      left = back = nullptr;
    }

    // Commands are sent while the mutex is held, so that Redis sees them in the order in which
    // `own` changed. What fails is found by the next look.
    void send(net::redis_command command) {
      (void)redis.send(std::move(command), [](const net::redis_reply&) {});
    }

    void enter(present_person who) {
      const std::scoped_lock lock(mutex);
      if (stopped || own.size() >= settings.people_max) return;
      const auto field = field_of(who.room, who.socket);
      send(net::redis_command("SADD", servers_key(), settings.node));
      send(net::redis_command("HSET", people_key(settings.node), field, who.person));
      own.insert_or_assign(field, std::move(who.person));
    }

    void leave(const std::string& field) {
      const std::scoped_lock lock(mutex);
      if (stopped || own.erase(field) == 0) return;
      send(net::redis_command("HDEL", people_key(settings.node), field));
    }

    void look_later() {
      redis.later(std::chrono::milliseconds(settings.look_ms), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->look();
      });
    }

    void look() {
      const std::scoped_lock lock(mutex);
      if (stopped) return;
      auto command = look_script.run(3);
      command.add(book_key()).add(servers_key()).add(people_key(settings.node));
      command.add(settings.node);
      auto done = [weak = weak_from_this(), expected = own.size()](net::redis_reply reply) {
        const auto self = weak.lock();
        if (!self) return;
        if (reply) self->found(*reply, expected);
        self->look_later();
      };
      if (!redis.send_eval(look_script, std::move(command), std::move(done))) look_later();
    }

    void found(const net::redis_value& reply, std::size_t expected) {
      const auto written = static_cast<std::size_t>(reply[0].number_or(0));
      if (written != expected) write_all();
      if (written == 0 && expected != 0) tell_back();
      for (const auto& dead : reply[1].items()) take(std::string(dead.bytes()));
    }

    void write_all() {
      const std::scoped_lock lock(mutex);
      if (stopped) return;
      send(net::redis_command("DEL", people_key(settings.node)));
      if (own.empty()) return;
      send(net::redis_command("SADD", servers_key(), settings.node));
      for (auto each = own.begin(); each != own.end();) {
        net::redis_command some("HSET", people_key(settings.node));
        for (std::size_t n = 0; n < rewritten_at_once && each != own.end(); ++n, ++each) {
          some.add(each->first).add(each->second);
        }
        send(std::move(some));
      }
    }

    void take(const std::string& node) {
      auto command = take_script.run(3);
      command.add(book_key()).add(servers_key()).add(people_key(node)).add(node);
      auto done = [weak = weak_from_this(), node](net::redis_reply reply) {
        const auto self = weak.lock();
        if (!self || !reply || reply->size() == 0) return;
        self->tell(*reply);
        self->take(node);
      };
      (void)redis.send_eval(take_script, std::move(command), std::move(done));
    }

    void tell(const net::redis_value& taken) {
      std::vector<present_person> people;
      for (std::size_t n = 0; n + 1 < taken.size(); n += 2) {
        auto one = read_person(taken[n].bytes(), taken[n + 1].bytes());
        if (one) people.push_back(std::move(*one));
      }
      const std::scoped_lock lock(telling);
      if (left && !people.empty()) left(std::move(people));
    }

    void tell_back() {
      std::vector<present_person> people;
      {
        const std::scoped_lock lock(mutex);
        for (const auto& [field, person] : own) {
          auto one = read_person(field, person);
          if (one) people.push_back(std::move(*one));
        }
      }
      const std::scoped_lock lock(telling);
      if (back && !people.empty()) back(std::move(people));
    }

    net::redis_client& redis;
    const redis_presence_settings settings;
    std::mutex mutex;
    std::map<std::string, std::string> own;
    bool stopped = false;
    std::mutex telling;  // held while one of these is called
    told left, back;
  };

  const std::shared_ptr<state> state_;
};

}  // namespace

std::unique_ptr<room_presence> make_redis_presence(net::redis_client& redis,
                                                   redis_presence_settings settings) {
  return std::make_unique<redis_presence>(redis, std::move(settings));
}

}  // namespace son1k::realtime
